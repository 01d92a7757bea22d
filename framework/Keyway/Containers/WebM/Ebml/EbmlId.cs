namespace Keyway.Containers.WebM.Ebml;

/// <summary>The identifiers of elements that this room knows by name, with their marker (RFC 8794, 5; RFC 9559, 5).</summary>
internal static class EbmlId
{
    public const uint Header = 0x1A45DFA3, MaxIdLength = 0x42F2, MaxSizeLength = 0x42F3, DocType = 0x4282, DocTypeReadVersion = 0x4285;
    public const uint Void = 0xEC, Crc32 = 0xBF;
    public const uint Segment = 0x18538067, SeekHead = 0x114D9B74, Seek = 0x4DBB, SeekId = 0x53AB, SeekPosition = 0x53AC;
    public const uint Info = 0x1549A966, TimestampScale = 0x2AD7B1, Duration = 0x4489;
    public const uint Tracks = 0x1654AE6B, TrackEntry = 0xAE, TrackNumber = 0xD7, TrackType = 0x83, CodecId = 0x86, CodecPrivate = 0x63A2, CodecDelay = 0x56AA;
    public const uint DefaultDuration = 0x23E383, Language = 0x22B59C, Video = 0xE0, PixelWidth = 0xB0, PixelHeight = 0xBA;
    public const uint Colour = 0x55B0, MatrixCoefficients = 0x55B1, BitsPerChannel = 0x55B2, Range = 0x55B9, TransferCharacteristics = 0x55BA, Primaries = 0x55BB;
    public const uint ChromaSubsamplingHorizontal = 0x55B3, ChromaSubsamplingVertical = 0x55B4;
    public const uint Audio = 0xE1, SamplingFrequency = 0xB5, Channels = 0x9F;
    public const uint ContentEncodings = 0x6D80, ContentEncoding = 0x6240, ContentEncodingScope = 0x5032, ContentEncodingType = 0x5033, ContentCompression = 0x5034, ContentEncryption = 0x5035;
    public const uint ContentEncAlgo = 0x47E1, ContentEncKeyId = 0x47E2, ContentEncAesSettings = 0x47E7, AesSettingsCipherMode = 0x47E8;
    public const uint Cues = 0x1C53BB6B, CuePoint = 0xBB, CueTime = 0xB3, CueTrackPositions = 0xB7, CueTrack = 0xF7, CueClusterPosition = 0xF1;
    public const uint Cluster = 0x1F43B675, Timestamp = 0xE7, SimpleBlock = 0xA3, BlockGroup = 0xA0, Block = 0xA1, BlockAdditions = 0x75A1, BlockDuration = 0x9B, ReferenceBlock = 0xFB;
    public const uint EncryptedBlock = 0xAF, SilentTracks = 0x5854, Position = 0xA7, PrevSize = 0xAB;
    public const uint Tags = 0x1254C367, Chapters = 0x1043A770, Attachments = 0x1941A469;

    /// <summary>Whether an element stands in a Segment and nowhere below: it ends a Cluster of unknown size.</summary>
    public static bool IsOfSegment(uint id) => id is Cluster or Cues or Tags or Chapters or Attachments or SeekHead or Info or Tracks;

    /// <summary>Whether an element stands in a Cluster.</summary>
    public static bool IsOfCluster(uint id) => id is Timestamp or SimpleBlock or BlockGroup or EncryptedBlock or SilentTracks or Position or PrevSize;

    /// <summary>What an element is called in messages: its name, or its identifier in digits.</summary>
    public static string NameOf(uint id) => id switch
    {
        Header => "EBML",
        Void => "Void",
        Crc32 => "CRC-32",
        Segment => "Segment",
        SeekHead => "SeekHead",
        Info => "Info",
        Tracks => "Tracks",
        TrackEntry => "TrackEntry",
        Video => "Video",
        Audio => "Audio",
        ContentEncodings => "ContentEncodings",
        ContentEncoding => "ContentEncoding",
        ContentEncryption => "ContentEncryption",
        ContentEncAesSettings => "ContentEncAESSettings",
        Cues => "Cues",
        CuePoint => "CuePoint",
        CueTrackPositions => "CueTrackPositions",
        Cluster => "Cluster",
        SimpleBlock => "SimpleBlock",
        BlockGroup => "BlockGroup",
        Block => "Block",
        EncryptedBlock => "EncryptedBlock",
        Tags => "Tags",
        Chapters => "Chapters",
        Attachments => "Attachments",
        _ => $"0x{id:X}",
    };
}

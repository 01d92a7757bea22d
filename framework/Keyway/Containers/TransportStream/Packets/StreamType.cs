namespace Keyway.Containers.TransportStream.Packets;

/// <summary>What the <c>stream_type</c> of a PMT means (ISO/IEC 13818-1, table 2-34; Apple, MPEG-2 Stream Encryption Format for HTTP Live Streaming).</summary>
internal static class StreamType
{
    /// <summary>The codec of a stream.</summary>
    /// <param name="type">The stream type.</param>
    /// <param name="descriptors">The descriptors of the stream.</param>
    /// <param name="isMarked">Whether the type says that the stream is protected.</param>
    public static StreamCodec CodecOf(byte type, ReadOnlySpan<byte> descriptors, out bool isMarked)
    {
        isMarked = ClearOf(type) != type;
        return ClearOf(type) switch
        {
            0x1B => StreamCodec.Avc,
            0x24 => StreamCodec.Hevc,
            0x0F => StreamCodec.Aac,
            0x81 => StreamCodec.Ac3,
            0x87 => StreamCodec.EAc3,
            0x15 when Descriptor.Contains(descriptors, 0x26, "ID3 "u8) => StreamCodec.Id3,
            0x01 or 0x02 or 0x03 or 0x04 or 0x10 or 0x11 or 0x1C or 0x20 or 0x21 or 0x2D or 0x2E or 0x33 or 0x42 or 0xEA => StreamCodec.OtherMedia,
            // Broadcasters in Europe carry Dolby's formats as private data, and Opus is only ever found so.
            0x06 when Descriptor.Find(descriptors, 0x6A, out _) => StreamCodec.Ac3,
            0x06 when Descriptor.Find(descriptors, 0x7A, out _) => StreamCodec.EAc3,
            0x06 when Descriptor.Contains(descriptors, 0x05, "AC-3"u8) => StreamCodec.Ac3,
            0x06 when Descriptor.Contains(descriptors, 0x05, "EAC3"u8) => StreamCodec.EAc3,
            0x06 when Descriptor.Contains(descriptors, 0x05, "Opus"u8) => StreamCodec.OtherMedia,
            0x82 or 0x85 or 0x8A => StreamCodec.OtherMedia,
            _ => StreamCodec.Data,
        };
    }

    /// <summary>The type of the same stream without protection.</summary>
    public static byte ClearOf(byte type) => type switch
    {
        0xDB => 0x1B,
        0xCF => 0x0F,
        0xC1 => 0x81,
        0xC2 => 0x87,
        _ => type,
    };

    /// <summary>What a stream is called in texts whose codec is not read.</summary>
    public static string NameOf(StreamCodec codec, byte type) => codec != StreamCodec.OtherMedia ? NameOf(codec) : type switch
    {
        0x01 => "MPEG-1 video",
        0x02 => "MPEG-2 video",
        0x03 or 0x04 => "MPEG audio: MP3, MP2",
        0x10 => "MPEG-4 video",
        0x11 => "AAC in LATM",
        0x1C => "AAC without ADTS",
        0x33 => "VVC",
        0x42 => "AVS",
        0x82 or 0x85 or 0x8A => "DTS",
        0x06 => "Opus",
        _ => NameOf(codec),
    };

    /// <summary>What a codec is called in texts.</summary>
    public static string NameOf(StreamCodec codec) => codec switch
    {
        StreamCodec.Avc => "H.264",
        StreamCodec.Hevc => "HEVC",
        StreamCodec.Aac => "AAC",
        StreamCodec.Ac3 => "AC-3",
        StreamCodec.EAc3 => "E-AC-3",
        StreamCodec.Id3 => "ID3 metadata",
        StreamCodec.OtherMedia => "audio or video of another kind",
        _ => "data",
    };
}

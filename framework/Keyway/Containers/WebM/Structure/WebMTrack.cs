namespace Keyway.Containers.WebM.Structure;

/// <summary>What <c>Tracks</c> says of one track (RFC 9559, 5.1.4).</summary>
internal sealed record WebMTrack
{
    public const ulong VideoType = 1, AudioType = 2, SubtitleType = 0x11;

    /// <summary>Its number, by which blocks name it; not 0.</summary>
    public required ulong Number { get; init; }

    /// <summary>The kind of media.</summary>
    public required ulong Type { get; init; }

    /// <summary>The codec: <c>V_VP9</c>, <c>A_OPUS</c> …</summary>
    public required string CodecId { get; init; }

    /// <summary>What sets up the codec; always clear.</summary>
    public ReadOnlyMemory<byte> CodecPrivate { get; init; }

    /// <summary>How long a frame lasts, in nanoseconds; 0: not said.</summary>
    public ulong DefaultDuration { get; init; }

    /// <summary>How much earlier than its blocks say the track is presented, in nanoseconds: what the codec needs to begin.</summary>
    public ulong CodecDelay { get; init; }

    /// <summary>The language (ISO 639-2); <c>eng</c> where nothing is said.</summary>
    public string Language { get; init; } = "eng";

    /// <summary>Width in pixels; 0 where it has none.</summary>
    public int Width { get; init; }

    /// <summary>Height in pixels; 0 where it has none.</summary>
    public int Height { get; init; }

    /// <summary>Bits of a sample of colour; 0: not said.</summary>
    public int BitsPerChannel { get; init; }

    /// <summary>The colours as ITU-T H.273 numbers them: primaries, transfer, matrix; 2: not said.</summary>
    public (byte Primaries, byte Transfer, byte Matrix) Colour { get; init; } = (2, 2, 2);

    /// <summary>Whether the colours use the whole range.</summary>
    public bool IsFullRange { get; init; }

    /// <summary>How many channels there are.</summary>
    public int Channels { get; init; } = 1;

    /// <summary>Samples of audio in a second.</summary>
    public double SamplingFrequency { get; init; } = 8000;

    /// <summary>The identifier of the key, of any length; empty: its frames are not encrypted, and have no signal byte.</summary>
    public ReadOnlyMemory<byte> KeyId { get; init; }

    /// <summary>Whether it says that its frames are encrypted. It may still be that none is.</summary>
    public bool IsProtected { get; init; }

    /// <summary>Why its frames cannot be opened or cannot be told apart from what is encrypted; <see langword="null"/>: they can.</summary>
    public FormatError? Problem { get; init; }

    /// <summary>Why its frames are not those of its codec (compression); <see langword="null"/>: they are.</summary>
    public FormatError? Compression { get; init; }

    /// <summary>What says in <c>Tracks</c> that frames are encrypted, and where it begins there: a clear file does not have it.</summary>
    public IReadOnlyList<(int Start, int Length)> Encodings { get; init; } = [];

    /// <summary>Where checks over those begin in <c>Tracks</c>: they would not hold any more.</summary>
    public IReadOnlyList<(int Start, int Length)> Checks { get; init; } = [];
}

namespace Keyway.Containers.TransportStream.Codecs;

/// <summary>The header of an ADTS frame (ISO/IEC 14496-3, 1.A.2.2).</summary>
/// <remarks>
/// <code>
/// FFF:12 id:1 layer:2 no_crc:1 | profile:2 rate:4 private:1 channels:3 … | length:13 | fullness:11 blocks-1:2 [ crc:16 ]
/// </code>
/// </remarks>
internal readonly record struct AdtsHeader
{
    /// <summary>The shortest header.</summary>
    public const int Least = 7;

    private const int KnownRates = 13;

    private static ReadOnlySpan<int> Rates => [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];

    /// <summary>How many bytes the header has: 7, or 9 with a check.</summary>
    public int Size { get; private init; }

    /// <summary>How many bytes the frame has, the header included.</summary>
    public int Length { get; private init; }

    /// <summary>The audio object type: 1 Main, 2 LC, 3 SSR, 4 LTP.</summary>
    public int ObjectType { get; private init; }

    /// <summary>The index of the sampling frequency.</summary>
    public int RateIndex { get; private init; }

    /// <summary>Samples a second.</summary>
    public int Rate => Rates[RateIndex];

    /// <summary>The channel configuration; 0: the stream itself says.</summary>
    public int Channels { get; private init; }

    /// <summary>How many blocks of 1024 samples it has.</summary>
    public int Blocks { get; private init; }

    /// <summary>Whether another one has the same format.</summary>
    public bool IsLike(in AdtsHeader other) => ObjectType == other.ObjectType && RateIndex == other.RateIndex && Channels == other.Channels;

    /// <summary>Whether bytes may be the beginning of a frame.</summary>
    public static bool IsSync(ReadOnlySpan<byte> bytes) => bytes.Length >= 2 && bytes[0] == 0xFF && (bytes[1] & 0xF6) == 0xF0;

    /// <summary>Reads a header.</summary>
    /// <param name="bytes">The frame's beginning, of at least <see cref="Least"/> bytes.</param>
    /// <param name="header">What it says.</param>
    /// <returns>What is wrong with it; <see langword="null"/>: nothing.</returns>
    public static string? TryRead(ReadOnlySpan<byte> bytes, out AdtsHeader header)
    {
        header = default;
        if (!IsSync(bytes)) return "an ADTS frame does not begin with its sync word";
        header = new AdtsHeader
        {
            Size = (bytes[1] & 1) != 0 ? 7 : 9,
            Length = ((bytes[3] & 3) << 11) | (bytes[4] << 3) | (bytes[5] >> 5),
            ObjectType = (bytes[2] >> 6) + 1,
            RateIndex = (bytes[2] >> 2) & 15,
            Channels = ((bytes[2] & 1) << 2) | (bytes[3] >> 6),
            Blocks = (bytes[6] & 3) + 1,
        };
        if (header.RateIndex >= KnownRates) return "an ADTS frame has a sampling frequency that is reserved";
        return header.Length < header.Size ? "an ADTS frame is shorter than its header" : null;
    }
}

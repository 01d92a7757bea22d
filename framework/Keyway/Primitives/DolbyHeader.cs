namespace Keyway;

/// <summary>The header of a syncframe of AC-3 or E-AC-3 (ETSI TS 102 366, 4.4.1, E.1.3.1).</summary>
/// <remarks>
/// <code>
/// AC-3    0B77 | crc1:16 | fscod:2 frmsizecod:6 | bsid:5 bsmod:3 | acmod:3 …
/// E-AC-3  0B77 | strmtyp:2 substreamid:3 frmsiz:11 | fscod:2 numblkscod:2 acmod:3 lfeon:1 | bsid:5 …
/// </code>
/// </remarks>
internal readonly record struct DolbyHeader
{
    /// <summary>Bytes that are enough to read it.</summary>
    public const int Least = 7;

    private static ReadOnlySpan<int> BitRates => [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];

    private static ReadOnlySpan<int> Rates => [48000, 44100, 32000];

    /// <summary>Whether it is E-AC-3.</summary>
    public bool IsEnhanced { get; private init; }

    /// <summary>How many bytes the syncframe has.</summary>
    public int Length { get; private init; }

    /// <summary>Samples a second.</summary>
    public int Rate { get; private init; }

    /// <summary><c>fscod</c>; 3 where the rate is one of the halved ones.</summary>
    public int RateCode { get; private init; }

    /// <summary><c>bsid</c>.</summary>
    public int StreamId { get; private init; }

    /// <summary><c>bsmod</c>, of AC-3.</summary>
    public int Mode { get; private init; }

    /// <summary><c>acmod</c>.</summary>
    public int Channels { get; private init; }

    /// <summary><c>lfeon</c>.</summary>
    public bool HasLowFrequency { get; private init; }

    /// <summary>The bit rate code of AC-3, or the bit rate in kbit/s of E-AC-3.</summary>
    public int BitRate { get; private init; }

    /// <summary>Blocks of 256 samples.</summary>
    public int Blocks { get; private init; }

    /// <summary><c>strmtyp</c>: 0 independent, 1 dependent, 2 converted.</summary>
    public int SubstreamType { get; private init; }

    /// <summary><c>substreamid</c>.</summary>
    public int Substream { get; private init; }

    /// <summary>Whether an audio frame begins with it: it is no dependent substream, and the first of the independent ones.</summary>
    public bool BeginsFrame => SubstreamType != 1 && Substream == 0;

    /// <summary>Whether bytes may be the beginning of a syncframe.</summary>
    public static bool IsSync(ReadOnlySpan<byte> bytes) => bytes is [0x0B, 0x77, ..];

    /// <summary>Reads a header.</summary>
    /// <param name="bytes">The syncframe's beginning, of at least <see cref="Least"/> bytes.</param>
    /// <param name="header">What it says.</param>
    /// <returns>What is wrong with it; <see langword="null"/>: nothing.</returns>
    public static string? TryRead(ReadOnlySpan<byte> bytes, out DolbyHeader header)
    {
        header = default;
        if (!IsSync(bytes)) return "a syncframe does not begin with its sync word";
        int streamId = bytes[5] >> 3;
        if (streamId > 16) return $"a syncframe has bsid {streamId}, which is neither AC-3 nor E-AC-3";
        if (streamId > 10) return TryReadEnhanced(bytes, streamId, out header);
        int rate = bytes[4] >> 6, size = bytes[4] & 63;
        if (rate == 3) return "a syncframe has a sampling rate that is reserved";
        if (size > 37) return "a syncframe has a length that is reserved";
        int kilobits = BitRates[size >> 1];
        int words = rate switch { 0 => kilobits * 2, 1 => (kilobits * 320 / 147) + (size & 1), _ => kilobits * 3 };
        BitReader bits = new(bytes[6..]);
        int channels = (int)bits.Bits(3);
        if ((channels & 1) != 0 && channels != 1) bits.Skip(2);
        if ((channels & 4) != 0) bits.Skip(2);
        if (channels == 2) bits.Skip(2);
        // Streams of half and a quarter of the rate say so with bsid.
        int halved = Math.Max(0, streamId - 8);
        header = new DolbyHeader
        {
            Length = words * 2,
            Rate = Rates[rate] >> halved,
            RateCode = rate,
            StreamId = streamId,
            Mode = bytes[5] & 7,
            Channels = channels,
            HasLowFrequency = bits.Flag(),
            BitRate = size >> 1,
            Blocks = 6,
        };
        return null;
    }

    private static string? TryReadEnhanced(ReadOnlySpan<byte> bytes, int streamId, out DolbyHeader header)
    {
        header = default;
        int rate = bytes[4] >> 6, second = (bytes[4] >> 4) & 3;
        if (rate == 3 && second == 3) return "a syncframe has a sampling rate that is reserved";
        int type = bytes[2] >> 6;
        if (type == 3) return "a syncframe has a strmtyp that is reserved";
        int length = ((((bytes[2] & 7) << 8) | bytes[3]) + 1) * 2;
        if (length < Least) return "a syncframe is shorter than its header";
        int samples = rate == 3 ? Rates[second] / 2 : Rates[rate];
        int blocks = rate == 3 ? 6 : second switch { 0 => 1, 1 => 2, 2 => 3, _ => 6 };
        header = new DolbyHeader
        {
            IsEnhanced = true,
            Length = length,
            Rate = samples,
            RateCode = rate,
            StreamId = streamId,
            Channels = (bytes[4] >> 1) & 7,
            HasLowFrequency = (bytes[4] & 1) != 0,
            BitRate = (int)((((long)length * 8 * samples / (blocks * 256)) + 500) / 1000),
            Blocks = blocks,
            SubstreamType = type,
            Substream = (bytes[2] >> 3) & 7,
        };
        return null;
    }
}

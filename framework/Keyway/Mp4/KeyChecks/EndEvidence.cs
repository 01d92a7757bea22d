namespace Keyway.Mp4.KeyChecks;

/// <summary>What the last bytes of NAL units say of a key: they are all alike under a wrong one, and not under the right one.</summary>
/// <remarks>
/// <code>
/// standard   data … 1 0 0 0    one bit ends the data, wherever that is, and zeros fill the byte (7.3.2.11): a value with z zeros comes with 2^(z-10), zero hardly ever
/// x264       data … 1 0 0 r    with CABAC, the last bit of that is none or one at random
/// learnt     whatever comes    still video ends alike, some writers add bytes: values come as they did so far
/// </code>
/// The right key is as likely as one of the three makes it, so that each of them has to be refuted. What none of them foresees, like units that always end in an odd byte, is
/// learnt before it looks like a wrong key; that is what the weight of the unknown is for. Threads: one at a time.
/// </remarks>
internal struct EndEvidence
{
    /// <summary>How much unknown values weigh beside those seen. A wrong key is known after some 130 units; a smaller number would be faster, and more easily deceived.</summary>
    private const double Unknown = 96;

    /// <summary>How much of what is learnt stands in for the exceptions of the other two.</summary>
    private const double Exceptions = 0.1;

    private ushort[]? _seen;
    private int _count;
    private double _standard, _x264, _learnt;

    /// <summary>log2 of how much likelier a wrong key is than the right one.</summary>
    public double Bits { get; private set; }

    public void Note(byte last)
    {
        _seen ??= new ushort[256];
        ref ushort seen = ref _seen[last];
        double learnt = (seen + (Unknown / 256)) / (_count + Unknown);
        double x264 = (last & 1) == 0 ? Standard(last) / 2 : Standard(last) + (last == 1 ? 0 : Standard((byte)(last - 1)) / 2);
        _standard -= 8 + Math.Log2(((1 - Exceptions) * Standard(last)) + (Exceptions * learnt));
        _x264 -= 8 + Math.Log2(((1 - Exceptions) * x264) + (Exceptions * learnt));
        _learnt -= 8 + Math.Log2(learnt);

        // The likelihoods are averaged, and what remains is close to the smallest.
        double least = Math.Min(_learnt, Math.Min(_standard, _x264));
        Bits = least - Math.Log2((double.Exp2(least - _standard) + double.Exp2(least - _x264) + double.Exp2(least - _learnt)) / 3);
        if (_count == ushort.MaxValue) return;
        seen++;
        _count++;
    }

    private static double Standard(byte last) => last == 0 ? 1.0 / 4096 : (1 << byte.TrailingZeroCount(last)) / 1024.0;
}

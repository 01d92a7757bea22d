namespace Keyway.Mp4.KeyChecks;

/// <summary>What the first bits of samples say of a key: in a track they take few values, and under a wrong key all values alike.</summary>
/// <remarks>
/// The right key is modelled by what was seen so far: value v comes with (n(v) + a·2^-bits) / (n + a). Whatever few values a track has, they are soon learnt; values that
/// go on being new are what a wrong key gives. Threads: one at a time.
/// </remarks>
/// <param name="unknown">a: how much an unknown value weighs beside those seen. The more, the longer it takes, and the more different values a track may have.</param>
internal struct HeadEvidence(double unknown)
{
    private ushort[]? _seen;
    private int _count;

    /// <summary>log2 of how much likelier a wrong key is than the right one.</summary>
    public double Bits { get; private set; }

    public void Note(byte first, int bits)
    {
        _seen ??= new ushort[256];
        ref ushort seen = ref _seen[first >> (8 - bits)];
        double wrong = 1.0 / (1 << bits);
        Bits += Math.Log2(wrong * (_count + unknown) / (seen + (unknown * wrong)));
        if (_count == ushort.MaxValue) return;
        seen++;
        _count++;
    }
}

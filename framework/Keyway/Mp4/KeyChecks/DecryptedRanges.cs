using Keyway.Decryption;

namespace Keyway.Mp4.KeyChecks;

/// <summary>Goes through the bytes of a sample that decrypting changed, range by range (ISO/IEC 23001-7, 9.5 and 10).</summary>
/// <remarks>Only counter mode without a pattern (<c>cenc</c>) covers a last partial block; a pattern begins anew in each subsample.</remarks>
internal ref struct DecryptedRanges
{
    private const int Block = 16;

    private readonly ReadOnlySpan<Subsample> _subsamples;
    private readonly bool _partial;
    private readonly int _crypt, _turn;
    private int _next;
    private int _at, _end;

    /// <param name="length">The sample's length, which its map adds up to.</param>
    /// <param name="protection">How it was protected.</param>
    public DecryptedRanges(int length, in SampleProtection protection)
    {
        _subsamples = protection.Subsamples;
        _partial = protection.Scheme == ProtectionScheme.Cenc;
        bool pattern = protection.Scheme is ProtectionScheme.Cens or ProtectionScheme.Cbcs && protection.SkipBlocks > 0;
        _crypt = pattern ? protection.CryptBlocks * Block : 0;
        _turn = pattern ? (protection.CryptBlocks + protection.SkipBlocks) * Block : 0;
        if (_subsamples.IsEmpty) Enter(0, length);
    }

    /// <summary>Where the range begins in the sample.</summary>
    public int Start { get; private set; }

    /// <summary>Where it ends.</summary>
    public int End { get; private set; }

    public bool MoveNext()
    {
        while (_at >= _end)
        {
            if (_next >= _subsamples.Length) return false;
            Subsample range = _subsamples[_next++];
            Enter(Tail + (int)range.ClearBytes, (int)range.ProtectedBytes);
        }

        Start = _at;
        End = _turn == 0 ? _end : Math.Min(_end, _at + _crypt);
        _at = _turn == 0 ? _end : _at + _turn;
        return true;
    }

    /// <summary>Where the subsample ends that is being gone through, partial block and all.</summary>
    private int Tail { get; set; }

    private void Enter(int start, int length)
    {
        _at = start;
        Tail = start + length;
        _end = _partial ? Tail : Tail - (length % Block);
    }
}

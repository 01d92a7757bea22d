namespace Keyway.Mp4.Samples;

/// <summary>Where the auxiliary information of one sample lies in its buffer.</summary>
internal struct AuxiliaryEntry
{
    public int VectorAt;

    /// <summary>8 or 16; 0 where the entry has no initialisation vector, or there is no entry.</summary>
    public int VectorSize;

    /// <summary>Where the subsample map begins.</summary>
    public int MapAt;

    /// <summary>How many subsamples the map has; 0 without one.</summary>
    public int Subsamples;

    /// <summary>Whether <c>saiz</c> gives a sample no bytes that would need a vector of its own: it cannot be encrypted.</summary>
    public bool SaysClear;
}

namespace Keyway.Mp4.Samples;

/// <summary>One sample of a <see cref="SampleTable"/>.</summary>
internal struct SampleRow
{
    /// <summary>Where it begins in the buffer.</summary>
    public int Offset;

    public int Size;

    public uint Duration;

    public uint Flags;

    /// <summary>Whether decoding can begin with it: <c>sample_is_non_sync_sample</c> is not set (ISO/IEC 14496-12, 8.8.3.1).</summary>
    public readonly bool IsSync => (Flags & 0x00010000) == 0;

    public int CompositionOffset;

    /// <summary>Whether it is there for those that depend on it, and is not presented (<see cref="SampleClip"/>).</summary>
    public bool IsHidden;

    /// <summary>Which of the table's protections it has.</summary>
    public int Protection;

    /// <summary>Where its initialisation vector begins among the table's; -1 for the constant one.</summary>
    public int Iv;

    /// <summary>How many bytes that has: what was really there, whatever the track says.</summary>
    public int IvSize;

    /// <summary>Its first subsample among the table's.</summary>
    public int Subsamples;

    /// <summary>How many it has; 0 when the whole sample is protected, -1 when its map protects no byte.</summary>
    public int SubsampleCount;
}

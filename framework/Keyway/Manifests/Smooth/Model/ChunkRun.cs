namespace Keyway.Manifests.Smooth.Model;

/// <summary>Fragments that follow one another and are equally long.</summary>
/// <param name="Time">When the first begins, in units of its stream.</param>
/// <param name="Duration">How long each is; at least 1.</param>
/// <param name="Count">How many there are; at least 1. The end of the last is a number of 64 bits.</param>
internal readonly record struct ChunkRun(ulong Time, ulong Duration, ulong Count)
{
    /// <summary>When the last one ends.</summary>
    public ulong End => Time + (Duration * Count);

    /// <summary>When the last one begins.</summary>
    public ulong LastTime => Time + (Duration * (Count - 1));
}

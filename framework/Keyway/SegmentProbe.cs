namespace Keyway;

/// <summary>What came of asking for a segment and throwing it away.</summary>
/// <param name="Bytes">How many bytes came.</param>
/// <param name="FirstByte">How long the first of them took, from the request on.</param>
/// <param name="Took">How long all took.</param>
/// <param name="IsWhole">Whether it ended; otherwise it was left when as much had come as was wanted.</param>
public readonly record struct SegmentProbe(long Bytes, TimeSpan FirstByte, TimeSpan Took, bool IsWhole);

namespace Keyway.Mp4;

/// <summary>One reference of a <see cref="SidxBox"/>.</summary>
/// <param name="IsIndex">Whether it leads to another <c>sidx</c> instead of media.</param>
/// <param name="Size">How many bytes.</param>
/// <param name="Duration">How long, in units of the box.</param>
internal readonly record struct SidxReference(bool IsIndex, uint Size, uint Duration);

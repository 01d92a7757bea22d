namespace Keyway.Manifests.Hls.Following;

/// <summary>Where a segment of a live playlist belongs, for as long as it is listed.</summary>
/// <param name="Group">The discontinuity before it.</param>
/// <param name="Time">When it begins, counted from that.</param>
internal readonly record struct PlacedSegment(GroupKey Group, TimeSpan Time);

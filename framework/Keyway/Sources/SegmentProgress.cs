namespace Keyway.Sources;

/// <summary>How far a stream of segments has been read.</summary>
/// <param name="Segments">Media segments read to their end.</param>
/// <param name="Total">All media segments, when that is known.</param>
/// <param name="Bytes">Bytes read.</param>
internal readonly record struct SegmentProgress(long Segments, long? Total, long Bytes);

namespace Keyway.Timeline;

/// <summary>Where else the segments of a rendition are, where that stands in other documents, which are read only when one cannot be had.</summary>
/// <remarks>Threads: any.</remarks>
internal interface ISegmentMirrors
{
    /// <summary>Looks for a segment, or an initialisation segment.</summary>
    /// <param name="segment">Which.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Where it is as well: the same part of the resource, under the same key. What cannot be read is none.</returns>
    ValueTask<IReadOnlyList<Uri>> FindAsync(TimelineSegment segment, CancellationToken cancellationToken);
}

using Keyway.Sources;

namespace Keyway.Timeline;

/// <summary>Opens a track as it is: its initialisation and media segments as one stream.</summary>
internal static class RenditionStream
{
    /// <summary>Opens one rendition, or the renditions of one track in the periods one after the other.</summary>
    /// <param name="sources">What opens addresses.</param>
    /// <param name="origin">Where the manifest came from.</param>
    /// <param name="renditions">The renditions in order; at least one.</param>
    /// <param name="keys">What opens segments that are encrypted as a whole; <see langword="null"/>: nothing does.</param>
    /// <param name="now">Of a live presentation: the time.</param>
    /// <param name="progress">Called at the end of each segment. Of a file without an index nothing is reported: position and length are in the stream.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The stream. A rendition in one file is that file, byte for byte, and seekable where the source is. Ownership: the caller's.</returns>
    /// <exception cref="ManifestException">The manifest says where the segments are in a way that cannot be understood.</exception>
    /// <exception cref="SourceException">An address cannot be reached; later ones are thrown by the stream.</exception>
    public static async ValueTask<Stream> OpenAsync(
        MediaSources sources, ContentOrigin origin, IReadOnlyList<SegmentList> renditions, ISegmentKeys? keys, DateTimeOffset? now = null, IProgress<SegmentProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        if (renditions.Count == 0) throw new ArgumentException("at least one rendition", nameof(renditions));
        SegmentList first = renditions[0];
        if (renditions.Count == 1 && first.IsInOneFile)
        {
            IReadOnlyList<TimelineSegment>? index = first.IsIndexed ? await SegmentIndex.ReadAsync(sources, origin, first, cancellationToken).ConfigureAwait(false) : null;
            Stream file = await new AlternativeSource(sources, origin).OpenFileAsync(first.WholeFile, cancellationToken).ConfigureAwait(false);
            return index is null ? file : new IndexedFileStream(file, index, progress);
        }

        // Everything is checked before anything is fetched; the count of segments is one of the things checked.
        long? total = 0;
        foreach (SegmentList each in renditions) total += each.IsIndexed ? 1 : each.CountPlayed(now);
        return new SegmentStream(sources, origin, Parts(renditions, keys, origin, now), total, progress);
    }

    private static IEnumerable<SegmentPart> Parts(IReadOnlyList<SegmentList> renditions, ISegmentKeys? keys, ContentOrigin origin, DateTimeOffset? now)
    {
        foreach (SegmentList each in renditions)
        {
            if (!each.IsInOneFile && each.Initialization is { } initialization) yield return initialization.PartFor(keys, origin) with { IsMedia = false };
            foreach (TimelineSegment segment in each.Played(now)) yield return segment.PartFor(keys, origin);
        }
    }
}

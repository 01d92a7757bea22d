using Keyway.Sources;

namespace Keyway.Dash;

/// <summary>Opens a track: its initialisation and media segments as one stream.</summary>
public static class RepresentationStream
{
    /// <summary>Opens one representation, or the representations of one track in the periods one after the other.</summary>
    /// <param name="sources">What opens addresses.</param>
    /// <param name="origin">Where the manifest came from.</param>
    /// <param name="representations">The representations in order; at least one.</param>
    /// <param name="now">Of a dynamic manifest: the time.</param>
    /// <param name="progress">Told at the end of each segment. Of a file without an index nothing is told: position and length are in the stream.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The stream. A representation in one file is that file, byte for byte, and seekable where the source is. Ownership: the caller's.</returns>
    /// <exception cref="ManifestException">The manifest says where the segments are in a way that cannot be understood.</exception>
    /// <exception cref="SourceException">An address cannot be reached; later ones are thrown by the stream.</exception>
    public static async ValueTask<Stream> OpenAsync(
        MediaSources sources, ContentOrigin origin, IReadOnlyList<Representation> representations, DateTimeOffset? now = null, IProgress<SegmentProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        if (representations.Count == 0) throw new ArgumentException("at least one representation", nameof(representations));
        RepresentationSegments first = representations[0].Segments;
        if (representations.Count == 1 && first.IsInOneFile)
        {
            IReadOnlyList<MediaSegment>? index = first.Addressing == SegmentAddressing.Index
                ? await SegmentIndex.ReadAsync(sources, origin, representations[0], cancellationToken).ConfigureAwait(false)
                : null;
            Stream file = await new AlternativeSource(sources, origin).OpenFileAsync(first.WholeFile, cancellationToken).ConfigureAwait(false);
            return index is null ? file : new IndexedFileStream(file, index, progress);
        }

        // Everything is checked before anything is fetched; the count of segments is one of the things checked.
        long? total = 0;
        foreach (Representation each in representations) total += each.Segments.Addressing == SegmentAddressing.Index ? 1 : each.Segments.CountPlayed(now);
        return new SegmentStream(sources, origin, Parts(representations, now), total, progress);
    }

    private static IEnumerable<SegmentPart> Parts(IReadOnlyList<Representation> representations, DateTimeOffset? now)
    {
        foreach (Representation each in representations)
        {
            RepresentationSegments segments = each.Segments;
            if (!segments.IsInOneFile && segments.Initialization is { } initialization) yield return new SegmentPart(initialization.Address, initialization.Range, false, initialization.Alternatives);
            foreach (MediaSegment segment in segments.Played(now)) yield return new SegmentPart(segment.Address, segment.Range, true, segment.Alternatives);
        }
    }
}

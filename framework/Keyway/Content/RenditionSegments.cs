using Keyway.Dash;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Content;

/// <summary>A representation as a rendition of the timeline: an initialisation segment and the media segments that its period plays, or a file as it is.</summary>
internal sealed record RenditionSegments
{
    /// <summary>The initialisation segment; <see langword="null"/> where segments bring it themselves.</summary>
    public SegmentPart? Initialization { get; private init; }

    /// <summary>The media segments in order, made as they are asked for.</summary>
    public IEnumerable<TimelineSegment> Segments { get; private init; } = [];

    /// <summary>How many there are.</summary>
    public long Count { get; private init; }

    /// <summary>Of a representation in one file without an index: the file.</summary>
    public SegmentPart? File { get; private init; }

    /// <summary>Finds the segments; of a representation with an index that is read.</summary>
    /// <exception cref="ManifestException">The manifest says it in a way that cannot be understood.</exception>
    /// <exception cref="MediaFormatException">The index is malformed.</exception>
    /// <exception cref="SourceException">The index cannot be reached.</exception>
    public static async ValueTask<RenditionSegments> OpenAsync(MediaSources sources, ContentOrigin origin, Representation representation, DateTimeOffset now, CancellationToken cancellationToken)
    {
        RepresentationSegments segments = representation.Segments;
        SegmentPart? initialization = segments.Initialization is { } head ? new SegmentPart(head.Address, head.Range, IsMedia: false, head.Alternatives) : null;
        bool own = initialization is null || initialization.Value.Address == segments.BaseAddress;
        if (segments.Addressing == SegmentAddressing.Index)
        {
            (IReadOnlyList<MediaSegment> indexed, ulong scale) = await SegmentIndex.ReadWithScaleAsync(sources, origin, representation, cancellationToken).ConfigureAwait(false);
            if (indexed.Count > 0)
            {
                MediaSegment[] played = [.. segments.Played(indexed, scale)];
                // What stands before the first segment describes it, unless the manifest says which part of it does.
                SegmentPart before = new(segments.BaseAddress, new ByteRange(0, indexed[0].Range!.Value.First - 1), IsMedia: false, indexed[0].Alternatives);
                return new RenditionSegments
                {
                    Initialization = own && initialization?.Range is null ? indexed[0].Range!.Value.First > 0 ? before : null : initialization,
                    Segments = played.Select(segment => Of(segment, scale)),
                    Count = played.Length,
                };
            }
        }

        if (segments.IsInOneFile) return new RenditionSegments { File = segments.WholeFile };
        return new RenditionSegments
        {
            Initialization = initialization,
            Segments = segments.Played(now).Select(segment => Of(segment, segments.Timescale)),
            Count = segments.CountPlayed(now) ?? 0,
        };
    }

    /// <summary>A segment as the timeline has it.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="scale">Units per second of its times.</param>
    public static TimelineSegment Of(MediaSegment segment, ulong scale) => new()
    {
        Part = new SegmentPart(segment.Address, segment.Range, IsMedia: true, segment.Alternatives),
        Number = segment.Number,
        Start = SegmentRuns.Span(segment.Time, scale),
        Length = SegmentRuns.Span(segment.Duration, scale),
    };
}

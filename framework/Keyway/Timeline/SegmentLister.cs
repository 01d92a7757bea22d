using Keyway.Sources;

namespace Keyway.Timeline;

/// <summary>Lists the segments of a rendition.</summary>
internal static class SegmentLister
{
    /// <summary>Lists those in a range.</summary>
    /// <param name="segments">The rendition's segments, opened.</param>
    /// <param name="timeline">The presentation.</param>
    /// <param name="rendition">The rendition.</param>
    /// <param name="range">Which.</param>
    /// <param name="now">Of a live presentation: the time.</param>
    /// <exception cref="RenditionNotFoundException">The rendition is of another presentation.</exception>
    /// <exception cref="RangeNotFoundException">The range lies outside the presentation.</exception>
    public static IReadOnlyList<TimelineSegment> List(SegmentList segments, PresentationTimeline timeline, Rendition rendition, TimeRange range, DateTimeOffset now)
    {
        TimelinePeriod period = PeriodOf(timeline, rendition);
        TimeSpan start = period.Start ?? TimeSpan.Zero;
        TimeSpan from = range.From is { } first && first > start ? first - start : TimeSpan.Zero;
        TimeSpan? until = range.Until is { } last ? last - start : null;
        List<TimelineSegment> found = until <= TimeSpan.Zero || from >= period.Duration ? [] : [.. segments.Range(from, until, now)];
        if (found.Count > 0 || range.IsAll) return found;
        throw new RangeNotFoundException(SourceText.Of(timeline.Origin.Given), range, SpanOf(timeline, now));
    }

    /// <summary>The period of a rendition.</summary>
    /// <exception cref="RenditionNotFoundException">It is of another presentation.</exception>
    public static TimelinePeriod PeriodOf(PresentationTimeline timeline, Rendition rendition) =>
        timeline.Periods.FirstOrDefault(period => period.Renditions.Any(each => ReferenceEquals(each, rendition))) ?? throw RenditionNotFoundException.Of(timeline, rendition);

    /// <summary>A rendition as the presentation has it now: the same, or, where the manifest has been read again since, its successor.</summary>
    /// <exception cref="RenditionNotFoundException">It is of another presentation, or no longer of this one.</exception>
    public static Rendition Find(PresentationTimeline timeline, Rendition rendition)
    {
        List<Rendition> alike = [];
        foreach (Rendition each in timeline.Periods.SelectMany(static period => period.Renditions))
        {
            if (ReferenceEquals(each, rendition)) return each;
            if (timeline.Live is not null && each.Kind == rendition.Kind && each.Id == rendition.Id && each.Group == rendition.Group) alike.Add(each);
        }

        // Periods are added and removed, and places in the manifest change with them: what describes the segments tells which one it was.
        return alike.Find(each => each.Segments.Initialization == rendition.Segments.Initialization) ?? throw RenditionNotFoundException.Of(timeline, rendition);
    }

    /// <summary>Whether a list has a segment, and it is there.</summary>
    public static bool Has(SegmentList segments, TimelineSegment segment, DateTimeOffset now)
    {
        if (segments.IsWholeFile) return segment.Address == segments.WholeFile.Address && segment.Range is null;
        // A time that is in a segment's beginning is before no other's.
        if (segment.Duration == 0) return segments.Played(now).Any(each => IsSame(each, segment));
        SegmentStep found = segments.Next(segment.Time == 0 ? null : segment.Time - 1, now);
        return found.Kind == SegmentStepKind.Ready && IsSame(found.Segment, segment);
    }

    private static bool IsSame(TimelineSegment one, TimelineSegment other) =>
        one.Address == other.Address && one.Range == other.Range && one.Number == other.Number && one.Time == other.Time;

    /// <summary>What there is of a presentation, as far as can be told without a request.</summary>
    public static TimeRange? SpanOf(PresentationTimeline timeline, DateTimeOffset now)
    {
        TimeSpan? from = null, until = null;
        foreach (TimelinePeriod period in timeline.Periods)
        {
            TimeSpan start = period.Start ?? TimeSpan.Zero;
            foreach (Rendition rendition in period.Renditions)
            {
                if (!rendition.Segments.IsLive) continue;
                if (rendition.Segments.Newest(now) is not { Kind: SegmentStepKind.Ready } newest) continue;
                TimelineSegment oldest = rendition.Segments.Played(now).FirstOrDefault(newest.Segment);
                TimeSpan first = start + rendition.Segments.StartOf(oldest), last = start + rendition.Segments.StartOf(newest.Segment) + newest.Segment.Length;
                if (from is null || first < from) from = first;
                if (until is null || last > until) until = last;
            }

            if (timeline.Live is not null) continue;
            if (from is null || start < from) from = start;
            TimeSpan? end = period.Duration is { } length ? start + length : timeline.Duration;
            if (end > until || until is null) until = end;
        }

        return from is null ? null : new TimeRange { From = from, Until = until };
    }
}

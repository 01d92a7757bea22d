using Keyway.Sources;

namespace Keyway.Timeline;

/// <summary>Lists the segments of a rendition.</summary>
internal static class SegmentLister
{
    /// <summary>Lists those in a range.</summary>
    /// <param name="sources">What opens an index.</param>
    /// <param name="timeline">The presentation.</param>
    /// <param name="rendition">The rendition.</param>
    /// <param name="range">Which.</param>
    /// <param name="now">Of a live presentation: the time.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="RenditionNotFoundException">The rendition is of another presentation.</exception>
    /// <exception cref="RangeNotFoundException">The range lies outside the presentation.</exception>
    public static async ValueTask<IReadOnlyList<TimelineSegment>> ListAsync(MediaSources sources, PresentationTimeline timeline, Rendition rendition, TimeRange range, DateTimeOffset now, CancellationToken cancellationToken)
    {
        TimelinePeriod period = PeriodOf(timeline, rendition);
        TimeSpan start = period.Start ?? TimeSpan.Zero;
        SegmentList segments = await rendition.Segments.OpenAsync(sources, timeline.Origin, cancellationToken).ConfigureAwait(false);
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
                if (rendition.Segments.Next(null, now) is not { Kind: SegmentStepKind.Ready } oldest || rendition.Segments.Newest(now) is not { Kind: SegmentStepKind.Ready } newest) continue;
                TimeSpan first = start + rendition.Segments.StartOf(oldest.Segment), last = start + rendition.Segments.StartOf(newest.Segment) + newest.Segment.Length;
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

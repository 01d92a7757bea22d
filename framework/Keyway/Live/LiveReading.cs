using Keyway.Content;
using Keyway.MediaUnits;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Live;

/// <summary>One reading of tracks of a live presentation, from the live edge on: where it begins, where it ends, and which periods go into one file.</summary>
internal sealed class LiveReading : IDisposable
{
    private readonly LiveFeed _feed;
    private readonly PeriodPlan _plan;
    private readonly LiveTrack[] _tracks;
    private readonly SegmentShare? _share;

    private LiveReading(LiveFeed feed, PeriodPlan plan, LiveTrack[] tracks, SegmentShare? share) => (_feed, _plan, _tracks, _share) = (feed, plan, tracks, share);

    /// <summary>Finds the live edge.</summary>
    /// <param name="feed">The presentation.</param>
    /// <param name="tracks">The tracks by their numbers.</param>
    /// <param name="plan">Which periods go into one file.</param>
    /// <param name="range">What of it; without a beginning, from the live edge on.</param>
    /// <param name="duration">How much is wanted; <see langword="null"/>: all that comes.</param>
    /// <param name="tell">Called for every segment: the track, how many it has been, and their bytes.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public static async ValueTask<LiveReading> BeginAsync(
        LiveFeed feed, IReadOnlyList<int> tracks, PeriodPlan plan, TimeRange range, TimeSpan? duration, Action<int, long, long>? tell, CancellationToken cancellationToken)
    {
        await feed.StartAsync(cancellationToken).ConfigureAwait(false);
        using CancellationTokenSource stopped = CancellationTokenSource.CreateLinkedTokenSource(feed.Stopped, cancellationToken);
        while (true)
        {
            Task changed = feed.Changed;
            LiveSnapshot now = feed.Current;
            if (range.From is { } from && SegmentLister.SpanOf(now.Timeline, feed.Now) is { } kept && (range.Until <= kept.From || from < kept.From - LiveLimits.WindowSlack))
                throw new RangeNotFoundException(SourceText.Of(now.Timeline.Origin.Given), range, kept);
            if ((range.From is { } start ? At(now, start) : feed.EdgeOf(now)) is { } edge)
            {
                await plan.PartOfAsync(now.Rows, edge.Row.Key, cancellationToken).ConfigureAwait(false);
                if (duration is { } limit) feed.StopAfter(limit < TimeSpan.FromDays(40) ? limit + LiveLimits.Overtime : TimeSpan.FromDays(40));
                TimeSpan? end = duration is { } length ? edge.Row.Start + edge.Since + length : null;
                if (range.Until is { } until && !(end < until)) end = until;
                SegmentShare? share = tracks.Count > 1 ? new SegmentShare(tracks) : null;
                return new LiveReading(feed, plan, [.. tracks.Select(track => new LiveTrack(feed, plan, track, edge.Row, edge.Since, end, range.From, tell) { Share = share })], share);
            }

            if (!now.MayChange) throw new ManifestException(Sources.SourceText.Of(now.Timeline.Origin.Location), new FormatError("it has no period in which a chosen track plays", "/MPD", -1));
            await feed.WaitAsync(changed, null, stopped.Token).ConfigureAwait(false);
        }
    }

    /// <summary>Opens what belongs to one file.</summary>
    public IReadOnlyList<MediaQueue> OpenPart(int part) => [.. _tracks.Select(track =>
    {
        MediaQueue queue = new(LiveLimits.ReadAhead);
        queue.Begin((to, cancellationToken) => track.WriteAsync(part, to, cancellationToken));
        return queue;
    })];

    /// <summary>The names of the periods in one part.</summary>
    public IReadOnlyList<string> NamesOf(int part) => _plan.NamesOf(part);

    public void Dispose()
    {
        _share?.Dispose();
        _plan.Dispose();
    }

    /// <summary>The period that plays at a time, and the time in it; <see langword="null"/>: there is none yet.</summary>
    private static (PeriodRow Row, TimeSpan Since)? At(LiveSnapshot now, TimeSpan time) =>
        now.Rows.LastOrDefault(row => row.Start <= time && row.Tracks.Any(static track => track is not null)) is { } found ? (found, time - found.Start)
        : now.Rows.FirstOrDefault(static row => row.Tracks.Any(static track => track is not null)) is { } first ? (first, TimeSpan.Zero)
        : null;

    /// <summary>
    /// The newest period of which something is there, and a time of it at which every track has a segment: as far behind the newest as the manifest
    /// suggests. Where nothing is there yet, the beginning of the first period to come.
    /// </summary>
    internal static (PeriodRow Row, TimeSpan Since)? Edge(LiveSnapshot now, DateTimeOffset time)
    {
        PeriodRow[] rows = [.. now.Rows.Where(static row => row.Tracks.Any(static track => track is not null))];
        if (rows.Length == 0) return null;
        // What has ended meanwhile is over; its last segments are all that is left of "now".
        foreach (PeriodRow row in rows.Reverse())
        {
            TimeSpan? edge = null;
            bool all = true;
            foreach (TrackPeriod track in row.Tracks.OfType<TrackPeriod>())
            {
                SegmentList segments = track.Rendition.Segments;
                if (!segments.IsLive || segments.Newest(time) is not { Kind: SegmentStepKind.Ready } newest)
                {
                    all = false;
                    break;
                }

                TimeSpan start = segments.StartOf(newest.Segment);
                if (edge is null || start < edge) edge = start;
                if (now.Timeline.Live?.SuggestedDelay is { } delay)
                {
                    TimeSpan wanted = segments.Elapsed(time) - delay;
                    if (wanted < edge) edge = wanted > TimeSpan.Zero ? wanted : TimeSpan.Zero;
                }
            }

            if (!all || edge is not { } since) continue;
            // The first track's segment decides; the others begin with theirs that is nearest.
            SegmentList leader = row.Tracks.OfType<TrackPeriod>().First().Rendition.Segments;
            TimeSpan slack = leader.Newest(time).Segment.Length / 4;
            SegmentStep first = leader.At(now.Timeline.Live?.SuggestedDelay is null ? since + slack : since, time);
            return (row, first.Kind == SegmentStepKind.None ? since : leader.StartOf(first.Segment));
        }

        return (rows[0], TimeSpan.Zero);
    }
}

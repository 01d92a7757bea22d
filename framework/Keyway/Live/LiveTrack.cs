using System.Runtime.ExceptionServices;
using Keyway.Content;
using Keyway.MediaUnits;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Live;

/// <summary>Walks one track of a live presentation, segment by segment and period by period, and reports what cannot be read.</summary>
/// <remarks>Threads: one writer at a time.</remarks>
internal sealed class LiveTrack(LiveFeed feed, PeriodPlan plan, int track, PeriodRow first, TimeSpan since, TimeSpan? end, TimeSpan? from, Action<int, long, long>? tell)
{
    /// <summary>What is fetched for several tracks; <see langword="null"/>: it is read alone.</summary>
    public SegmentShare? Share { private get; init; }

    private string _row = first.Key;
    private TimeSpan _rowStart = first.Start;
    private bool _begun;
    private string? _rendition;
    private ulong? _last;
    private TimeSpan? _reached;
    private string? _lastFailure;
    private bool _isAsking;
    private long _segments;
    private long _bytes;
    private SegmentFetcher? _fetcher;
    private ContentOrigin? _origin;
    private SamplePlace? _place;
    private RenditionCheck? _check;
    private RenditionWriter? _writer;

    /// <summary>Writes what belongs to one file.</summary>
    /// <returns>Whether more follows in the next.</returns>
    public async Task<bool> WriteAsync(int part, MediaQueue to, CancellationToken cancellationToken)
    {
        using CancellationTokenSource stopped = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, feed.Stopped);
        bool more = false;
        Share?.Of(track).Enter(to);
        try
        {
            more = await WalkAsync(part, to, stopped.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (feed.Stopped.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // Asked to stop: what is there is whole.
            ReportUnread();
        }
        catch (ManifestException exception) when (_segments > 0)
        {
            feed.Note($"{exception.Message}; what had not been read by then is missing");
        }
        finally
        {
            Share?.Of(track).Leave();
        }

        await LeaveAsync(cancellationToken).ConfigureAwait(false);
        return more;
    }

    /// <summary>Reports what had been there for long when reading was stopped, and had not come: a server that was too slow leaves a gap at the end, too.</summary>
    private void ReportUnread()
    {
        // Where it is the reader that is slow, nothing is lost that it has asked for.
        if (!_isAsking) return;
        LiveSnapshot now = feed.Current;
        if (now.Find(_row) is not { } row || row.Tracks[track] is not { } period || !period.Rendition.Segments.IsLive) return;
        SegmentList segments = period.Rendition.Segments;
        if (segments.Newest(feed.Now) is not { Kind: SegmentStepKind.Ready } newest) return;
        TimeSpan length = newest.Segment.Length, rowStart = row.Start;
        if (length <= TimeSpan.Zero || segments.Newest(feed.Now - LiveLimits.RequestTime(length)) is not { Kind: SegmentStepKind.Ready } due) return;
        TimeSpan from = _reached ?? rowStart + (_row == first.Key ? since : TimeSpan.Zero), to = rowStart + segments.StartOf(due.Segment) + due.Segment.Length;
        if (end is { } wanted && wanted < to) to = wanted;
        int missing = (int)Math.Min(int.MaxValue, Math.Round((to - from) / length));
        if (missing > 0)
            feed.Log.Report(new PresentationGap { Track = track, Start = from, Duration = to - from, Segments = missing, Reason = _lastFailure ?? "it had not come when the reading was stopped" });
    }

    private async Task<bool> WalkAsync(int part, MediaQueue to, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            // Read before looking: what changes while we look wakes us.
            Task changed = feed.Changed;
            LiveSnapshot now = feed.Current;
            if (now.Find(_row) is not { } row || row.Tracks[track] is not { } period)
            {
                if (!await AdvanceAsync(now, changed, cancellationToken).ConfigureAwait(false)) return false;
                continue;
            }

            if (await plan.PartOfAsync(now.Rows, _row, cancellationToken).ConfigureAwait(false) > part) return true;
            if (_place is not null && period.Rendition.Segments.IsCutToPeriod) _place.End = EndOf(now, row);
            if (_reached is { } read && IsBeyondEnd(read)) return false;
            SegmentStep step = Step(now, row, period);
            if (step.Segment.Address is not null && IsBeyondEnd(row.Start + period.Rendition.Segments.StartOf(step.Segment))) return false;
            switch (step.Kind)
            {
                case SegmentStepKind.Ready:
                    await TakeAsync(now, row, period, step, to, cancellationToken).ConfigureAwait(false);
                    break;
                case SegmentStepKind.Later:
                    await WaitAsync(changed, step.Available, cancellationToken).ConfigureAwait(false);
                    break;
                case SegmentStepKind.Unlisted when IsStillExpected(now, row):
                    await WaitAsync(changed, Over(now, row), cancellationToken).ConfigureAwait(false);
                    break;
                default:
                    if (!await AdvanceAsync(now, changed, cancellationToken).ConfigureAwait(false)) return false;
                    break;
            }
        }
    }

    /// <summary>Waits: it looks for no segment meanwhile.</summary>
    private async ValueTask WaitAsync(Task changed, DateTimeOffset? until, CancellationToken cancellationToken)
    {
        SharedTrack? own = Share?.Of(track);
        if (own is not null) own.IsIdle = true;
        try
        {
            await feed.WaitAsync(changed, until, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (own is not null) own.IsIdle = false;
        }
    }

    /// <summary>The segment to take next.</summary>
    private SegmentStep Step(LiveSnapshot now, PeriodRow row, TrackPeriod period)
    {
        SegmentList segments = period.Rendition.Segments;
        if (!segments.IsLive) return StepToEnd(segments);
        if (_last is not null || _begun) return segments.Next(_last, feed.Now);
        if (from is not null)
        {
            // What is presented at the time may be decoded before.
            SegmentStep at = segments.At(since > TimelineLimits.Reordering ? since - TimelineLimits.Reordering : TimeSpan.Zero, feed.Now);
            return at.Kind == SegmentStepKind.None ? segments.Next(null, feed.Now) : at;
        }

        // Audio and video are not cut at the same moment to the unit: the nearest segment counts, not the one before.
        TimeSpan slack = segments.Newest(feed.Now) is { Kind: SegmentStepKind.Ready } newest ? newest.Segment.Length / 4 : TimeSpan.Zero;
        SegmentStep step = segments.At(since + slack, feed.Now);
        return step.Kind == SegmentStepKind.None ? segments.Next(null, feed.Now) : step;
    }

    /// <summary>Of a manifest that has become static: every segment that is left of the period.</summary>
    private SegmentStep StepToEnd(SegmentList segments)
    {
        if (segments.IsEnumerable)
        {
            foreach (TimelineSegment segment in segments.Played(feed.Now))
                if (_last is { } last ? segment.Time > last : _begun || segments.StartOf(segment) + segment.Length > since) return SegmentStep.Ready(segment);
        }
        else feed.Note($"{segments.Path}: the manifest now says otherwise where segments are; what had not been read by then is missing");

        return new SegmentStep { Kind = SegmentStepKind.Ended };
    }

    // Audio ends a little before or after the video: what begins within the last tenth of a second is no longer wanted.
    private bool IsBeyondEnd(TimeSpan time) => time + TimeSpan.FromMilliseconds(100) >= end;

    /// <summary>When a period ends, as far as is known: after its own length, and where the next one begins.</summary>
    private static TimeSpan? EndOf(LiveSnapshot now, PeriodRow row)
    {
        TimeSpan start = row.Start;
        TimeSpan? own = row.Period.Duration is { } length && length < TimeSpan.MaxValue - start ? start + length : null;
        TimeSpan? next = now.Rows.SkipWhile(each => each.Key != row.Key).Skip(1).FirstOrDefault()?.Period.Start;
        return next < own || own is null ? next : own;
    }

    /// <summary>Whether the period may yet get segments that the manifest does not name.</summary>
    private bool IsStillExpected(LiveSnapshot now, PeriodRow row) => now.MayChange && (Over(now, row) is not { } over || feed.Now < over);

    /// <summary>When a period of known length is surely over.</summary>
    private static DateTimeOffset? Over(LiveSnapshot now, PeriodRow row) =>
        row.Period.Duration is { } length && now.Timeline.Live?.AvailabilityStart is { } start && row.Period.Start is { } from
        && length < TimeSpan.FromDays(36500) && from < TimeSpan.FromDays(36500)
            ? start + from + length + LiveLimits.LongestPatience / 2
            : null;

    /// <summary>Goes on to the next period, or waits for one.</summary>
    /// <returns><see langword="false"/>: there will be none.</returns>
    private async ValueTask<bool> AdvanceAsync(LiveSnapshot now, Task changed, CancellationToken cancellationToken)
    {
        if (now.After(_row, _rowStart, track) is { } next)
        {
            await LeaveAsync(cancellationToken).ConfigureAwait(false);
            // A period in which the track does not play is no gap of it.
            PeriodRow? before = now.Rows.TakeWhile(row => row.Key != next.Key).LastOrDefault();
            (_row, _rowStart) = (next.Key, next.Period.Start ?? _rowStart);
            if (before is not null && before.Tracks[track] is null && _rowStart > _reached) _reached = _rowStart;
            (_begun, _last) = (true, null);
            return true;
        }

        DateTimeOffset? over = now.Timeline is { Live.AvailabilityStart: { } start, Duration: { } length } && length < DateTimeOffset.MaxValue - start ? start + length : null;
        if (!now.MayChange || over <= feed.Now) return false;
        await WaitAsync(changed, over, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private async ValueTask TakeAsync(LiveSnapshot now, PeriodRow row, TrackPeriod period, SegmentStep step, MediaQueue to, CancellationToken cancellationToken)
    {
        SegmentList segments = period.Rendition.Segments;
        if (_origin != now.Timeline.Origin) (_origin, _fetcher) = (now.Timeline.Origin, new SegmentFetcher(feed.Sources, now.Timeline.Origin, feed.Keys));
        TimeSpan length = step.Segment.Length, rowStart = row.Start, start = rowStart + segments.StartOf(step.Segment);
        if (segments.IsCutToPeriod && EndOf(now, row) is { } over && start >= over)
        {
            // The manifest names more than the period plays.
            (_begun, _last) = (true, step.Segment.Time);
            return;
        }

        TimelineSegment wanted = step.Segment;
        if (feed.Keys is { } keys)
        {
            keys.Announce(wanted, now.Timeline.Origin);
            if (segments.Next(wanted.Time, feed.Now) is { Kind: SegmentStepKind.Ready } next) keys.Announce(next.Segment, now.Timeline.Origin);
        }

        // What the manifest says is missing does not come.
        DateTimeOffset until = wanted.IsGap ? feed.Now : Until(now, step.Available, length);
        KeywayException? failure = null;
        try
        {
            if (_writer is null || _rendition != period.Rendition.Id) await BeginAsync(now, row, period, start, length, until, to, cancellationToken).ConfigureAwait(false);
            SharedFetch? shared = Share is null ? null : await Share.Of(track).NextAsync(Share.With(track, other => row.Tracks[other]?.Rendition), cancellationToken).ConfigureAwait(false);
            if (await TryAsync(token => _fetcher!.ReadAsync(wanted, _check!, LiveLimits.RequestTime(length), token, shared), start, until, wanted, cancellationToken).ConfigureAwait(false) is { } found)
            {
                ReportHole(start, length);
                await _writer!.AddAsync(found, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                // The period has ended before it.
                (_begun, _last) = (true, step.Segment.Time);
                return;
            }
        }
        catch (KeywayException exception) when (exception is SourceException or MediaFormatException && _segments > 0)
        {
            failure = exception;
        }

        if (failure is not null)
        {
            ReportHole(start, length);
            if (_writer is not null) _writer.Miss(wanted, failure);
            else Miss(wanted, segments, rowStart, failure);
        }

        (_begun, _last, _reached) = (true, step.Segment.Time, start + length);
    }

    /// <summary>Begins a rendition with its initialisation segment.</summary>
    private async ValueTask BeginAsync(LiveSnapshot now, PeriodRow row, TrackPeriod period, TimeSpan start, TimeSpan length, DateTimeOffset until, MediaQueue to, CancellationToken cancellationToken)
    {
        await LeaveAsync(cancellationToken).ConfigureAwait(false);
        SegmentList segments = period.Rendition.Segments;
        TimeSpan rowStart = row.Start;
        Head? head = null;
        if (segments.Initialization is { } initialization)
        {
            head = await TryAsync(async token => new Head(await _fetcher!.ReadInitializationAsync(initialization, period.Rendition.Kind, LiveLimits.RequestTime(length), token).ConfigureAwait(false)), start, until, wanted: null, cancellationToken).ConfigureAwait(false)
                ?? throw new SourceException(initialization.Name, "the period has ended before its initialisation segment was there");
            if (head.Note is { } note) feed.Note(note);
        }
        else if (segments.IsCutToPeriod)
        {
            throw new ManifestException(SourceText.Of(now.Timeline.Origin.Location), new FormatError("there is no initialisation segment", segments.Path, -1));
        }

        _rendition = period.Rendition.Id;
        _check = head?.Check ?? new RenditionCheck(null) { Kind = period.Rendition.Kind };
        MediaBase? media = segments.Anchor is { } anchor ? await anchor.FindAsync(_fetcher!, feed.Now, cancellationToken).ConfigureAwait(false) : null;
        _place = new SamplePlace
        {
            Clock = PeriodTrack.ClockOf(row, period, segments, media),
            Shift = rowStart - segments.MediaOffset - PeriodTrack.AheadOf(media),
            Start = segments.IsCutToPeriod ? rowStart : null,
            End = segments.IsCutToPeriod ? EndOf(now, row) : null,
        };
        _writer = new RenditionWriter(to, head is { Check.Head.IsEmpty: true } ? head.Bytes : null, _place, feed.Log, PeriodTrack.AheadOf(media))
        {
            Missed = (segment, failure) => Miss(segment, segments, rowStart, failure),
            Written = bytes =>
            {
                tell?.Invoke(track, ++_segments, _bytes += bytes);
            },
        };
    }

    /// <summary>What is held is decided, and what follows begins anew.</summary>
    private async ValueTask LeaveAsync(CancellationToken cancellationToken)
    {
        if (_writer is { } writer) await writer.FinishAsync(cancellationToken).ConfigureAwait(false);
        (_writer, _check, _place) = (null, null, null);
    }

    private void Miss(TimelineSegment segment, SegmentList segments, TimeSpan rowStart, KeywayException failure)
    {
        // The first that is asked for must be there: a service that has none is no service.
        if (_segments == 0) ExceptionDispatchInfo.Throw(failure);
        TimeSpan start = rowStart + segment.Start - segments.MediaOffset, length = segment.Length;
        if (_place?.End is { } over && start + length > over && over > start) length = over - start;
        feed.Report(new PresentationGap { Track = track, Start = start, Duration = length, Segments = 1, Reason = failure.Message }, failure);
    }

    /// <summary>What lies between the last segment and one is missing, whether a period has ended there or the manifest has lost it.</summary>
    private void ReportHole(TimeSpan start, TimeSpan length)
    {
        if (_reached is { } reached && start - reached > length / 2)
            feed.Report(new PresentationGap { Track = track, Start = reached, Duration = start - reached, Segments = 0, Reason = "the manifest does not name what is here" }, null);
    }

    /// <summary>How long a segment may be asked for: while the service keeps it, and not so long that those behind it go.</summary>
    private DateTimeOffset Until(LiveSnapshot now, DateTimeOffset available, TimeSpan length)
    {
        DateTimeOffset latest = feed.Now + LiveLimits.LongestPatience;
        if (now.Timeline.Live?.TimeShiftBuffer is not { } kept || kept > TimeSpan.FromDays(1) || available > latest) return latest;
        DateTimeOffset gone = available + length + kept;
        return gone < latest ? gone : latest;
    }

    /// <summary>Fetches, again and again while it may still come.</summary>
    /// <returns><see langword="null"/>: a newer manifest ends the period before it.</returns>
    /// <exception cref="SourceException">It did not come.</exception>
    /// <exception cref="MediaFormatException">It did not come as it should be.</exception>
    private async ValueTask<T?> TryAsync<T>(Func<CancellationToken, ValueTask<T>> fetch, TimeSpan start, DateTimeOffset until, TimelineSegment? wanted, CancellationToken cancellationToken)
        where T : class
    {
        _isAsking = true;
        for (TimeSpan pause = LiveLimits.ShortestRetry; ; pause = pause * 2 < LiveLimits.LongestRetry ? pause * 2 : LiveLimits.LongestRetry)
        {
            Task changed = feed.Changed;
            try
            {
                T found = await fetch(cancellationToken).ConfigureAwait(false);
                _isAsking = false;
                return found;
            }
            catch (KeywayException exception) when (exception is SourceException or MediaFormatException && feed.Now + pause <= until)
            {
                _lastFailure = exception.Message;
                await WaitAsync(changed, feed.Now + pause, cancellationToken).ConfigureAwait(false);
                LiveSnapshot now = feed.Current;
                // What the manifest has lost altogether is gone; what it ends before never was.
                if (now.Find(_row) is not { } row) throw;
                if (EndOf(now, row) is { } over && start >= over) return null;
                if (wanted is not { Time: > 0 } segment || row.Tracks[track]?.Rendition.Segments is not { IsEnumerable: true } left) continue;
                SegmentStep next = left.Next(segment.Time - 1, feed.Now);
                // So does what a complete manifest does not name, nor anything behind it: segments may promise what never comes.
                if (!left.IsLive && next.Kind == SegmentStepKind.Ended) return null;
                // What the window has left is gone, and those behind it would go while it is asked for.
                if (next.Kind == SegmentStepKind.Ready && next.Segment.Time - segment.Time >= Math.Max(1, segment.Duration / 2)) throw;
            }
        }
    }

    private sealed record Head(ReadOnlyMemory<byte> Bytes, RenditionCheck Check, string? Note)
    {
        public Head((ReadOnlyMemory<byte> Bytes, RenditionCheck Check, string? Note) read)
            : this(read.Check.HeadOf(read.Bytes), read.Check, read.Note)
        {
        }
    }
}

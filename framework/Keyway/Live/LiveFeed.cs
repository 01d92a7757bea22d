using System.Runtime.ExceptionServices;
using Keyway.Content;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Live;

/// <summary>Keeps up with the manifest of a live presentation (ISO/IEC 23009-1, 5.4): fetches it again, follows it where it moves, and knows the time by its clock.</summary>
/// <remarks>
/// Nothing is fetched before a track is read. A manifest is not trusted: where it moves to and whom it asks for the time are under the rules of
/// <see cref="ContentOrigin"/>, and never from https to http.
/// Threads: any. Ownership: the presentation's.
/// </remarks>
internal sealed class LiveFeed : IAsyncDisposable
{
    private readonly MediaSources _sources;
    private readonly TimeProvider _clock;
    private readonly TrackWishes _wishes;
    private readonly IReadOnlyList<MediaKind> _kinds;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _gate = new();
    private readonly GapLog _log;
    private readonly GapPolicy _gaps;
    private readonly DateTimeOffset _opened;
    private LiveSnapshot _current;
    private TaskCompletionSource _changed = New();
    private Task? _run;
    private Task? _synchronized;
    private TimeSpan _offset;
    private Exception? _failure;
    private ITimer? _limit;
    private (PeriodRow Row, TimeSpan Since, DateTimeOffset Found)? _edge;

    /// <param name="sources">What opens addresses.</param>
    /// <param name="clock">The clock of waits, and of the time where no <c>UTCTiming</c> gives a better one.</param>
    /// <param name="content">The presentation as it was opened.</param>
    /// <param name="log">Where gaps and notes go.</param>
    /// <param name="gaps">How gaps are treated.</param>
    /// <param name="wishes">Which tracks are chosen of periods to come.</param>
    public LiveFeed(MediaSources sources, TimeProvider clock, OpenedContent content, GapLog log, GapPolicy gaps, TrackWishes wishes)
    {
        (_sources, _clock, _wishes, _log, _gaps) = (sources, clock, wishes, log, gaps);
        _kinds = [.. content.Tracks.Where(static track => track.IsChosen).Select(static track => track.Kind)];
        _current = new LiveSnapshot { Timeline = content.Timeline, Rows = content.Periods };
        _opened = clock.GetUtcNow();
    }

    /// <summary>Called for every manifest that says something new, before readers see it.</summary>
    public Func<LiveSnapshot, CancellationToken, ValueTask>? Updated { get; init; }

    /// <summary>What opens segments that are encrypted as a whole; <see langword="null"/>: nothing does.</summary>
    public ISegmentKeys? Keys { get; init; }

    public TimeProvider Clock => _clock;

    public MediaSources Sources => _sources;

    public LiveSnapshot Current => Volatile.Read(ref _current);

    /// <summary>Ends when <see cref="Current"/> is another.</summary>
    public Task Changed => Volatile.Read(ref _changed).Task;

    /// <summary>The time, by the clock that the manifest names.</summary>
    public DateTimeOffset Now => _clock.GetUtcNow() + _offset;

    /// <summary>Says that no further segment is to be read.</summary>
    public CancellationToken Stopped => _stop.Token;

    /// <summary>Where gaps and notes go.</summary>
    public GapLog Log => _log;

    /// <summary>Begins to keep up, once. When it returns, time and manifest are of now.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lock (_gate) _synchronized ??= SynchronizeAsync();
        return _synchronized.WaitAsync(cancellationToken);
    }

    /// <summary>Reads no further segment: what has been read ends as if the presentation did.</summary>
    public void Stop() => _stop.Cancel();

    /// <summary>Stops after a time, at the latest.</summary>
    public void StopAfter(TimeSpan time)
    {
        lock (_gate) _limit ??= _clock.CreateTimer(static feed => ((LiveFeed)feed!).Stop(), this, time, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The live edge, one for all who begin to read at about the same time: tracks of one presentation begin together.</summary>
    public (PeriodRow Row, TimeSpan Since)? EdgeOf(LiveSnapshot snapshot)
    {
        DateTimeOffset now = Now;
        lock (_gate)
        {
            if (_edge is { } known && now - known.Found <= LiveLimits.SameEdge && snapshot.Find(known.Row.Key) is { } row) return (row, known.Since);
            if (LiveReading.Edge(snapshot, now) is not { } edge) return null;
            _edge = (edge.Row, edge.Since, now);
            return edge;
        }
    }

    /// <summary>Adds a gap.</summary>
    /// <param name="gap">What is missing.</param>
    /// <param name="failure">Why; <see langword="null"/> where the manifest leaves it out.</param>
    /// <exception cref="KeywayException">Gaps are errors.</exception>
    public void Report(PresentationGap gap, KeywayException? failure)
    {
        _log.Report(gap);
        if (_gaps != GapPolicy.Refuse) return;
        if (failure is not null) ExceptionDispatchInfo.Throw(failure);
        throw new SourceException(SourceText.Of(Current.Timeline.Origin.Location), $"there is a gap of {gap.Duration.TotalSeconds:0.###} s from {gap.Start:c}: {gap.Reason}");
    }

    public void Note(string text) => _log.Note(text);

    /// <summary>Waits until the manifest changes, a time comes, or reading is to stop.</summary>
    public async ValueTask WaitAsync(Task changed, DateTimeOffset? until, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _failure) is { } failure) throw new InvalidOperationException("keeping up with the manifest failed inside", failure);
        TimeSpan wait = Timeout.InfiniteTimeSpan;
        if (until is { } moment)
        {
            wait = moment - Now;
            if (wait <= TimeSpan.Zero) return;
            // Timers count whole milliseconds, downwards, and end at 49 days.
            wait = TimeSpan.FromMilliseconds(Math.Min(Math.Ceiling(wait.TotalMilliseconds), TimeSpan.FromDays(20).TotalMilliseconds));
        }

        using CancellationTokenSource woken = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task delay = Task.Delay(wait, _clock, woken.Token);
        // The clock may have moved while the wait was being set.
        if (!(until <= Now)) await Task.WhenAny(changed, delay).ConfigureAwait(false);
        await woken.CancelAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await _stop.CancelAsync().ConfigureAwait(false);
        Task? run;
        lock (_gate)
        {
            run = _run;
            _limit?.Dispose();
        }

        if (run is not null) await run.ConfigureAwait(false);
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task SynchronizeAsync()
    {
        if (Current.Timeline.Source is { } source && await source.ReadClockAsync(_clock, _opened, Note, _end.Token).ConfigureAwait(false) is { } ahead) _offset = ahead;
        else await CompareClocksAsync(_end.Token).ConfigureAwait(false);
        // Who opens a presentation and reads it later has an old manifest.
        if (Current.MayChange && (Current.Timeline.Source?.Due ?? _opened + Pause(Current.Timeline)) <= _clock.GetUtcNow()) await TryRefreshAsync(_end.Token).ConfigureAwait(false);
        DateTimeOffset begun = _clock.GetUtcNow();
        lock (_gate) _run ??= Task.Run(() => RunAsync(begun));
    }

    private static TimeSpan Pause(PresentationTimeline timeline) =>
        timeline.Live?.UpdatePeriod is { } period && period > LiveLimits.ShortestUpdate ? period : LiveLimits.ShortestUpdate;

    private async Task RunAsync(DateTimeOffset last)
    {
        DateTimeOffset due = last;
        try
        {
            while (Current.MayChange && !_stop.IsCancellationRequested)
            {
                // Counted from when it was due, so that late answers do not add up; what was missed is not made up for.
                TimeSpan pause = Pause(Current.Timeline) < TimeSpan.FromDays(20) ? Pause(Current.Timeline) : TimeSpan.FromDays(20);
                DateTimeOffset now = _clock.GetUtcNow();
                due = Current.Timeline.Source?.Due ?? due + pause;
                if (due < now) due = now;
                if (due - now > TimeSpan.FromDays(20)) due = now + TimeSpan.FromDays(20);
                if (due > now) await Task.Delay(Waits.Whole(due - now), _clock, _stop.Token).ConfigureAwait(false);
                else await Task.Yield();
                if (await TryRefreshAsync(_end.Token).ConfigureAwait(false) is not { } failure)
                {
                    last = _clock.GetUtcNow();
                    continue;
                }

                if (_clock.GetUtcNow() - last <= LiveLimits.ManifestPatience + Pause(Current.Timeline)) continue;
                // Services often end by going away. What has been read is worth keeping, and why it ends here is said.
                Note($"the manifest could not be fetched for {LiveLimits.ManifestPatience.TotalSeconds} s, so the presentation was taken for over: {failure.Message}");
                Stop();
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody reads any more.
        }
        catch (Exception exception)
        {
            Volatile.Write(ref _failure, exception);
            Wake();
        }
    }

    private void Wake() => Interlocked.Exchange(ref _changed, New()).TrySetResult();

    /// <summary>Fetches the manifest again.</summary>
    /// <returns>Why it could not be; <see langword="null"/> where it could.</returns>
    private async ValueTask<KeywayException?> TryRefreshAsync(CancellationToken cancellationToken)
    {
        LiveSnapshot before = Current;
        try
        {
            PresentationTimeline timeline = await before.Timeline.Source!.RefreshAsync(Elapsed(before.Timeline), Note, cancellationToken).ConfigureAwait(false);
            LiveSnapshot snapshot = new() { Timeline = timeline, Rows = RowsOf(timeline, before) };
            if (Updated is { } told) await told(snapshot, cancellationToken).ConfigureAwait(false);
            Volatile.Write(ref _current, snapshot);
            Wake();
            return null;
        }
        catch (KeywayException exception)
        {
            Note($"an update of the manifest was passed over: {exception.Message}");
            return exception;
        }
    }

    private TimeSpan? Elapsed(PresentationTimeline timeline) => timeline.Live?.AvailabilityStart is { } start && Now > start ? Now - start : null;

    private IReadOnlyList<PeriodRow> RowsOf(PresentationTimeline timeline, LiveSnapshot before)
    {
        TrackSelection selection = _wishes.ChooseAgain(timeline);
        IReadOnlyList<PeriodRow> rows = PeriodRow.Of(timeline, selection, _kinds, static _ => null);
        return
        [
            .. rows.Select(row => before.Find(row.Key) is not { } old ? row : row with
            {
                // A period that is being read keeps its representations, whatever has been added beside them.
                Tracks = [.. row.Tracks.Select((track, i) => old.Tracks[i] is { } chosen ? Again(row.Period, chosen, _kinds[i]) ?? track : track)],
            }),
        ];
    }

    private static TrackPeriod? Again(TimelinePeriod period, TrackPeriod chosen, MediaKind kind)
    {
        Rendition? same = period.Renditions.FirstOrDefault(each => each.Kind == kind && each.Id == chosen.Rendition.Id && each.NotUnderstood is null);
        return same is null ? null : chosen with { Rendition = same };
    }

    /// <summary>Finds the time where no <c>UTCTiming</c> gives it: by the server's date and the manifest's own times; else the machine's clock is believed.</summary>
    private async ValueTask CompareClocksAsync(CancellationToken cancellationToken)
    {
        if (Current.Timeline.Live is not { } timing) return;
        _offset = ServerClock.Ahead(timing, Current.Rows, _opened, timing.ServerAhead, out string reason);
        if (reason.Length == 0 && Current.MayChange && ServerClock.MayBeBehind(timing, Current.Rows, _opened))
        {
            // Made long ago, or just now by a clock that is behind: one that is made for each request tells the two apart.
            await Task.Delay(LiveLimits.ShortestUpdate, _clock, cancellationToken).ConfigureAwait(false);
            await TryRefreshAsync(cancellationToken).ConfigureAwait(false);
            _offset = ServerClock.Behind(timing, Current.Timeline.Live ?? timing, _opened, _clock.GetUtcNow(), out reason);
        }

        if (reason.Length > 0) Note($"{reason}; time is counted by it");
    }
}

using System.Runtime.ExceptionServices;
using Keyway.Content;
using Keyway.Dash;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Live;

/// <summary>Keeps up with the manifest of a growing presentation (ISO/IEC 23009-1, 5.4): fetches it again, follows it where it moves, and knows the time by its clock.</summary>
/// <remarks>
/// Nothing is fetched before a track is read. A manifest is not trusted: where it moves to and whom it asks for the time are under the rules of
/// <see cref="ContentOrigin"/>, and never from https to http.
/// Threads: any. Ownership: the presentation's.
/// </remarks>
internal sealed class LiveFeed : IAsyncDisposable
{
    private readonly MediaSources _sources;
    private readonly TimeProvider _clock;
    private readonly TrackQuery? _video;
    private readonly TrackQuery? _audio;
    private readonly IReadOnlyList<MediaKind> _kinds;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _gate = new();
    private readonly GapLog _log;
    private readonly GapPolicy _gaps;
    private readonly DateTimeOffset _opened;
    private readonly TimeSpan? _serverAhead;
    private LiveSnapshot _current;
    private TaskCompletionSource _changed = New();
    private Task? _run;
    private Task? _synchronized;
    private TimeSpan _offset;
    private Exception? _failure;
    private ITimer? _limit;

    /// <param name="sources">What opens addresses.</param>
    /// <param name="clock">The clock of waits, and of the time where nobody tells a better one.</param>
    /// <param name="content">The presentation as it was opened.</param>
    /// <param name="log">Where gaps and notes go.</param>
    /// <param name="gaps">What becomes of gaps.</param>
    /// <param name="video">Which video is chosen of periods to come.</param>
    /// <param name="audio">Which audio.</param>
    public LiveFeed(MediaSources sources, TimeProvider clock, OpenedContent content, GapLog log, GapPolicy gaps, TrackQuery? video, TrackQuery? audio)
    {
        (_sources, _clock, _video, _audio, _log, _gaps) = (sources, clock, video, audio, log, gaps);
        _kinds = [.. content.Tracks.Where(static track => track.IsChosen).Select(static track => track.Kind)];
        _current = new LiveSnapshot { Manifest = content.Manifest!, Rows = content.Periods };
        _opened = clock.GetUtcNow();
        _serverAhead = content.ServerAhead;
    }

    /// <summary>Told of every manifest that says something new, before readers see it.</summary>
    public Func<LiveSnapshot, CancellationToken, ValueTask>? Updated { get; init; }

    public TimeProvider Clock => _clock;

    public MediaSources Sources => _sources;

    /// <summary>How many tracks are played.</summary>
    public int TrackCount => _kinds.Count;

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

    /// <summary>Adds a gap.</summary>
    /// <param name="gap">What is missing.</param>
    /// <param name="failure">Why; <see langword="null"/> where the manifest leaves it out.</param>
    /// <exception cref="KeywayException">Gaps are errors.</exception>
    public void Report(PresentationGap gap, KeywayException? failure)
    {
        _log.Report(gap);
        if (_gaps != GapPolicy.Refuse) return;
        if (failure is not null) ExceptionDispatchInfo.Throw(failure);
        throw new SourceException(SourceText.Of(Current.Manifest.Origin.Location), $"there is a gap of {gap.Duration.TotalSeconds:0.###} s from {gap.Start:c}: {gap.Reason}");
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
        if (!await AskTimeAsync(Current.Manifest, _end.Token).ConfigureAwait(false)) await CompareClocksAsync(_end.Token).ConfigureAwait(false);
        // Who opens a presentation and reads it later has an old manifest.
        if (Current.MayChange && _clock.GetUtcNow() - _opened >= Pause(Current.Manifest)) await TryRefreshAsync(_end.Token).ConfigureAwait(false);
        DateTimeOffset begun = _clock.GetUtcNow();
        lock (_gate) _run ??= Task.Run(() => RunAsync(begun));
    }

    private static TimeSpan Pause(Manifest manifest) =>
        manifest.MinimumUpdatePeriod is { } period && period > LiveLimits.ShortestUpdate ? period : LiveLimits.ShortestUpdate;

    private async Task RunAsync(DateTimeOffset last)
    {
        DateTimeOffset due = last;
        try
        {
            while (Current.MayChange && !_stop.IsCancellationRequested)
            {
                // Counted from when it was due, so that late answers do not add up; what was missed is not made up for.
                TimeSpan pause = Pause(Current.Manifest) < TimeSpan.FromDays(20) ? Pause(Current.Manifest) : TimeSpan.FromDays(20);
                DateTimeOffset now = _clock.GetUtcNow();
                due = due + pause > now ? due + pause : now;
                if (due > now) await Task.Delay(due - now, _clock, _stop.Token).ConfigureAwait(false);
                else await Task.Yield();
                if (await TryRefreshAsync(_end.Token).ConfigureAwait(false) is not { } failure)
                {
                    last = _clock.GetUtcNow();
                    continue;
                }

                if (_clock.GetUtcNow() - last <= LiveLimits.ManifestPatience + Pause(Current.Manifest)) continue;
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
            SourceDocument document = await FetchAsync(before.Manifest, cancellationToken).ConfigureAwait(false);
            Manifest manifest = await ManifestLoader.LoadAsync(_sources, document, Elapsed(before.Manifest), cancellationToken).ConfigureAwait(false);
            if (!manifest.IsDynamic && before.Manifest.IsDynamic && manifest.Periods is [.., { Duration: null }])
                Note("the manifest became static and does not say how long it is; what was there by then is read");
            LiveSnapshot snapshot = new() { Manifest = manifest, Rows = RowsOf(manifest, before) };
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

    private TimeSpan? Elapsed(Manifest manifest) => manifest.AvailabilityStart is { } start && Now > start ? Now - start : null;

    /// <summary>From where it says that it has moved to; else from where the caller said.</summary>
    private async ValueTask<SourceDocument> FetchAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        ContentOrigin origin = manifest.Origin;
        foreach (string location in manifest.Locations)
        {
            if (!Uri.TryCreate(origin.Location, location.Trim(), out Uri? target)) continue;
            if (origin.Location.Scheme == Uri.UriSchemeHttps && target.Scheme != Uri.UriSchemeHttps)
            {
                Note($"Location: {SourceText.Of(target)} is not https, and is not followed");
                continue;
            }

            if (!origin.TryAllow(target, out string reason))
            {
                Note($"Location: {SourceText.Of(target)} is not followed: {reason}");
                continue;
            }

            try
            {
                return await _sources.ReadManifestAsync(origin, target, cancellationToken).ConfigureAwait(false);
            }
            catch (SourceException exception)
            {
                Note($"Location: {exception.Message}");
            }
        }

        return await _sources.ReadManifestAsync(origin, origin.Given, cancellationToken).ConfigureAwait(false);
    }

    private IReadOnlyList<PeriodRow> RowsOf(Manifest manifest, LiveSnapshot before)
    {
        TrackSelection selection;
        try
        {
            selection = TrackSelection.Choose(manifest, _video, _audio);
        }
        catch (TrackNotFoundException)
        {
            // What fitted the wish has gone; what is there is better than nothing.
            selection = TrackSelection.Choose(manifest, _video is { IsNone: true } ? _video : null, _audio is { IsNone: true } ? _audio : null);
        }

        Dictionary<string, string> known = new(StringComparer.Ordinal);
        IReadOnlyList<PeriodRow> rows = PeriodRow.Of(manifest, selection, _kinds, static _ => null);
        return
        [
            .. rows.Select(row => before.Find(row.Key) is not { } old ? row : row with
            {
                // A period that is being read keeps its representations, whatever has been added beside them.
                Tracks = [.. row.Tracks.Select((track, i) => old.Tracks[i] is { } chosen ? Again(row.Period, chosen, _kinds[i]) ?? track : track)],
            }),
        ];
    }

    private static TrackPeriod? Again(Period period, TrackPeriod chosen, MediaKind kind)
    {
        Representation? same = period.AdaptationSets.SelectMany(static set => set.Representations).FirstOrDefault(each => each.Kind == kind && each.Id == chosen.Representation.Id && each.UnknownEssential is null);
        return same is null ? null : chosen with { Representation = same };
    }

    /// <summary>Asks the first source of the time that may be asked and answers (5.8.4.11). </summary>
    /// <returns>Whether there was one.</returns>
    private async ValueTask<bool> AskTimeAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        const string Schemes = "urn:mpeg:dash:utc:";
        foreach (UtcTiming timing in manifest.UtcTimings)
        {
            // Named with the year of its edition: :2012, :2014.
            string scheme = timing.SchemeIdUri.Trim();
            string kind = scheme.StartsWith(Schemes, StringComparison.OrdinalIgnoreCase) ? scheme[Schemes.Length..].Split(':')[0].ToLowerInvariant() : "";
            if (kind == "direct")
            {
                if (!MpdValue.TryTime(timing.Value, out DateTimeOffset said)) continue;
                _offset = said - _opened;
                return true;
            }

            if (kind is not ("http-head" or "http-iso" or "http-xsdate")) continue;
            foreach (string address in timing.Value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            {
                if (!Uri.TryCreate(manifest.Origin.Location, address, out Uri? target)) continue;
                try
                {
                    DateTimeOffset time = await _sources.ReadTimeAsync(manifest.Origin, target, kind == "http-head", cancellationToken).ConfigureAwait(false);
                    _offset = time - _clock.GetUtcNow();
                    return true;
                }
                catch (SourceException exception)
                {
                    Note($"UTCTiming: {exception.Message}");
                }
            }
        }

        return false;
    }

    /// <summary>Finds the time where nobody tells it: by the server's date and the manifest's own times; else the machine's clock is believed.</summary>
    private async ValueTask CompareClocksAsync(CancellationToken cancellationToken)
    {
        Manifest manifest = Current.Manifest;
        _offset = ServerClock.Ahead(manifest, Current.Rows, _opened, _serverAhead, out string reason);
        if (reason.Length == 0 && Current.MayChange && ServerClock.MayBeBehind(manifest, Current.Rows, _opened))
        {
            // Made long ago, or just now by a clock that is behind: one that is made for each request tells the two apart.
            await Task.Delay(LiveLimits.ShortestUpdate, _clock, cancellationToken).ConfigureAwait(false);
            await TryRefreshAsync(cancellationToken).ConfigureAwait(false);
            _offset = ServerClock.Behind(manifest, Current.Manifest, _opened, _clock.GetUtcNow(), out reason);
        }

        if (reason.Length > 0) Note($"{reason}; time is counted by it");
    }
}

using Keyway.Fleet.Checks;
using Keyway.Fleet.Configuration;
using Keyway.Fleet.Metrics;
using Keyway.Fleet.Watching;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace Keyway.Fleet.Grains;

/// <summary>Watches one stream: a look each period, a licence where a key is announced, a segment now and then.</summary>
[Reentrant, RandomPlacement]
internal sealed partial class StreamGrain(
    StreamWatcher watcher, FleetOptions options, Budgets budgets, SiloRegistry registry, FleetMeter meter, ILocalSiloDetails silo, TimeProvider clock, ILogger<StreamGrain> logger)
    : Grain, IStreamGrain, IGrainMigrationParticipant
{
    private static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan SignalEvery = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LicenseEvery = TimeSpan.FromMinutes(1);

    private readonly StreamMemory _memory = new();
    private readonly Dictionary<string, (CheckState State, string Text, DateTimeOffset Since)> _states = new(StringComparer.Ordinal);
    private StreamSpec? _spec;
    private IGrainTimer? _timer;
    private DateTimeOffset _due;
    private DateTimeOffset? _movedDue;
    private TimeSpan _late;
    private bool _isOverBudget;
    private long _ticks, _missed;
    private DateTimeOffset? _told, _signalled, _compared, _probed;
    private string _lastTold = "";
    private bool _isProbing, _isComparing;

    /// <summary>How the stream is, for gauges.</summary>
    public string State { get; private set; } = "unknown";

    private string Name => this.GetPrimaryKeyString();

    private TimeSpan Period => _spec?.PeriodSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : options.Period;

    private TimeSpan DecryptEvery => _spec?.DecryptEverySeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : options.DecryptEvery;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        registry.Add(Name, this);
        if (_spec is { } moved) Begin(moved);
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        registry.Remove(Name, this);
        return Task.CompletedTask;
    }

    public void OnDehydrate(IDehydrationContext dehydrationContext)
    {
        _timer?.Dispose();
        if (_spec is { } spec) dehydrationContext.TryAddValue("spec", spec);
        dehydrationContext.TryAddValue("due", _due);
        dehydrationContext.TryAddValue("story", _memory.Story.ToArray());
    }

    public void OnRehydrate(IRehydrationContext rehydrationContext)
    {
        // What it will watch it knows at once: nobody has to touch it first.
        if (rehydrationContext.TryGetValue("spec", out StreamSpec? spec)) _spec = spec;
        if (rehydrationContext.TryGetValue("due", out DateTimeOffset due)) _movedDue = due;
        if (!rehydrationContext.TryGetValue("story", out StoryEntry[]? story) || story is null) return;
        foreach (StoryEntry entry in story) _memory.Tell(entry.At, entry.About, entry.Text);
    }

    /// <summary>Lets another silo watch it from now on.</summary>
    public void Leave(SiloAddress to)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, to);
        MigrateOnIdle();
    }

    public Task TouchAsync(StreamSpec spec)
    {
        if (_spec is null) Begin(spec);
        else if (!spec.IsSame(_spec))
        {
            _memory.Tell(clock.GetUtcNow(), "fleet", "what is watched has changed");
            if (spec.Address != _spec.Address)
            {
                (_memory.Digest, _memory.Systems, _memory.PublishTime, _memory.Missing) = (null, null, null, null);
                _memory.Newest.Clear();
                _memory.Manifest = default;
                _memory.Segment = default;
            }

            _memory.Keys.Clear();
            _spec = spec;
        }

        return Task.CompletedTask;
    }

    public async Task StopAsync()
    {
        _timer?.Dispose();
        _timer = null;
        if (_spec is { } spec)
        {
            AlertSignal[] over = [.. AllChecks.Checks.Where(check => _states.TryGetValue(check.Name, out (CheckState State, string, DateTimeOffset) now) && now.State == CheckState.Failing).Select(check => Signal(check, spec, isFailing: false, "no longer watched"))];
            if (over.Length > 0) await AlertsOf(spec).SignalAsync(over);
        }

        _spec = null;
        DeactivateOnIdle();
    }

    public Task<StreamReport?> ReportAsync() => Task.FromResult(_spec is { } spec ? new StreamReport
    {
        Summary = Summary(spec),
        Spec = spec,
        Checks =
        [
            .. AllChecks.Checks.Select(check => _states.TryGetValue(check.Name, out (CheckState State, string Text, DateTimeOffset Since) now)
                ? new CheckReport { Name = check.Name, Severity = check.Severity, State = now.State, Text = now.Text, Since = now.Since }
                : new CheckReport { Name = check.Name, Severity = check.Severity }),
        ],
        Keys = [.. _memory.Keys.Select(static key => key.Report)],
        Story = [.. _memory.Story],
        PeriodSeconds = Period.TotalSeconds,
        ManifestTook = _memory.ManifestTook,
        Offer = _memory.Offer,
        Protection = _memory.Headers,
        SegmentSpeed = _memory.Segment is { Failure: null } segment && segment.Took > TimeSpan.Zero && segment.Length > TimeSpan.Zero ? segment.Length / segment.Took : null,
        ManifestAge = _memory.Manifest is { IsLive: true, AdvancedAt: { } advanced } ? clock.GetUtcNow() - advanced : null,
    } : null);

    private async Task TickAsync(CancellationToken cancellationToken)
    {
        if (_spec is not { } spec) return;
        DateTimeOffset begun = clock.GetUtcNow();
        TimeSpan period = Period;
        _late = begun - _due;
        long missed = _late > period ? (long)(_late / period) : 0;
        _missed += missed;
        _ticks++;
        meter.Ticked(_late, missed);
        try
        {
            using CancellationTokenSource time = new(period / 2 > FleetTimes.ShortestLook ? period / 2 : FleetTimes.ShortestLook, clock);
            using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, time.Token);
            ManifestFacts? facts = await watcher.LookAsync(spec, _memory, deadline.Token);
            _isOverBudget = facts is null && _memory.Manifest.Failure is null;
            if (_memory.Manifest is { IsLive: true, AdvancedAt: { } advanced }) meter.ManifestAge(clock.GetUtcNow() - advanced);
            if (facts is not null && _spec == spec)
            {
                BeginKeys(spec);
                BeginProbe(spec, facts);
                BeginCompare(spec);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The grain leaves.
            return;
        }
        catch (Exception exception)
        {
            // A timer would swallow it.
            meter.Faulted();
            Log.Faulted(logger, Name, exception.GetType().Name);
            _memory.Tell(clock.GetUtcNow(), "fleet", $"a look failed by a defect: {exception.GetType().Name}");
        }

        if (_spec != spec) return;
        await EvaluateAsync(spec);
        Schedule(period);
    }

    private void Begin(StreamSpec spec)
    {
        _spec = spec;
        // Spread over the period, so that ten thousand that begin together do not tick together.
        // One that has moved looks when it would have looked.
        DateTimeOffset now = clock.GetUtcNow();
        TimeSpan first = _movedDue is { } due && due - now < Period ? due > now ? due - now : TimeSpan.Zero : Period * Random.Shared.NextDouble();
        _due = now + first;
        _memory.Tell(clock.GetUtcNow(), "fleet", $"watched by {silo.Name}");
        _timer = this.RegisterGrainTimer(TickAsync, new GrainTimerCreationOptions(first, Timeout.InfiniteTimeSpan) { Interleave = true, KeepAlive = true });
    }

    private void Schedule(TimeSpan period)
    {
        DateTimeOffset now = clock.GetUtcNow();
        // Counted from when it was due: what one look takes is no part of the time to the next.
        _due += period;
        if (_due < now - period) _due += period * Math.Floor((now - _due) / period);
        _timer?.Change(_due > now ? _due - now : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    private void BeginProbe(StreamSpec spec, ManifestFacts facts)
    {
        DateTimeOffset now = clock.GetUtcNow();
        if (_isProbing || options.SegmentEvery == TimeSpan.Zero || (now - _probed < options.SegmentEvery && _memory.Missing is null)) return;
        if (!budgets.MayFetch)
        {
            _isOverBudget = true;
            return;
        }

        (_isProbing, _probed) = (true, now);
        _ = RunAsync(async stop => await watcher.ProbeAsync(spec, _memory, facts, stop), FleetTimes.LongestProbe, () => _isProbing = false);
    }

    private void BeginCompare(StreamSpec spec)
    {
        DateTimeOffset now = clock.GetUtcNow();
        if (_isComparing || options.InspectEvery == TimeSpan.Zero || !_memory.Protection.IsProtected || now - _compared < options.InspectEvery) return;
        if (!budgets.MayFetch)
        {
            _isOverBudget = true;
            return;
        }

        (_isComparing, _compared) = (true, now);
        _ = RunAsync(async stop => await watcher.CompareAsync(spec, _memory, stop), FleetTimes.LongestCompare, () => _isComparing = false);
    }

    /// <summary>Has something done beside the looks, on the grain's own scheduler.</summary>
    private async Task RunAsync(Func<CancellationToken, Task> act, TimeSpan longest, Action ended)
    {
        try
        {
            using CancellationTokenSource deadline = new(longest, clock);
            await act(deadline.Token);
        }
        catch (Exception exception)
        {
            meter.Faulted();
            Log.Faulted(logger, Name, exception.GetType().Name);
        }
        finally
        {
            ended();
        }
    }

    private void BeginKeys(StreamSpec spec)
    {
        if (DecryptEvery == TimeSpan.Zero) return;
        DateTimeOffset now = clock.GetUtcNow();
        foreach (KeySetMemory key in _memory.Keys)
        {
            if (key.IsBusy) continue;
            bool isHeld = key.Facts?.State == LicenseState.Held;
            if (!isHeld && (key.Facts?.NotBefore ?? DateTimeOffset.MinValue) <= now) Begin(key, spec, isCheck: false);
            else if (isHeld && MayCheck(key) && IsCheckDue(key, now)) Begin(key, spec, isCheck: true);
            else if (isHeld && now - key.AskedAt >= LicenseEvery) Begin(key, spec, isCheck: null);
        }
    }

    /// <summary>Whether a segment of now may need a key set. Where only headers name keys nobody says which: one is tried, and the segment says which it needs.</summary>
    private bool MayCheck(KeySetMemory key)
    {
        if (key.Set.IsCurrent || key.IsNext) return true;
        if (key.Set.NeededAt is not null || _memory.Keys.Exists(static each => each.Set.IsCurrent)) return false;
        DateTimeOffset? newest = _memory.Keys.Max(static each => each.DecryptedAt);
        return !_memory.Keys.Exists(static each => each.IsNext) && (newest is not { } last || clock.GetUtcNow() - last >= DecryptEvery) && key == _memory.Keys[^1];
    }

    // The first one is spread: ten thousand that begin together do not fetch together.
    private bool IsCheckDue(KeySetMemory key, DateTimeOffset now) => key.DecryptedAt is not { } last ? key.IsNext || now - key.AnnouncedAt >= DecryptEvery / 4 * key.Spread : now - last >= (key.Decrypt is DecryptOutcome.NoSegment or DecryptOutcome.OverBudget ? 2 * Period : DecryptEvery);

    private void Begin(KeySetMemory key, StreamSpec spec, bool? isCheck, bool mayFollow = true)
    {
        key.IsBusy = true;
        _ = AskAsync(key, spec, isCheck, mayFollow);
    }

    /// <summary>Asks where the licence is. What comes back are facts.</summary>
    private async Task AskAsync(KeySetMemory key, StreamSpec spec, bool? isCheck, bool mayFollow)
    {
        try
        {
            IKeyHolderGrain holder = GrainFactory.GetGrain<IKeyHolderGrain>(key.Set.HolderOf(spec));
            KeyOrder order = new() { Stream = spec, KeyIds = [.. key.Set.KeyIds.Select(static id => id.ToString())], Turn = key.Turn };
            key.AskedAt = clock.GetUtcNow();
            if (isCheck == true)
            {
                CheckFacts check = await holder.CheckAsync(order);
                key.Turn++;
                NoteFacts(key, check.License);
                // At once, while the segment that names it is still the newest; and once, as two sets may each name the other.
                if (NoteCheck(key, check) is { IsBusy: false, Facts.State: LicenseState.Held } other && mayFollow && _spec == spec) Begin(other, spec, isCheck: true, mayFollow: false);
            }
            else NoteFacts(key, isCheck == false ? await holder.AcquireAsync(order) : await holder.ReportAsync());
        }
        catch (Exception exception)
        {
            // The holder's silo may just be gone: the next look asks again, wherever it is then.
            Log.HolderAway(logger, Name, exception.GetType().Name);
        }
        finally
        {
            key.IsBusy = false;
        }
    }

    private void NoteFacts(KeySetMemory key, KeyFacts facts)
    {
        DateTimeOffset now = clock.GetUtcNow();
        LicenseState before = key.Facts?.State ?? LicenseState.None;
        if (facts.State != before)
        {
            _memory.Tell(now, "licence", facts.State switch
            {
                LicenseState.Held => $"licence for {key.Set.Name}{(facts.RoundTrip is { } took ? $" in {Words.Span(took)}" : "")}, held by {facts.Silo}{(facts.Expires is { } end ? $", until {end:u}" : "")}",
                LicenseState.Refused or LicenseState.Away => $"no licence for {key.Set.Name}: {facts.Failure}",
                _ => $"the licence for {key.Set.Name} is gone",
            });
        }

        if (facts.IsRenewalFailing && key.Facts?.IsRenewalFailing != true) _memory.Tell(now, "licence", $"the licence for {key.Set.Name} could not be renewed: {facts.Failure}");
        _memory.KeySystem = facts.KeySystem ?? _memory.KeySystem;
        key.Facts = facts;
    }

    /// <summary>Notes what a check has found.</summary>
    /// <returns>The set that the segment needs in the place of this one.</returns>
    private KeySetMemory? NoteCheck(KeySetMemory key, CheckFacts check)
    {
        DateTimeOffset now = clock.GetUtcNow();
        if (check.Outcome == DecryptOutcome.OverBudget) _isOverBudget = true;
        if (check.Outcome != key.Decrypt || check.Outcome == DecryptOutcome.Clear) _memory.Tell(now, "decrypt", $"{key.Set.Name}: {check.Text}");
        (key.Decrypt, key.DecryptText, key.DecryptedAt) = (check.Outcome, check.Text, now);
        key.IsNext = false;
        meter.Decrypted(check.License.Provider, check.Outcome);
        if (check is not { Outcome: DecryptOutcome.OtherKey, NeededKey: { } needed } || !KeyId.TryParse(needed, out KeyId id)) return null;
        if (_memory.Keys.Find(each => each.Set.KeyIds.Contains(id)) is not { } other || other == key) return null;
        (other.IsNext, other.DecryptedAt) = (true, null);
        return other;
    }

    private async Task EvaluateAsync(StreamSpec spec)
    {
        DateTimeOffset now = clock.GetUtcNow();
        StreamView view = new()
        {
            Now = now,
            Period = Period,
            Thresholds = options.Thresholds,
            Manifest = _memory.Manifest,
            Segment = _memory.Segment,
            Protection = _memory.Protection,
            Keys = [.. _memory.Keys.Select(static key => key.View)],
            Late = _late,
            IsOverBudget = _isOverBudget,
        };
        List<AlertSignal> signals = [];
        bool isDue = now - _signalled >= SignalEvery;
        Severity? worst = null;
        foreach (ICheck check in AllChecks.Checks)
        {
            CheckResult result = check.Evaluate(view);
            bool isKnown = _states.TryGetValue(check.Name, out (CheckState State, string Text, DateTimeOffset Since) before);
            bool isNew = !isKnown || before.State != result.State;
            if (isNew && result.State == CheckState.Failing) meter.CheckFailed(check, Origins.Of(spec.Address));
            if (isNew && (result.State == CheckState.Failing || before.State == CheckState.Failing))
                _memory.Tell(now, "check", result.State == CheckState.Failing ? $"{check.Name}: {result.Text}" : $"{check.Name} is as it should be again");
            _states[check.Name] = (result.State, Words.Kept(result.Text), isNew ? now : before.Since);
            if (result.State == CheckState.Failing && !(worst >= check.Severity)) worst = check.Severity;
            if (result.State == CheckState.Failing ? isNew || isDue : before.State == CheckState.Failing) signals.Add(Signal(check, spec, result.State == CheckState.Failing, result.Text));
        }

        State = worst switch { null when _memory.Manifest.ReadAt is null => "unknown", null => "ok", Severity.Critical => "critical", Severity.Warning => "warning", _ => "ok" };
        try
        {
            if (signals.Count > 0) await AlertsOf(spec).SignalAsync(signals);
            if (isDue || signals.Count > 0 || _signalled is null) _signalled = now;
            StreamSummary summary = Summary(spec);
            string said = $"{summary.Worst} {string.Join(' ', summary.Failing)} {summary.Licenses} {summary.Kind}";
            if (said == _lastTold && now - _told < TellEvery) return;
            (_lastTold, _told) = (said, now);
            await GrainFactory.GetGrain<IRosterGrain>(Shards.OfStream(Name)).TellAsync(summary);
        }
        catch (Exception exception)
        {
            // Whoever should be told may be moving: it is told again.
            Log.NotTold(logger, Name, exception.GetType().Name);
            (_told, _signalled) = (null, null);
        }
    }

    private static AlertSignal Signal(ICheck check, StreamSpec spec, bool isFailing, string text) => new()
    {
        Stream = spec.Name,
        Check = check.Name,
        Severity = check.Severity,
        Origin = Origins.Of(spec.Address),
        Provider = spec.Provider,
        IsFailing = isFailing,
        Text = Words.Kept(text),
    };

    private IAlertGrain AlertsOf(StreamSpec spec) => GrainFactory.GetGrain<IAlertGrain>(Shards.OfOrigin(Origins.Of(spec.Address)));

    private StreamSummary Summary(StreamSpec spec)
    {
        string[] failing = [.. AllChecks.Checks.Where(check => _states.TryGetValue(check.Name, out (CheckState State, string, DateTimeOffset) now) && now.State == CheckState.Failing).OrderByDescending(static check => check.Severity).Select(static check => check.Name)];
        return new StreamSummary
        {
            Name = Name,
            Address = Origins.Shown(spec.Address),
            Origin = Origins.Of(spec.Address),
            Provider = spec.Provider,
            KeySystem = _memory.KeySystem,
            Worst = failing.Length == 0 ? null : AllChecks.Checks.First(check => check.Name == failing[0]).Severity,
            Failing = failing,
            SeenAt = _memory.Manifest.AskedAt,
            Kind = _memory.Kind,
            Silo = silo.Name,
            MissedTicks = _missed,
            Ticks = _ticks,
            Licenses = _memory.Keys.Count(static key => key.Facts?.State == LicenseState.Held),
        };
    }

    private static partial class Log
    {
        [LoggerMessage(401, LogLevel.Error, "a look at {Stream} failed by a defect ({Fault})")]
        public static partial void Faulted(ILogger logger, string stream, string fault);

        [LoggerMessage(402, LogLevel.Debug, "{Stream}: the holder of a licence did not answer ({Fault})")]
        public static partial void HolderAway(ILogger logger, string stream, string fault);

        [LoggerMessage(403, LogLevel.Debug, "{Stream}: what is known of it could not be told ({Fault})")]
        public static partial void NotTold(ILogger logger, string stream, string fault);
    }
}

using Keyway.Decryption;
using Keyway.Fleet.Checks;
using Keyway.Fleet.Configuration;
using Keyway.Fleet.Metrics;
using Keyway.Fleet.Watching;
using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.Mp4;
using Keyway.Sessions;
using Keyway.Timeline;
using Orleans.Concurrency;
using Orleans.Placement;

namespace Keyway.Fleet.Grains;

/// <summary>Holds one licence, in this process's engine, and does with it what others want to know.</summary>
[Reentrant, PreferLocalPlacement, Immovable]
internal sealed class KeyHolderGrain(IKeyway keyway, StreamOptions streams, Budgets budgets, SiloRegistry registry, ILocalSiloDetails silo, TimeProvider clock, FleetOptions options) : Grain, IKeyHolderGrain
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    private Presentation? _held;
    private Task<KeyFacts>? _acquiring;
    private KeyFacts _last = new() { State = LicenseState.None };
    private int _failures;
    private bool _isRestricted;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        registry.AddHolder(this.GetPrimaryKeyString());
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        registry.RemoveHolder(this.GetPrimaryKeyString());
        if (_held is { } held) await held.DisposeAsync();
        _held = null;
    }

    public Task<KeyFacts> AcquireAsync(KeyOrder order)
    {
        Keep();
        if (_acquiring is { IsCompleted: false } running) return running;
        KeyFacts now = Facts();
        // Who asks again before it makes sense gets the answer of before: a hundred streams are one question.
        if (now.State == LicenseState.Held || now.NotBefore > clock.GetUtcNow()) return Task.FromResult(now);
        return _acquiring = AskAsync(order);
    }

    public Task<KeyFacts> ReportAsync()
    {
        Keep();
        return Task.FromResult(Facts());
    }

    public async Task<CheckFacts> CheckAsync(KeyOrder order)
    {
        KeyFacts license = await AcquireAsync(order);
        if (license.State != LicenseState.Held || _held is not { } held) return new CheckFacts { License = license, Outcome = DecryptOutcome.NoLicense, Text = license.Failure ?? "there is no licence" };
        if (!budgets.MayFetch) return new CheckFacts { License = license, Outcome = DecryptOutcome.OverBudget, Text = "not decrypted: more bytes a second than the fleet may fetch (Fleet:Budget:BytesPerSecond)" };
        using CancellationTokenSource deadline = new(FleetTimes.LongestLicense, clock);
        try
        {
            return await CheckAsync(order, held, deadline.Token) with { License = Facts() };
        }
        catch (Exception exception) when (StreamWatcher.IsOfContent(exception) || exception is OperationCanceledException or ObjectDisposedException)
        {
            return Judge(exception) with { License = Facts() };
        }
    }

    private async Task<CheckFacts> CheckAsync(KeyOrder order, Presentation held, CancellationToken cancellationToken)
    {
        Uri address = streams.AddressOf(order.Stream);
        PresentationOptions how = OptionsOf(order);
        ManifestFacts manifest = await keyway.ReadManifestAsync(address, how, cancellationToken);
        TimeSpan ahead = await keyway.ReadClockAsync(manifest, cancellationToken) ?? TimeSpan.Zero;
        if (await ChooseAsync(order, manifest, how, clock.GetUtcNow() + ahead, cancellationToken) is not { } choice)
            return new CheckFacts { License = _last, Outcome = DecryptOutcome.NoSegment, Text = "no segment of these keys is there now" };

        // Another address of the same keys joins the same sessions, and asks for nothing.
        Presentation own = manifest.Source == held.Facts.Source ? held : await keyway.OpenAsync(address, how, cancellationToken);
        try
        {
            SegmentCheck check = await own.CheckSegmentAsync(manifest, choice.Rendition, choice.Segment, cancellationToken);
            budgets.Spend(check.Bytes);
            string name = ManifestObserver.NameOf(choice.Rendition);
            bool isDoubtful = check.KeyCheck == Mp4KeyCheckResult.Doubtful;
            return new CheckFacts
            {
                License = _last,
                Outcome = isDoubtful ? DecryptOutcome.Failed : DecryptOutcome.Clear,
                Text = Words.Kept(check.ProtectedSamples == 0 ? $"{name}: {check.Samples} samples, none of them protected"
                    : $"{name}: {check.ProtectedSamples} of {check.Samples} samples decrypted, key check {check.KeyCheck}{(check.KeyCheckReason.Length > 0 ? $" ({check.KeyCheckReason})" : "")}"),
                Samples = check.Samples,
                ProtectedSamples = check.ProtectedSamples,
                KeyCheck = check.KeyCheck.ToString(),
                Rendition = name,
            };
        }
        finally
        {
            if (own != held) await own.DisposeAsync();
        }
    }

    /// <summary>A segment of now whose keys are these: renditions take turns.</summary>
    private async Task<(Rendition Rendition, TimelineSegment Segment)?> ChooseAsync(KeyOrder order, ManifestFacts manifest, PresentationOptions how, DateTimeOffset there, CancellationToken cancellationToken)
    {
        HashSet<string> keys = [.. order.KeyIds];
        Rendition[] fitting =
        [
            .. (manifest.Timeline.Live is null ? manifest.Timeline.Periods.SelectMany(static period => period.Renditions) : ManifestObserver.Playable(manifest.Timeline, there).Select(static each => each.Rendition))
                .Where(rendition => rendition is { IsReadable: true, NotUnderstood: null, Kind: MediaKind.Video or MediaKind.Audio } && rendition.Protection.Count > 0 && MayNeed(rendition, keys))
                .OrderBy(static rendition => rendition.Kind == MediaKind.Video ? 0 : 1).ThenBy(static rendition => rendition.Bandwidth).Take(FleetLimits.Renditions),
        ];
        for (int i = 0; i < fitting.Length; i++)
        {
            Rendition rendition = fitting[(int)((uint)(order.Turn + i) % (uint)fitting.Length)];
            if (manifest.Timeline.Live is not null)
            {
                if (rendition.Segments.Newest(there) is { Kind: SegmentStepKind.Ready, Segment: var newest }) return (rendition, newest);
                continue;
            }

            IReadOnlyList<TimelineSegment> segments = await keyway.ListSegmentsAsync(manifest, rendition, options: how, cancellationToken: cancellationToken);
            if (segments.Count > 0) return (rendition, segments[(int)((uint)(order.Turn / fitting.Length) % (uint)segments.Count)]);
        }

        return null;
    }

    private static bool MayNeed(Rendition rendition, HashSet<string> keys)
    {
        if (keys.Count == 0) return true;
        KeyId[] named = [.. rendition.Protection.SelectMany(static said => said.KeyIds).Where(static id => id != default)];
        return named.Length == 0 || Array.Exists(named, id => keys.Contains(id.ToString()));
    }

    private async Task<KeyFacts> AskAsync(KeyOrder order)
    {
        Presentation? opened = null;
        try
        {
            using CancellationTokenSource deadline = new(FleetTimes.LongestLicense, clock);
            if (_held is null)
            {
                // Looking at content is no licence of its service, and may fail by itself.
                opened = await keyway.OpenAsync(streams.AddressOf(order.Stream), OptionsOf(order), deadline.Token);
                await opened.AcquireAsync(deadline.Token);
                (_held, opened) = (opened, null);
            }
            else await _held.AcquireAsync(deadline.Token);

            (_failures, _isRestricted) = (0, false);
            return Facts();
        }
        catch (KeyUnavailableException exception) when (exception.Reason == KeyUnavailableReason.RefusedByPolicy)
        {
            // The licence is there; what it asks of outputs a check does not have.
            if (opened is not null) (_held, opened) = (opened, null);
            (_failures, _isRestricted) = (0, true);
            return Facts();
        }
        catch (Exception exception) when (StreamWatcher.IsOfContent(exception) || exception is OperationCanceledException or ObjectDisposedException)
        {
            if (Budgets.IsRefusal(exception)) return _last = new KeyFacts { State = LicenseState.None, NotBefore = clock.GetUtcNow() + options.Period, Silo = silo.Name };
            LicenseServiceException? cause = exception as LicenseServiceException ?? exception.InnerException as LicenseServiceException;
            LicenseErrorKind? kind = (exception as KeyUnavailableException)?.Kind ?? cause?.Kind;
            bool isAway = kind is LicenseErrorKind.Network or LicenseErrorKind.ServerFault or LicenseErrorKind.Throttled || exception is OperationCanceledException or SourceException or ManifestException;
            TimeSpan pause = FirstPause * Math.Pow(2, Math.Min(_failures++, 8)) is var doubled && doubled < LongestPause ? doubled : LongestPause;
            if (cause?.RetryAfter is { } asked && asked > pause) pause = asked;
            if (_held is not null) await DropAsync();
            return _last = new KeyFacts
            {
                State = isAway ? LicenseState.Away : LicenseState.Refused,
                Failure = Words.Kept(exception is OperationCanceledException ? $"no answer within {Words.Span(FleetTimes.LongestLicense)}" : exception.Message),
                FailureKind = kind?.ToString(),
                NotBefore = clock.GetUtcNow() + pause,
                Provider = order.Stream.Provider,
                Silo = silo.Name,
            };
        }
        finally
        {
            if (opened is not null) await opened.DisposeAsync();
        }
    }

    private async Task DropAsync()
    {
        Presentation? held = _held;
        _held = null;
        if (held is not null) await held.DisposeAsync();
    }

    private PresentationOptions OptionsOf(KeyOrder order) => streams.OptionsOf(order.Stream) with
    {
        OnlyKeys = order.KeyIds.Count == 0 ? null : [.. order.KeyIds.Select(static text => KeyId.TryParse(text, out KeyId id) ? id : default)],
        SharingScope = this.GetPrimaryKeyString(),
    };

    /// <summary>What may be said now.</summary>
    private KeyFacts Facts()
    {
        if (_held is not { } held) return _last;
        IReadOnlyList<SessionReport> sessions = held.Sessions;
        KeyEntry[] keys = [.. sessions.SelectMany(static session => session.Keys)];
        bool isOver = keys.Length == 0 ? sessions.Count > 0 && sessions.All(static session => session.State is SessionState.Failed or SessionState.Closed) : keys.All(static key => key.Status is KeyStatus.Expired or KeyStatus.Released or KeyStatus.InternalError);
        LicenseServiceException? error = sessions.Select(static session => session.Error).LastOrDefault(static error => error is not null);
        return _last = new KeyFacts
        {
            State = isOver ? LicenseState.Refused : LicenseState.Held,
            Failure = error is not null ? Words.Kept(error.Message) : isOver ? "its time is over" : _isRestricted ? "it asks for outputs that a check does not have" : null,
            FailureKind = error?.Kind.ToString(),
            Expires = keys.Where(static key => key.Policy.NotAfter is not null).Select(static key => key.Policy.NotAfter).Min(),
            IsRenewalFailing = !isOver && error is not null,
            RoundTrip = sessions.Select(static session => session.RoundTrip).Max(),
            Exchanges = sessions.Sum(static session => session.Exchanges),
            KeySystem = sessions.Count > 0 ? sessions[0].KeySystem : held.Facts.KeySystem.Chosen?.Name,
            Provider = held.Provider,
            Silo = silo.Name,
        };
    }

    private CheckFacts Judge(Exception exception)
    {
        string text = Words.Kept(exception.Message);
        (DecryptOutcome outcome, string? needed) = exception switch
        {
            _ when Budgets.IsRefusal(exception) => (DecryptOutcome.OverBudget, null),
            KeyUnavailableException { Reason: KeyUnavailableReason.RefusedByPolicy } => (DecryptOutcome.NotCheckable, null),
            KeyUnavailableException { Reason: KeyUnavailableReason.NotInLicense } other => (DecryptOutcome.OtherKey, (string?)other.Id.ToString()),
            KeyUnavailableException or LicenseServiceException => (DecryptOutcome.NoLicense, null),
            SourceException or ManifestException or RangeNotFoundException or OperationCanceledException or ObjectDisposedException => (DecryptOutcome.NoSegment, null),
            _ => (DecryptOutcome.Failed, null),
        };
        if (outcome == DecryptOutcome.NotCheckable) text = $"licence fine, output not checkable here: {text}";
        return new CheckFacts { License = _last, Outcome = outcome, Text = Words.Kept(text), NeededKey = needed };
    }

    // As long as somebody asks within the time between two checks, the licence is kept.
    private void Keep() => DelayDeactivation(options.DecryptEvery + options.DecryptEvery + TimeSpan.FromMinutes(1));
}

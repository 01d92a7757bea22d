using System.Diagnostics;
using Keyway.Decryption;
using Keyway.Diagnostics;
using Keyway.Licensing;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Origins;
using Keyway.Licensing.Secrets;
using Keyway.Messaging;

namespace Keyway.Sessions;

/// <summary>
/// One licence session: what happens to it comes by its <see cref="SessionMailbox"/>, <see cref="SessionMachine"/> says what is to be done, and this class
/// does it. The key system's half is called from the mailbox only (<see cref="KeySystemHalf"/>); exchanges run beside the mailbox and post what became
/// of them (<see cref="ExchangeInFlight"/>); what outlives the session is <see cref="SessionStorage"/>'s.
/// </summary>
/// <remarks>
/// Threads: every public member may be called from any; each posts or reads a snapshot. Ownership: the session table's, which closes it.
/// </remarks>
internal sealed class LicenseSessionActor : IAsyncDisposable
{
    // A key system that does not listen to its cancellation must not keep keys alive.
    private static readonly TimeSpan CloseWait = TimeSpan.FromSeconds(5);

    private readonly SessionMailbox _mailbox;
    private readonly KeySystemHalf _half;
    private readonly ExchangeInFlight _exchange;
    private readonly SessionStorage _storage;
    private readonly Conclusion _conclusion = new();
    private readonly CancellationTokenSource _lifetime = new();
    private readonly SessionContext _context;
    private readonly SessionRequest _request;
    private readonly RenewalClock _clock;
    private readonly Activity? _span;
    private readonly Task _reader;

    private SessionSnapshot _snapshot;
    private bool _renewalFailing;
    private LicenseServiceException? _cause;
    private Dictionary<KeyId, KeyStatus> _lastStatus = [];

    public LicenseSessionActor(SessionContext context, KeyRingOptions options, SessionRequest request, StoredStart? start = null)
    {
        (_context, Options, _request) = (context, options, request);
        _mailbox = new SessionMailbox(OnFaultAsync);
        _half = new KeySystemHalf(options.KeySystem, context.Patience, stage => _mailbox.Post(() => OnOutsideCallsAsync(stage)));
        _exchange = new ExchangeInFlight(context);
        _storage = new SessionStorage(context, Id, options, request, start);
        _clock = new RenewalClock(context.Clock, () => _mailbox.Post(OnTimeAsync));
        _snapshot = new SessionSnapshot { Asked = [.. request.Keys.Select(static key => key.Id), .. request.Headers.SelectMany(static header => header.KeyIds)] };
        Hints = [.. options.ContentUrls, .. HintsOf(request.Headers)];
        _span = Spans.Session(options.Trace, Id, options.KeySystem.Descriptor.Name, options.Service.Name);
        _reader = Task.Run(ReadAsync);
    }

    public SessionId Id { get; } = SessionId.Create();

    /// <summary>What its opener asked for. Those who join share its licence URL, scope and provider.</summary>
    public KeyRingOptions Options { get; }

    public IReadOnlyList<LicenseUrlHint> Hints { get; }

    /// <summary>The span that its exchanges are part of.</summary>
    public ActivityContext Trace => _span?.Context ?? Options.Trace;

    /// <summary>The scheme that its keys are for, where there is one.</summary>
    public ProtectionScheme? Scheme => _request.Keys.Select(static key => (ProtectionScheme?)key.Scheme).FirstOrDefault(static scheme => scheme is not null and not ProtectionScheme.None);

    public string? ContentId => _request.Headers.Select(static header => header.ContentId).FirstOrDefault(static id => id is not null);

    public KeySystemDescriptor Descriptor => Options.KeySystem.Descriptor;

    public SessionSnapshot Snapshot => Volatile.Read(ref _snapshot);

    /// <summary>Why no licence is there yet; <see langword="null"/>: no exchange is under way, or it does not wait for the service.</summary>
    public LicenseServiceException? WhyNotYet => _exchange.WhyNotYet(Snapshot.LicenseUrl);

    /// <summary>What is stored of it; <see langword="null"/>: nothing.</summary>
    public StoredLicense? Stored => _storage.Current;

    /// <summary>Whether the store should be told that the licence is in use, or that the clock is not what it was.</summary>
    public bool IsSeenLongAgo => _storage.IsSeenLongAgo;

    /// <summary>Ends when what the session was opened for, or asked to do with its stored licence, is done; fails with the reason.</summary>
    public Task Concluded => _conclusion.Task;

    private SessionState State => _snapshot.State;

    private bool IsOver => State is SessionState.Failed or SessionState.Closed or SessionState.Released;

    /// <summary>Whether it holds the key, or is fetching it.</summary>
    public bool HoldsOrFetches(KeyId id) => (Snapshot is { Fetching: true } now && now.Asked.Contains(id)) || Holds(id);

    public bool Holds(KeyId id) =>
        _context.Vault.Find(Id, id, OutputCapabilities.None, null) is { Status: not (KeyStatus.Released or KeyStatus.InternalError) };

    /// <summary>The keys that it holds or is fetching.</summary>
    public IEnumerable<KeyId> HeldOrFetched()
    {
        SessionSnapshot now = Snapshot;
        IEnumerable<KeyId> held = _context.Vault.Keys(Id).Where(static key => key.Status is not (KeyStatus.Released or KeyStatus.InternalError)).Select(static key => key.Id);
        return now.Fetching ? held.Concat(now.Asked) : held;
    }

    /// <summary>The keys that it knows of: that it holds, is fetching, or was asked for.</summary>
    public IEnumerable<KeyId> Known() => _context.Vault.Keys(Id).Select(static key => key.Id).Union(Snapshot.Asked);

    /// <summary>Opens the key system's half, and begins the first exchange if one is needed.</summary>
    public void Open() => _mailbox.Post(OnOpenAsync);

    /// <summary>Notes keys that somebody hopes this session's licence will bring.</summary>
    public Task ExpectAsync(IReadOnlyCollection<KeyId> keys) => _mailbox.CallAsync(() =>
    {
        Update(snapshot => snapshot with { Asked = snapshot.Asked.Union(keys) });
        return new ValueTask<bool>(true);
    });

    /// <summary>Forgets keys that nobody needs any more: it is no longer for them.</summary>
    public void Forget(IReadOnlyCollection<KeyId> keys) => _mailbox.Post(() =>
    {
        Update(snapshot => snapshot with { Asked = snapshot.Asked.Except(keys) });
        return ValueTask.CompletedTask;
    });

    /// <summary>Offers a header found later.</summary>
    public Task<HeaderOutcome> OfferAsync(ProtectionHeader header) => _mailbox.CallAsync(() => OnOfferAsync(header));

    /// <summary>Asks for a licence again: a reader needs a key whose time is over.</summary>
    public Task AskAgainAsync() => _mailbox.CallAsync(async () =>
    {
        await ApplyAsync(SessionInput.LicenseWanted, ChallengeKind.License).ConfigureAwait(false);
        return true;
    });

    /// <summary>A key was used for the first time.</summary>
    public void FirstUsed(KeyId id) => _mailbox.Post(() => OnFirstUseAsync(id));

    /// <summary>Sets the clock by the keys that it holds now.</summary>
    public void ArmClock() => _mailbox.Post(OnArmAsync);

    /// <summary>The order of an exchange, if it still counts.</summary>
    public ExchangeOrder? Order(int number) => _exchange.Order(number);

    /// <summary>Notes where an exchange goes.</summary>
    public void Sending(Uri url) => _mailbox.Post(() =>
    {
        Update(snapshot => snapshot with { LicenseUrl = url });
        return ValueTask.CompletedTask;
    });

    /// <summary>Writes the challenge of an exchange that still counts.</summary>
    public Task<ChallengeInfo> WriteChallengeAsync(int number, ChallengeRequest request, SecretBuffer destination, CancellationToken cancellationToken) => _mailbox.CallAsync(async () =>
    {
        RequireCounts(number, cancellationToken);
        ChallengeInfo written = await _half.WriteChallengeAsync(request, destination, cancellationToken).ConfigureAwait(false);
        _storage.IsReleaseWritten |= written?.Kind == ChallengeKind.Release;
        return written!;
    });

    /// <summary>Has the key system read a refusal of an exchange that still counts.</summary>
    public Task<LicenseServiceException?> ReadRefusalAsync(int number, LicenseAnswer answer, CancellationToken cancellationToken) => _mailbox.CallAsync(() =>
    {
        RequireCounts(number, cancellationToken);
        return new ValueTask<LicenseServiceException?>(_half.ReadRefusal(answer));
    });

    /// <summary>Leaves the result of an exchange to be fetched by its number.</summary>
    public void Deposit(ExchangeResult result)
    {
        _exchange.Deposit(result);
        if (_reader.IsCompleted) _exchange.Forget();
    }

    /// <summary>Opens what an exchange has brought.</summary>
    public void Collect(int number)
    {
        if (!_mailbox.Post(() => OnResultAsync(number))) _exchange.Take(number)?.Dispose();
    }

    /// <summary>Notes in the store that keys are about to be used, and then lets them be.</summary>
    public Task NoteUseAsync(IReadOnlyList<KeyId> keys) => _mailbox.CallAsync(async () =>
    {
        await OnUseAsync(keys).ConfigureAwait(false);
        return true;
    });

    /// <summary>Renews the licence now.</summary>
    /// <returns>A task that ends when it is renewed.</returns>
    public async Task RenewNowAsync()
    {
        Task concluded = await _mailbox.CallAsync(async () =>
        {
            Task concluded = _conclusion.Begin();
            if (!_exchange.IsUnderWay) await BeginRenewalAsync().ConfigureAwait(false);
            return concluded;
        }).ConfigureAwait(false);
        await concluded.ConfigureAwait(false);
    }

    /// <summary>Gives the licence back. That it is to be given back is stored first, and what is stored goes when the service has said so.</summary>
    /// <returns>A task that ends when it is given back.</returns>
    public async Task ReleaseAsync()
    {
        Task concluded = await _mailbox.CallAsync(async () =>
        {
            Task concluded = _conclusion.Begin();
            await BeginReleaseAsync().ConfigureAwait(false);
            return concluded;
        }).ConfigureAwait(false);
        await concluded.ConfigureAwait(false);
    }

    /// <summary>Ends the session: nothing of the key system runs afterwards, and every key is zeroed.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_mailbox.Post(OnCloseAsync))
        {
            await _reader.ConfigureAwait(false);
            return;
        }

        // Whatever the mailbox is waiting for is told at once.
        await _lifetime.CancelAsync().ConfigureAwait(false);
        using CancellationTokenSource patience = new();
        Task waited = await Task.WhenAny(_reader, Task.Delay(CloseWait, _context.Clock, patience.Token)).ConfigureAwait(false);
        await patience.CancelAsync().ConfigureAwait(false);
        if (waited != _reader)
        {
            _half.End();
            _context.Vault.Revoke(Id);
        }
    }

    public SessionReport Report()
    {
        SessionSnapshot now = Snapshot;
        return new SessionReport
        {
            Id = Id,
            KeySystem = Descriptor.Name,
            Provider = Options.Service.Name,
            State = now.State,
            Wanted = [.. now.Asked.OrderBy(static id => id.Value)],
            Keys = _context.Vault.Keys(Id),
            Exchanges = now.Exchanges,
            RoundTrip = now.RoundTrip,
            LicenseUrl = now.LicenseUrl is { } url ? Redactor.Url(url) : null,
            Stored = Stored?.Id,
            Error = now.Error,
        };
    }

    private static IEnumerable<LicenseUrlHint> HintsOf(IEnumerable<ProtectionHeader> headers) =>
        from header in headers
        let url = header.LicenseUrl
        where url is { IsAbsoluteUri: true }
        select new LicenseUrlHint(url, $"the protection header of {header.System}") { IsOfHeader = true };

    private async Task ReadAsync()
    {
        await _mailbox.ReadAsync().ConfigureAwait(false);
        _clock.Dispose();
        _span?.Dispose();
        _storage.Dispose();
        _exchange.Forget();
    }

    private void RequireCounts(int number, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (IsOver || number != _exchange.Number) throw new OperationCanceledException();
    }

    private void Update(Func<SessionSnapshot, SessionSnapshot> change)
    {
        SessionSnapshot changed = change(_snapshot);
        Volatile.Write(ref _snapshot, changed with { Fetching = IsFetching(changed.State) });
    }

    private bool IsFetching(SessionState state) =>
        state == SessionState.Created || (state is SessionState.Acquiring or SessionState.Usable or SessionState.Renewing or SessionState.Expired && (_exchange.IsUnderWay || _exchange.IsAnotherWanted));

    // ---- what the mailbox's reader does: from here on, one at a time

    private async ValueTask OnFaultAsync(Exception exception)
    {
        // Every handler answers for the key system's faults; what is left is a fault of ours, and the session must not hang on it.
        _cause = new LicenseServiceException(LicenseErrorKind.InternalFault, "the session failed inside", exception);
        await ApplyAsync(SessionInput.Broke).ConfigureAwait(false);
    }

    private async ValueTask OnOpenAsync()
    {
        if (IsOver) return;
        (StagedCalls stage, StoredPurpose purpose) = await OpenHalfAsync().ConfigureAwait(false);
        using (stage)
        {
            if (_lifetime.IsCancellationRequested) return;
            // What is stored may have changed, and the clock with it: both are looked at before any key is there.
            if (_half.IsOpen && Stored is not null) _cause = await _storage.RefreshAsync(purpose).ConfigureAwait(false);
            if (!_half.IsOpen || _cause is not null)
            {
                await ApplyAsync(SessionInput.Broke).ConfigureAwait(false);
                return;
            }

            stage.Commit(_context.Vault, Id, _storage.FirstUseOf);
            _half.Lend(_context.Vault, Id);
            bool isTakenUp = Stored is not null;
            if (isTakenUp) _storage.LetGo();
            if (isTakenUp && await OnTakenUpAsync(purpose).ConfigureAwait(false)) return;
            IReadOnlyList<KeyEntry> keys = _context.Vault.Keys(Id);
            // A stored licence whose time is to come is a licence: no other is asked for.
            Func<KeyEntry, bool> isReady = isTakenUp ? IsLive : IsUsable;
            bool allUsable = keys.Any(isReady) && _snapshot.Asked.All(id => keys.Any(key => key.Id == id && isReady(key)));
            if (allUsable && _storage.IsWanted && !isTakenUp && await KeepAsync().ConfigureAwait(false) is { } unkept)
            {
                _cause = unkept;
                await ApplyAsync(SessionInput.Broke).ConfigureAwait(false);
                return;
            }

            if (allUsable)
            {
                _storage.LetGo();
                await ApplyAsync(SessionInput.Ready).ConfigureAwait(false);
            }
            else
            {
                // Keys that are there already stay usable, whatever happens to the licence for the others; with a licence to be stored they wait for it.
                if (keys.Any(IsUsable) && (isTakenUp || !_storage.IsWanted)) await ApplyAsync(SessionInput.KeysUsable).ConfigureAwait(false);
                if (stage.Requested == ChallengeKind.None) await ApplyAsync(SessionInput.LicenseWanted, ChallengeKind.License).ConfigureAwait(false);
            }

            await AfterStageAsync(stage).ConfigureAwait(false);
        }
    }

    /// <summary>Opens the key system's half, with what is stored where something is. What cannot be taken up is as if it were not there.</summary>
    private async ValueTask<(StagedCalls Stage, StoredPurpose Purpose)> OpenHalfAsync()
    {
        using StoredStart? start = _storage.Begin();
        StoredPurpose purpose = start?.Purpose ?? StoredPurpose.Play;
        StoredLicenseContent? content = start?.Content;
        Staged<bool> opened = await _half.OpenAsync(_request with { Stored = content?.Saved ?? default }, _lifetime.Token).ConfigureAwait(false);
        if (opened.Failure is { } cause && content is not null && purpose == StoredPurpose.Play && !_lifetime.IsCancellationRequested)
        {
            _storage.PassOver(content.License, cause);
            opened = await _half.OpenAsync(_request with { Stored = default }, _lifetime.Token).ConfigureAwait(false);
        }

        _cause = opened.Failure;
        return (opened.Stage, purpose);
    }

    /// <summary>Goes on with a stored licence that was taken up.</summary>
    /// <returns>Whether what is to happen next has been decided.</returns>
    private async ValueTask<bool> OnTakenUpAsync(StoredPurpose purpose)
    {
        bool refused = TellOfClock();
        if (purpose == StoredPurpose.Play && !refused) return false;
        IReadOnlyList<KeyEntry> keys = _context.Vault.Keys(Id);
        await ApplyAsync(keys.Any(IsUsable) ? SessionInput.KeysUsable : SessionInput.TimeRanOut).ConfigureAwait(false);
        PublishKeys();
        // Whatever is done from here may fail; then the licence is as it was, and the caller is told.
        try
        {
            if (purpose == StoredPurpose.Renew) await BeginRenewalAsync().ConfigureAwait(false);
            else if (purpose == StoredPurpose.Release) await BeginReleaseAsync().ConfigureAwait(false);
        }
        catch (KeywayException exception)
        {
            _conclusion.End(exception);
        }

        return true;
    }

    private async ValueTask<HeaderOutcome> OnOfferAsync(ProtectionHeader header)
    {
        if (IsOver || !_half.IsOpen) return HeaderOutcome.NotMine;
        Staged<HeaderOutcome> offered = await _half.OfferAsync(header, _lifetime.Token).ConfigureAwait(false);
        using StagedCalls stage = offered.Stage;
        // A session that cannot read a header is as good as before; the header goes to another.
        if (offered.Failure is not null) return HeaderOutcome.NotMine;
        stage.Commit(_context.Vault, Id, _storage.FirstUseOf);
        if (offered.Result != HeaderOutcome.NotMine) Update(snapshot => snapshot with { Asked = snapshot.Asked.Union(header.KeyIds) });
        if (offered.Result == HeaderOutcome.ExchangeNeeded && stage.Requested == ChallengeKind.None)
            await ApplyAsync(SessionInput.HeaderFound, ChallengeKind.License).ConfigureAwait(false);
        await AfterStageAsync(stage).ConfigureAwait(false);
        return offered.Result;
    }

    private async ValueTask OnResultAsync(int number)
    {
        using ExchangeResult? result = _exchange.Take(number);
        // Late: a newer challenge is out, or nobody waits any more.
        if (result is null || IsOver || !_exchange.IsUnderWay || number != _exchange.Number) return;
        if (result.Failure is null && result.Answer is { } answer) await OnAnswerAsync(answer, result.RoundTrip).ConfigureAwait(false);
        else await OnFailureAsync(result.Failure ?? new LicenseServiceException(LicenseErrorKind.InternalFault, "an exchange has ended without an answer")).ConfigureAwait(false);
    }

    private async ValueTask OnAnswerAsync(LicenseAnswer answer, TimeSpan roundTrip)
    {
        Staged<LicenseOutcome> accepted = await _half.AcceptAsync(answer, _lifetime.Token).ConfigureAwait(false);
        using StagedCalls stage = accepted.Stage;
        // It is being closed: whatever the key system made of that is no failure.
        if (_lifetime.IsCancellationRequested) return;
        LicenseServiceException? failure = accepted.Failure;
        if (failure is null && accepted.Result == LicenseOutcome.AnotherExchangeNeeded && _exchange.CountAnother() is var inARow && inARow >= _context.MaximumExchanges)
            failure = new LicenseServiceException(LicenseErrorKind.InternalFault, $"the key system '{Descriptor.Name}' asks for exchange after exchange ({inARow})");
        if (failure is not null)
        {
            await OnFailureAsync(failure).ConfigureAwait(false);
            return;
        }

        stage.Commit(_context.Vault, Id, _storage.FirstUseOf);
        Update(snapshot => snapshot with { RoundTrip = roundTrip });
        if (accepted.Result == LicenseOutcome.AnotherExchangeNeeded)
        {
            await ApplyAsync(SessionInput.AnotherNeeded, _exchange.Kind).ConfigureAwait(false);
            await AfterStageAsync(stage).ConfigureAwait(false);
            return;
        }

        LicenseServiceException? unkept = _storage.IsWanted && State != SessionState.Releasing ? await KeepAsync().ConfigureAwait(false) : null;
        if (unkept is not null && Stored is null)
        {
            _cause = unkept;
            await ApplyAsync(SessionInput.Broke).ConfigureAwait(false);
            return;
        }

        if (_storage.IsWanted) _storage.LetGo();
        bool again = _exchange.Conclude();
        SetRenewalFailing(false);
        if (_context.Vault.Keys(Id).Any(IsLive))
        {
            _cause = null;
            await ApplyAsync(SessionInput.LicenseAccepted).ConfigureAwait(false);
            if (again) await ApplyAsync(SessionInput.HeaderFound, ChallengeKind.License).ConfigureAwait(false);
        }
        else if (again) await ApplyAsync(SessionInput.AnotherNeeded, ChallengeKind.License).ConfigureAwait(false);
        else
        {
            if (State is SessionState.Acquiring or SessionState.Renewing) _cause = WhyNothing();
            await ApplyAsync(SessionInput.NothingAccepted).ConfigureAwait(false);
        }

        await AfterStageAsync(stage, exchangeEnded: true).ConfigureAwait(false);
        OnExchangeEnded(unkept);
    }

    /// <summary>Why a licence that was accepted makes no key usable.</summary>
    private LicenseServiceException WhyNothing()
    {
        IReadOnlyList<KeyEntry> keys = _context.Vault.Keys(Id);
        return keys.Count > 0 && keys.All(static key => key.Status == KeyStatus.Expired)
            ? new LicenseServiceException(LicenseErrorKind.LicenseExpired, $"the time of every key in the licence is over{(Descriptor.Refusals.Expired is { } code ? $" ({code})" : "")}") { ProviderCode = Descriptor.Refusals.Expired }
            : new LicenseServiceException(LicenseErrorKind.KeyNotFound, "the licence holds no usable key");
    }

    private async ValueTask OnFailureAsync(LicenseServiceException failure)
    {
        _exchange.Conclude();
        // The grace that a licence may give is for a service that is away, not for one that says no.
        SetRenewalFailing(AnswerJudge.IsServiceAway(failure.Kind));
        if (!_context.Vault.Keys(Id).Any(IsLive)) failure = _storage.WithReasonOfHeld(failure);
        _cause = failure;
        await ApplyAsync(SessionInput.ExchangeFailed).ConfigureAwait(false);
        if (!IsOver) PublishKeys();
        _conclusion.End(failure);
    }

    /// <summary>What cannot be stored of a renewal is no reason to lose it, and is reported.</summary>
    private void OnExchangeEnded(LicenseServiceException? unkept)
    {
        if (unkept is not null && !IsOver)
        {
            Update(snapshot => snapshot with { Error = unkept });
            _context.Facts.Failed(Id, unkept.Kind, terminal: false);
        }

        if (!IsOver && !_exchange.IsUnderWay) _conclusion.End(unkept ?? (State == SessionState.Expired ? _cause : null));
    }

    private async ValueTask OnOutsideCallsAsync(StagedCalls stage)
    {
        using (stage)
        {
            if (IsOver) return;
            stage.Commit(_context.Vault, Id, _storage.FirstUseOf);
            if (stage.ChangesKeys)
            {
                IReadOnlyList<KeyEntry> keys = _context.Vault.Keys(Id);
                if (keys.Any(IsUsable)) await ApplyAsync(SessionInput.KeysUsable).ConfigureAwait(false);
                else if (!keys.Any(IsLive)) await ApplyAsync(SessionInput.TimeRanOut).ConfigureAwait(false);
            }

            await AfterStageAsync(stage).ConfigureAwait(false);
        }
    }

    private async ValueTask OnTimeAsync()
    {
        if (IsOver) return;
        IReadOnlyList<KeyEntry> keys = _context.Vault.Keys(Id);
        bool changed = keys.Any(key => _lastStatus.GetValueOrDefault(key.Id) != Judge(key));
        if (keys.Count > 0 && !keys.Any(IsLive)) await ApplyAsync(SessionInput.TimeRanOut).ConfigureAwait(false);
        else if (!_exchange.IsUnderWay && _clock.IsRenewalDue(keys)) await RenewAsync().ConfigureAwait(false);
        if (changed) PublishKeys();
        else await OnArmAsync().ConfigureAwait(false);
    }

    private async ValueTask OnFirstUseAsync(KeyId id)
    {
        if (IsOver) return;
        KeyEntry? key = _context.Vault.Find(Id, id, OutputCapabilities.None, null);
        if (key is { Policy.RenewOnFirstUse: true } && !_exchange.IsUnderWay) await RenewAsync().ConfigureAwait(false);
        // The playback window counts from now.
        await OnArmAsync().ConfigureAwait(false);
    }

    private ValueTask OnArmAsync()
    {
        if (!IsOver) _clock.Arm(_context.Vault.Keys(Id), mayRenew: State == SessionState.Usable && !_exchange.IsUnderWay, _renewalFailing);
        return ValueTask.CompletedTask;
    }

    private async ValueTask OnUseAsync(IReadOnlyList<KeyId> keys)
    {
        if (IsOver) return;
        DateTimeOffset now = _context.Clock.GetUtcNow();
        if (await _storage.UseAsync(keys, now).ConfigureAwait(false) is { } gone)
        {
            _cause = gone;
            await ApplyAsync(SessionInput.Broke).ConfigureAwait(false);
            return;
        }

        if (TellOfClock())
        {
            if (!_context.Vault.Keys(Id).Any(IsUsable)) await ApplyAsync(SessionInput.TimeRanOut).ConfigureAwait(false);
            Update(snapshot => snapshot with { Error = _cause });
            PublishKeys();
        }

        _storage.NoteUses(keys, now);
    }

    private async ValueTask OnCloseAsync()
    {
        await ApplyAsync(SessionInput.Disposed).ConfigureAwait(false);
        await _storage.NoteEndAsync().ConfigureAwait(false);
        _mailbox.Close();
    }

    /// <summary>The session has come to an end.</summary>
    private async ValueTask OnOverAsync(SessionState state)
    {
        Exception? failure = state switch
        {
            SessionState.Released => null,
            SessionState.Failed => _cause,
            _ => new OperationCanceledException("the session was closed"),
        };
        try
        {
            await _storage.EndAsync(state).ConfigureAwait(false);
        }
        catch (LicenseStoreException exception)
        {
            failure ??= exception;
        }

        _conclusion.End(failure);
    }

    private ValueTask<LicenseServiceException?> KeepAsync() => _storage.KeepAsync(_half, _snapshot.LicenseUrl, _exchange.Kind, _lifetime.Token);

    private async ValueTask RenewAsync()
    {
        _clock.LastAttempt = _context.Clock.GetUtcNow();
        await ApplyAsync(SessionInput.RenewalDue, ChallengeKind.Renewal).ConfigureAwait(false);
    }

    private async ValueTask BeginRenewalAsync()
    {
        if (State == SessionState.Usable) await RenewAsync().ConfigureAwait(false);
        else await ApplyAsync(SessionInput.ExchangeRequested, ChallengeKind.Renewal).ConfigureAwait(false);
    }

    private async ValueTask BeginReleaseAsync()
    {
        if (State is not (SessionState.Usable or SessionState.Renewing or SessionState.Expired))
            throw new LicenseServiceException(LicenseErrorKind.KeyNotFound, "there is no licence that could be given back");
        await _storage.MarkReleaseAsync().ConfigureAwait(false);
        await ApplyAsync(SessionInput.ReleaseWanted, ChallengeKind.Release).ConfigureAwait(false);
    }

    /// <summary>What the key system asked for beside its keys, once these are in place.</summary>
    private async ValueTask AfterStageAsync(StagedCalls stage, bool exchangeEnded = false)
    {
        if (stage.Closing is { } reason)
        {
            _cause = new LicenseServiceException(reason, $"the key system '{Descriptor.Name}' has ended the session");
            await ApplyAsync(SessionInput.Broke).ConfigureAwait(false);
            return;
        }

        if (stage.Requested != ChallengeKind.None) await ApplyAsync(SessionInput.ExchangeRequested, stage.Requested).ConfigureAwait(false);
        // The end of an exchange is worth saying even when it brought nothing: readers wait for it, and the clock is set by it.
        if (!IsOver && (stage.ChangesKeys || exchangeEnded)) PublishKeys();
    }

    /// <summary>Lets the machine take a step and does what it says.</summary>
    private async ValueTask ApplyAsync(SessionInput input, ChallengeKind kind = ChallengeKind.None)
    {
        SessionState from = State;
        (SessionState to, SessionOutputs outputs) = SessionMachine.Next(from, input);
        if (outputs.HasFlag(SessionOutputs.End))
        {
            _exchange.End();
            _half.End();
            await _lifetime.CancelAsync().ConfigureAwait(false);
        }

        if (outputs.HasFlag(SessionOutputs.LeaveTable)) _context.Left(this);
        bool takesKeys = outputs.HasFlag(SessionOutputs.RevokeKeys) && _context.Vault.Keys(Id).Count > 0;
        if (outputs.HasFlag(SessionOutputs.RevokeKeys)) _context.Vault.Revoke(Id);
        if (outputs.HasFlag(SessionOutputs.AskAfterwards)) _exchange.IsAnotherWanted = true;
        if (outputs.HasFlag(SessionOutputs.StartExchange)) _exchange.Begin(kind, [.. _snapshot.Asked], _lifetime.Token);

        Update(snapshot => snapshot with
        {
            State = to,
            Exchanges = _exchange.Number,
            Error = outputs.HasFlag(SessionOutputs.ReportFailure) || to is SessionState.Failed or SessionState.Expired ? _cause ?? snapshot.Error : _cause,
        });
        if (to is SessionState.Usable or SessionState.Failed) EndSpan(to);
        if (from != to) _context.Facts.StateChanged(Id, from, to);
        if (takesKeys) _context.Facts.KeysChanged(Id, 0, 0);
        if (outputs.HasFlag(SessionOutputs.ReportFailure))
            _context.Facts.Failed(Id, _cause?.Kind ?? LicenseErrorKind.Unknown, terminal: to == SessionState.Failed);
        if (outputs.HasFlag(SessionOutputs.StartExchange)) _context.Facts.LicenseNeeded(Id, _exchange.Number, _exchange.Kind);
        if (outputs.HasFlag(SessionOutputs.End)) await _half.DisposeAsync().ConfigureAwait(false);
        if (from != to && IsOver) await OnOverAsync(to).ConfigureAwait(false);
    }

    /// <summary>The span tells how long it took until the keys were there, or until it was clear that they will not be. What comes later is the exchanges'.</summary>
    private void EndSpan(SessionState state)
    {
        if (_span is null or { IsStopped: true }) return;
        _span.SetTag(Tags.State, state.ToString());
        if (state == SessionState.Failed && _cause is { } cause) _span.Fail(cause);
        _span.Stop();
    }

    private void PublishKeys()
    {
        IReadOnlyList<KeyEntry> keys = _context.Vault.Keys(Id);
        _lastStatus = keys.ToDictionary(static key => key.Id, Judge);
        _context.Facts.KeysChanged(Id, keys.Count, keys.Count(IsUsable));
    }

    private void SetRenewalFailing(bool failing)
    {
        if (_renewalFailing == failing) return;
        _renewalFailing = failing;
        if (_context.Vault.Keys(Id).Count > 0) _context.Vault.SetRenewalFailing(Id, failing);
    }

    /// <summary>Makes the clock the cause, if keys are refused because of it.</summary>
    private bool TellOfClock()
    {
        if (_storage.WhatTheClockRefuses() is not { } refused) return false;
        _cause = refused;
        return true;
    }

    private KeyStatus Judge(KeyEntry key) => RenewalClock.Judge(key, _context.Clock.GetUtcNow(), _renewalFailing).Status;

    /// <summary>Whether the key can be used now, for a sink that meets what it asks.</summary>
    private bool IsUsable(KeyEntry key) => IsLive(key) && Judge(key) is not (KeyStatus.UsableInFuture or KeyStatus.StatusPending);

    /// <summary>Whether the session may live on the key. A key whose time is to come, or whose status is still open, is a way to get one.</summary>
    private bool IsLive(KeyEntry key) => Judge(key) is not (KeyStatus.Expired or KeyStatus.Released or KeyStatus.InternalError);
}

using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Secrets;
using Keyway.Messaging;

namespace Keyway.Sessions;

/// <content>What a session does with the store of licences. What runs in the mailbox runs one at a time.</content>
internal sealed partial class LicenseSessionActor
{
    // How often use is noted while nothing else is. It is how much a clock can be set back unnoticed after a crash, beside the tolerance.
    private static readonly TimeSpan SeenEvery = TimeSpan.FromMinutes(1);

    private StoredStart? _start;
    private StoredLicense? _stored;
    private string? _whyNotStored;
    private bool _isStoredOver;
    private TaskCompletionSource? _concluded;
    private bool _releaseMarked;
    private bool _releaseWritten;
    private volatile bool _behindClock;

    /// <summary>What is stored of it; <see langword="null"/>: nothing.</summary>
    public StoredLicense? Stored
    {
        get => Volatile.Read(ref _stored);
        private set => Volatile.Write(ref _stored, value);
    }

    /// <summary>Whether its licence is to outlive it.</summary>
    public bool IsToBeStored => _request.Kind == SessionKind.PersistentLicense && _context.Store is not null;

    /// <summary>Whether the store should hear that the licence is in use, or that the clock is not what it was.</summary>
    public bool IsSeenLongAgo => Stored is { } stored && !_behindClock && _context.Clock.GetUtcNow() - stored.LastSeen is var ago && (ago >= SeenEvery || ago < -StoredLicense.ClockTolerance);

    /// <summary>Ends when what the session was opened for, or asked to do with its stored licence, is done; fails with the reason.</summary>
    public Task Concluded => (Volatile.Read(ref _concluded) ?? Interlocked.CompareExchange(ref _concluded, NewConclusion(), null) ?? _concluded).Task;

    private ILicenseStore Store => _context.Store!;

    /// <summary>Notes in the store that keys are about to be used, and then lets them be.</summary>
    public Task NoteUseAsync(IReadOnlyList<KeyId> keys) => CallAsync(async () =>
    {
        await OnUseAsync(keys).ConfigureAwait(false);
        return true;
    });

    /// <summary>Renews the licence now.</summary>
    /// <returns>A task that ends when it is renewed.</returns>
    public async Task RenewNowAsync()
    {
        Task concluded = await CallAsync(async () =>
        {
            Task concluded = BeginConclusion();
            if (!_underWay) await BeginRenewalAsync().ConfigureAwait(false);
            return concluded;
        }).ConfigureAwait(false);
        await concluded.ConfigureAwait(false);
    }

    /// <summary>Gives the licence back. That it is to be given back is stored first, and what is stored goes when the service has said so.</summary>
    /// <returns>A task that ends when it is given back.</returns>
    public async Task ReleaseAsync()
    {
        Task concluded = await CallAsync(async () =>
        {
            Task concluded = BeginConclusion();
            await BeginReleaseAsync().ConfigureAwait(false);
            return concluded;
        }).ConfigureAwait(false);
        await concluded.ConfigureAwait(false);
    }

    private static TaskCompletionSource NewConclusion() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static LicenseServiceException Gone(StoredLicenseId id) =>
        new(LicenseErrorKind.LicenseExpired, $"the stored licence {id} was given back or removed elsewhere");

    private static LicenseServiceException Unwritten(LicenseStoreException exception) => new(LicenseErrorKind.Unknown, exception.Message, exception);

    /// <summary>Opens the key system's half, with what is stored where something is. What cannot be taken up is as if it were not there.</summary>
    private async ValueTask<(bool Opened, StoredPurpose Purpose, StagedCalls Stage)> OpenSessionAsync()
    {
        if (IsToBeStored)
        {
            _context.Vault.RequireNotedUse(Id, required: true);
            _context.Vault.Hold(Id, held: true);
        }

        using StoredStart? start = Interlocked.Exchange(ref _start, null);
        StoredPurpose purpose = start?.Purpose ?? StoredPurpose.Play;
        (_whyNotStored, _isStoredOver) = (start?.WhyNot, start?.IsOver ?? false);
        StoredLicenseContent? content = start?.Content;
        Stored = content?.License;
        (bool opened, _, StagedCalls stage) = await StageAsync("opening a session", () => OpenSessionAsync(content?.Saved ?? default)).ConfigureAwait(false);
        if (opened || content is null || purpose != StoredPurpose.Play || _lifetime.IsCancellationRequested) return (opened, purpose, stage);

        _whyNotStored = $"the stored licence {content.License.Id} cannot be taken up: {_cause!.Message}";
        (Stored, _cause) = (null, null);
        (opened, _, stage) = await StageAsync("opening a session", () => OpenSessionAsync(default)).ConfigureAwait(false);
        return (opened, purpose, stage);
    }

    private async ValueTask<bool> OpenSessionAsync(ReadOnlyMemory<byte> stored)
    {
        ILicenseSession opened = await Options.KeySystem.OpenSessionAsync(_request with { Stored = stored }, _host, _lifetime.Token).ConfigureAwait(false)
            ?? throw new LicenseServiceException(LicenseErrorKind.InternalFault, $"the key system '{Descriptor.Name}' opened no session: its OpenSessionAsync returned null");
        if (_lifetime.IsCancellationRequested)
        {
            // Nobody waits for it any more.
            await opened.DisposeAsync().ConfigureAwait(false);
            throw new OperationCanceledException(_lifetime.Token);
        }

        _session = opened;
        return true;
    }

    /// <summary>Notes that a stored licence is taken up, and looks at the clock.</summary>
    /// <returns><see langword="false"/> when it is there no longer; the cause is kept.</returns>
    private async ValueTask<bool> RefreshAsync(StoredPurpose purpose)
    {
        StoredLicense taken = Stored!;
        try
        {
            DateTimeOffset now = _context.Clock.GetUtcNow();
            StoredLicense? newest = await Store.ChangeAsync(taken.Id, license => license.ReleaseAsked is null ? license.Seen(now) : license, default, CancellationToken.None).ConfigureAwait(false);
            if (newest is null || (purpose != StoredPurpose.Release && newest.ReleaseAsked is not null)) (Stored, _cause) = (null, Gone(taken.Id));
            else Stored = newest;
        }
        catch (LicenseStoreException exception)
        {
            (Stored, _cause) = (null, Unwritten(exception));
        }

        LookAtClock();
        return Stored is not null;
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
        // Whatever is done from here may fail; then the licence is as it was, and whoever asked is told.
        try
        {
            if (purpose == StoredPurpose.Renew) await BeginRenewalAsync().ConfigureAwait(false);
            else if (purpose == StoredPurpose.Release) await BeginReleaseAsync().ConfigureAwait(false);
        }
        catch (KeywayException exception)
        {
            Conclude(exception);
        }

        return true;
    }

    /// <summary>Stores what an exchange has brought.</summary>
    /// <returns><see langword="null"/>, or why it is not stored. Then <see cref="Stored"/> tells whether an older state is.</returns>
    private async ValueTask<LicenseServiceException?> KeepAsync()
    {
        try
        {
            IReadOnlyList<KeyEntry> keys = [.. _context.Vault.Keys(Id).Where(static key => key.Policy.MayPersist && key.Status != KeyStatus.Released)];
            using SecretBuffer saved = new();
            bool written = keys.Count > 0 && await _session!.SaveAsync(saved, _lifetime.Token).ConfigureAwait(false) && saved.Written.Length > 0;
            if (!written) return Unstorable(keys.Count == 0);
            DateTimeOffset now = _context.Clock.GetUtcNow();
            if (Stored is { } stored)
            {
                bool isNew = _kind == ChallengeKind.License;
                Stored = await Store.ChangeAsync(
                    stored.Id, license => license.ReleaseAsked is null ? Renewed(license, keys, now, isNew) : license, saved.Written, CancellationToken.None).ConfigureAwait(false) is { ReleaseAsked: null } renewed
                    ? renewed
                    : null;
                if (Stored is null) return Gone(stored.Id);
                LookAtClock();
                return null;
            }

            StoredLicense added = Renewed(
                new StoredLicense { Id = StoredLicenseId.Create(), KeySystem = Descriptor.Name, Provider = Options.Service.Name, Scope = Options.SharingScope, Keys = [], Created = now, LastSeen = now },
                keys, now, isNew: true);
            await Store.AddAsync(added, saved.Written, CancellationToken.None).ConfigureAwait(false);
            Stored = added;
            await RemoveReplacedAsync(added, now).ConfigureAwait(false);
            return null;
        }
        catch (LicenseStoreException exception)
        {
            return Unwritten(exception);
        }
        catch (Exception exception)
        {
            return Explain("saving a licence", exception);
        }
    }

    private StoredLicense Renewed(StoredLicense license, IReadOnlyList<KeyEntry> keys, DateTimeOffset now, bool isNew)
    {
        Uri? url = _snapshot.LicenseUrl is { } sent ? new Uri(Redactor.Url(sent)) : license.LicenseUrl;
        return license with
        {
            LicenseUrl = url,
            CallerNamedUrl = _snapshot.LicenseUrl is null ? license.CallerNamedUrl : Options.LicenseUrl is not null,
            Keys = [.. keys.Select(key => new StoredKey
            {
                Id = key.Id,
                Scheme = SchemeOf(key.Id) ?? license.Keys.FirstOrDefault(known => known.Id == key.Id)?.Scheme ?? ProtectionScheme.None,
                FirstUse = Earlier(license.FirstUseOf(key.Id), key.FirstUse),
                Policy = StoredKey.TimesOf(key.Policy),
            })],
            Headers = _request.Headers.Count > 0 ? [.. _request.Headers.Select(StoredHeader.Of)] : license.Headers,
            // The service has just said what time allows; a renewal leaves that to the clock that was there before.
            LastSeen = isNew || now > license.LastSeen ? now : license.LastSeen,
        };
    }

    private ProtectionScheme? SchemeOf(KeyId id)
    {
        foreach (WantedKey key in _request.Keys)
            if (key.Id == id && key.Scheme != ProtectionScheme.None) return key.Scheme;
        return null;
    }

    private LicenseServiceException Unstorable(bool forbidden)
    {
        if (Stored is { } stored)
        {
            // What the renewal brought is used as long as the session lives; what was stored before it is what it was, for as long as its own terms say.
            string lack = forbidden ? "does not allow it to be stored" : $"brought nothing that the key system '{Descriptor.Name}' could store";
            return new LicenseServiceException(LicenseErrorKind.PolicyInvalid, $"the renewal of the stored licence {stored.Id} {lack}; what is stored stays as it was")
            {
                Advice = "have the service allow storing in its renewals, or give the licence back and ask for a new one",
            };
        }

        string reason = forbidden ? "the licence does not allow it to be stored" : $"the key system '{Descriptor.Name}' has nothing to store";
        return new LicenseServiceException(LicenseErrorKind.PolicyInvalid, $"a licence to be stored was asked for, and {reason}")
        {
            Advice = "ask for a licence that lives as long as its session, or have the service allow storing",
        };
    }

    /// <summary>Removes older licences of which every key has come anew, and whose time is over.</summary>
    private async ValueTask RemoveReplacedAsync(StoredLicense added, DateTimeOffset now)
    {
        StoredLicenseList list = await Store.ListAsync(CancellationToken.None).ConfigureAwait(false);
        foreach (StoredLicense older in list.Licenses)
        {
            if (older.Id == added.Id || older.ReleaseAsked is not null || older.KeySystem != added.KeySystem || older.Provider != added.Provider || older.Scope != added.Scope) continue;
            if (older.Keys.All(key => older.StatusOf(key, now) == KeyStatus.Expired && added.Keys.Any(other => other.Id == key.Id)))
                await Store.RemoveAsync(older.Id, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async ValueTask OnUseAsync(IReadOnlyList<KeyId> keys)
    {
        if (IsOver) return;
        DateTimeOffset now = _context.Clock.GetUtcNow();
        if (Stored is not { } stored)
        {
            foreach (KeyId id in keys) _context.Vault.NoteUse(Id, id, now);
            return;
        }

        StoredLicense? noted = await Store.ChangeAsync(stored.Id, license => license.Used(keys, now), default, CancellationToken.None).ConfigureAwait(false);
        if (noted is null or { ReleaseAsked: not null })
        {
            (Stored, _cause) = (null, Gone(stored.Id));
            await ApplyAsync(SessionInput.Broke).ConfigureAwait(false);
            return;
        }

        Stored = noted;
        LookAtClock();
        if (TellOfClock())
        {
            if (!_context.Vault.Keys(Id).Any(IsUsable)) await ApplyAsync(SessionInput.TimeRanOut).ConfigureAwait(false);
            Update(snapshot => snapshot with { Error = _cause });
            PublishKeys();
        }

        foreach (KeyId id in keys) _context.Vault.NoteUse(Id, id, noted.FirstUseOf(id) ?? now);
    }

    /// <summary>Has the keys that time limits refused while the clock is behind what was seen, and no longer than that.</summary>
    private void LookAtClock()
    {
        bool behind = Stored is { } stored && stored.IsClockBehind(_context.Clock.GetUtcNow());
        if (behind == _behindClock) return;
        _behindClock = behind;
        _context.Vault.SetBehindClock(Id, behind);
    }

    /// <summary>Makes the clock the cause, if keys are refused because of it.</summary>
    private bool TellOfClock()
    {
        if (!_behindClock || Stored is not { } stored || !_context.Vault.Keys(Id).Any(static key => KeyRules.LimitsTime(key.Policy))) return false;
        DateTimeOffset now = _context.Clock.GetUtcNow();
        _cause = new LicenseServiceException(
            LicenseErrorKind.LicenseExpired, $"the clock shows {now:u}, and the stored licence {stored.Id} was in use at {stored.LastSeen:u}: what it limits in time is refused")
        {
            Advice = "set the clock right; if it was wrong before, give the licence back and ask for a new one",
        };
        return true;
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
        _releaseWritten = false;
        if (Stored is { } stored)
        {
            // Stored before anything is sent: whatever happens from here, it is sent until the service has acknowledged it.
            DateTimeOffset now = _context.Clock.GetUtcNow();
            StoredLicense marked = await Store.ChangeAsync(
                stored.Id, license => license.ReleaseAsked is null ? license with { ReleaseAsked = now } : license, default, CancellationToken.None).ConfigureAwait(false) ?? throw Gone(stored.Id);
            _releaseMarked = stored.ReleaseAsked is null;
            Stored = marked;
        }

        await ApplyAsync(SessionInput.ReleaseWanted, ChallengeKind.Release).ConfigureAwait(false);
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
            if (state == SessionState.Released && Stored is { } acknowledged)
            {
                await Store.RemoveAsync(acknowledged.Id, CancellationToken.None).ConfigureAwait(false);
                Stored = null;
            }
            else if (state == SessionState.Failed && _releaseMarked && !_releaseWritten && Stored is { } unsaid)
            {
                // The key system has no words for it, and nothing was sent: the licence is what it was.
                Stored = await Store.ChangeAsync(unsaid.Id, static license => license with { ReleaseAsked = null }, default, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (LicenseStoreException exception)
        {
            failure ??= exception;
        }

        Conclude(failure);
    }

    /// <summary>Notes until when a licence was in use, so that a clock that is set back is found out. A store that fails here has been told of before.</summary>
    private async ValueTask NoteEndAsync()
    {
        if (Stored is not { ReleaseAsked: null } stored) return;
        try
        {
            DateTimeOffset now = _context.Clock.GetUtcNow();
            if (now - stored.LastSeen >= TimeSpan.FromSeconds(1))
                await Store.ChangeAsync(stored.Id, license => license.ReleaseAsked is null ? license.Seen(now) : license, default, CancellationToken.None).ConfigureAwait(false);
        }
        catch (LicenseStoreException)
        {
            // The session is over either way.
        }
    }

    /// <summary>What cannot be stored of a renewal is no reason to lose it, and is told.</summary>
    private void OnExchangeEnded(LicenseServiceException? unkept)
    {
        if (unkept is not null && !IsOver)
        {
            Update(snapshot => snapshot with { Error = unkept });
            _context.Facts.Failed(Id, unkept.Kind, terminal: false);
        }

        if (!IsOver && !_underWay) Conclude(unkept ?? (State == SessionState.Expired ? _cause : null));
    }

    /// <summary>Why there is no licence, with why the one that is stored, or was there before, does not do.</summary>
    private LicenseServiceException WithReasonOfHeld(LicenseServiceException failure)
    {
        IReadOnlyList<KeyEntry> keys = _context.Vault.Keys(Id);
        if (keys.Any(IsLive)) return failure;
        bool isOver = _isStoredOver || (keys.Count > 0 && keys.All(static key => key.Status == KeyStatus.Expired));
        string? reason = _whyNotStored ?? (isOver ? $"the time of the licence is over{(Descriptor.Refusals.Expired is { } code ? $" ({code})" : "")}" : null);
        if (reason is null) return failure;

        // Of a service that is away nobody knows what it would say: that the time is over is why there is none.
        bool decided = isOver && AnswerJudge.IsServiceAway(failure.Kind);
        return new LicenseServiceException(
            decided ? LicenseErrorKind.LicenseExpired : failure.Kind, decided ? $"{reason}, and there is no new one: {failure.Message}" : $"{failure.Message}; {reason}", failure)
        {
            ProviderCode = decided ? Descriptor.Refusals.Expired : failure.ProviderCode,
            Retryable = failure.Retryable,
            RetryAfter = failure.RetryAfter,
            Status = decided ? null : failure.Status,
            Advice = failure.Advice,
        };
    }

    private Task BeginConclusion()
    {
        if (_concluded is null or { Task.IsCompleted: true }) Volatile.Write(ref _concluded, NewConclusion());
        return _concluded!.Task;
    }

    private void Conclude(Exception? failure)
    {
        if (_concluded is not { } concluded) return;
        if (failure is null) concluded.TrySetResult();
        else if (failure is OperationCanceledException) concluded.TrySetCanceled();
        else concluded.TrySetException(failure);
        // Whoever does not look is not to hear of it from the collector.
        _ = concluded.Task.Exception;
    }

    private void ForgetStart() => Interlocked.Exchange(ref _start, null)?.Dispose();

    private DateTimeOffset? FirstUseOf(KeyId id) => Stored?.FirstUseOf(id);

    private static DateTimeOffset? Earlier(DateTimeOffset? left, DateTimeOffset? right) => left is null || right < left ? right : left;
}

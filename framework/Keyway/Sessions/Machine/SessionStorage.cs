using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Secrets;
using Keyway.Messaging;

namespace Keyway.Sessions;

/// <summary>
/// What one session has in the store of licences: takes it up, keeps it current, notes uses, gives it back. It decides nothing about the life of the
/// session: it says what it found.
/// </summary>
/// <remarks>Threads: the mailbox's, but for <see cref="Current"/> and <see cref="IsSeenLongAgo"/>: any.</remarks>
internal sealed class SessionStorage(SessionContext context, SessionId id, KeyRingOptions options, SessionRequest request, StoredStart? start) : IDisposable
{
    // How often use is noted while nothing else is. It is how much a clock can be set back unnoticed after a crash, beside the tolerance.
    private static readonly TimeSpan SeenEvery = TimeSpan.FromMinutes(1);

    private StoredStart? _start = start;
    private StoredLicense? _current;
    private string? _whyNot;
    private bool _isOver;
    private bool _releaseMarked;
    private volatile bool _behindClock;

    /// <summary>What is stored; <see langword="null"/>: nothing.</summary>
    public StoredLicense? Current
    {
        get => Volatile.Read(ref _current);
        private set => Volatile.Write(ref _current, value);
    }

    /// <summary>Whether the licence is to outlive its session.</summary>
    public bool IsWanted => request.Kind == SessionKind.PersistentLicense && context.Store is not null;

    /// <summary>Whether the store should be told that the licence is in use, or that the clock is not what it was.</summary>
    public bool IsSeenLongAgo => Current is { } stored && !_behindClock && context.Clock.GetUtcNow() - stored.LastSeen is var ago && (ago >= SeenEvery || ago < -StoredLicense.ClockTolerance);

    /// <summary>Whether the request by which it is given back has been written: then the service may have received it.</summary>
    public bool IsReleaseWritten { get; set; }

    private ILicenseStore Store => context.Store!;

    /// <summary>Begins: keys are held back until they may be used.</summary>
    /// <returns>What is to be taken up. Ownership: the caller's.</returns>
    public StoredStart? Begin()
    {
        if (IsWanted)
        {
            context.Vault.RequireNotedUse(id, required: true);
            context.Vault.Hold(id, held: true);
        }

        StoredStart? begun = Interlocked.Exchange(ref _start, null);
        (_whyNot, _isOver) = (begun?.WhyNot, begun?.IsOver ?? false);
        Current = begun?.Content?.License;
        return begun;
    }

    /// <summary>What cannot be taken up is as if it were not there.</summary>
    public void PassOver(StoredLicense license, LicenseServiceException cause) =>
        (Current, _whyNot) = (null, $"the stored licence {license.Id} cannot be taken up: {cause.Message}");

    /// <summary>Lets the keys be used.</summary>
    public void LetGo() => context.Vault.Hold(id, held: false);

    public DateTimeOffset? FirstUseOf(KeyId key) => Current?.FirstUseOf(key);

    /// <summary>Notes that what is stored is taken up, and looks at the clock.</summary>
    /// <returns>Why it cannot be: it is there no longer, or the store cannot be written.</returns>
    public async ValueTask<LicenseServiceException?> RefreshAsync(StoredPurpose purpose)
    {
        StoredLicense taken = Current!;
        LicenseServiceException? cause = null;
        try
        {
            DateTimeOffset now = context.Clock.GetUtcNow();
            StoredLicense? newest = await Store.ChangeAsync(taken.Id, license => license.ReleaseAsked is null ? license.Seen(now) : license, default, CancellationToken.None).ConfigureAwait(false);
            if (newest is null || (purpose != StoredPurpose.Release && newest.ReleaseAsked is not null)) (Current, cause) = (null, Gone(taken.Id));
            else Current = newest;
        }
        catch (LicenseStoreException exception)
        {
            (Current, cause) = (null, Unwritten(exception));
        }

        LookAtClock();
        return cause;
    }

    /// <summary>Stores what an exchange has brought.</summary>
    /// <param name="half">What writes it.</param>
    /// <param name="sent">Where the exchange went.</param>
    /// <param name="kind">What it was for.</param>
    /// <param name="lifetime">The session's.</param>
    /// <returns><see langword="null"/>, or why it is not stored. Then <see cref="Current"/> tells whether an older state is.</returns>
    public async ValueTask<LicenseServiceException?> KeepAsync(KeySystemHalf half, Uri? sent, ChallengeKind kind, CancellationToken lifetime)
    {
        try
        {
            IReadOnlyList<KeyEntry> keys = [.. context.Vault.Keys(id).Where(static key => key.Policy.MayPersist && key.Status != KeyStatus.Released)];
            using SecretBuffer saved = new();
            bool written = keys.Count > 0 && await half.SaveAsync(saved, lifetime).ConfigureAwait(false) && saved.Written.Length > 0;
            if (!written) return Unstorable(keys.Count == 0);
            DateTimeOffset now = context.Clock.GetUtcNow();
            if (Current is { } stored)
            {
                bool isNew = kind == ChallengeKind.License;
                Current = await Store.ChangeAsync(
                    stored.Id, license => license.ReleaseAsked is null ? Renewed(license, keys, sent, now, isNew) : license, saved.Written, CancellationToken.None).ConfigureAwait(false) is { ReleaseAsked: null } renewed
                    ? renewed
                    : null;
                if (Current is null) return Gone(stored.Id);
                LookAtClock();
                return null;
            }

            StoredLicense added = Renewed(
                new StoredLicense { Id = StoredLicenseId.Create(), KeySystem = options.KeySystem.Descriptor.Name, Provider = options.Service.Name, Scope = options.SharingScope, Keys = [], Created = now, LastSeen = now },
                keys, sent, now, isNew: true);
            await Store.AddAsync(added, saved.Written, CancellationToken.None).ConfigureAwait(false);
            Current = added;
            await RemoveReplacedAsync(added, now).ConfigureAwait(false);
            return null;
        }
        catch (LicenseStoreException exception)
        {
            return Unwritten(exception);
        }
        catch (Exception exception)
        {
            return half.Explain("saving a licence", exception);
        }
    }

    /// <summary>Notes in the store that keys are about to be used.</summary>
    /// <returns>Why they may not be: the licence is there no longer.</returns>
    public async ValueTask<LicenseServiceException?> UseAsync(IReadOnlyList<KeyId> keys, DateTimeOffset now)
    {
        if (Current is not { } stored) return null;
        StoredLicense? noted = await Store.ChangeAsync(stored.Id, license => license.Used(keys, now), default, CancellationToken.None).ConfigureAwait(false);
        if (noted is null or { ReleaseAsked: not null })
        {
            Current = null;
            return Gone(stored.Id);
        }

        Current = noted;
        LookAtClock();
        return null;
    }

    /// <summary>Lets keys be that have been noted.</summary>
    public void NoteUses(IReadOnlyList<KeyId> keys, DateTimeOffset now)
    {
        foreach (KeyId key in keys) context.Vault.NoteUse(id, key, FirstUseOf(key) ?? now);
    }

    /// <summary>That keys are refused because of the clock, if they are.</summary>
    public LicenseServiceException? WhatTheClockRefuses()
    {
        if (!_behindClock || Current is not { } stored || !context.Vault.Keys(id).Any(static key => KeyRules.LimitsTime(key.Policy))) return null;
        DateTimeOffset now = context.Clock.GetUtcNow();
        return new LicenseServiceException(
            LicenseErrorKind.LicenseExpired, $"the clock shows {now:u}, and the stored licence {stored.Id} was in use at {stored.LastSeen:u}: what it limits in time is refused")
        {
            Advice = "set the clock right; if it was wrong before, give the licence back and ask for a new one",
        };
    }

    /// <summary>Notes that the licence is to be given back, before anything is sent: whatever happens from here, it is sent until the service has acknowledged it.</summary>
    /// <exception cref="LicenseServiceException">It is there no longer.</exception>
    /// <exception cref="LicenseStoreException">The store cannot be written.</exception>
    public async ValueTask MarkReleaseAsync()
    {
        IsReleaseWritten = false;
        if (Current is not { } stored) return;
        DateTimeOffset now = context.Clock.GetUtcNow();
        StoredLicense marked = await Store.ChangeAsync(
            stored.Id, license => license.ReleaseAsked is null ? license with { ReleaseAsked = now } : license, default, CancellationToken.None).ConfigureAwait(false) ?? throw Gone(stored.Id);
        _releaseMarked = stored.ReleaseAsked is null;
        Current = marked;
    }

    /// <summary>Puts the store right after the session has come to an end.</summary>
    /// <exception cref="LicenseStoreException">The store cannot be written.</exception>
    public async ValueTask EndAsync(SessionState state)
    {
        if (state == SessionState.Released && Current is { } acknowledged)
        {
            await Store.RemoveAsync(acknowledged.Id, CancellationToken.None).ConfigureAwait(false);
            Current = null;
        }
        else if (state == SessionState.Failed && _releaseMarked && !IsReleaseWritten && Current is { } unsaid)
        {
            // The key system has no words for it, and nothing was sent: the licence is what it was.
            Current = await Store.ChangeAsync(unsaid.Id, static license => license with { ReleaseAsked = null }, default, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Notes until when a licence was in use, so that a clock that is set back is found out. A store that fails here has been told of before.</summary>
    public async ValueTask NoteEndAsync()
    {
        if (Current is not { ReleaseAsked: null } stored) return;
        try
        {
            DateTimeOffset now = context.Clock.GetUtcNow();
            if (now - stored.LastSeen >= TimeSpan.FromSeconds(1))
                await Store.ChangeAsync(stored.Id, license => license.ReleaseAsked is null ? license.Seen(now) : license, default, CancellationToken.None).ConfigureAwait(false);
        }
        catch (LicenseStoreException)
        {
            // The session is over either way.
        }
    }

    /// <summary>Why there is no licence, with why the one that is stored, or was there before, does not do.</summary>
    public LicenseServiceException WithReasonOfHeld(LicenseServiceException failure)
    {
        IReadOnlyList<KeyEntry> keys = context.Vault.Keys(id);
        bool isOver = _isOver || (keys.Count > 0 && keys.All(static key => key.Status == KeyStatus.Expired));
        string? code = options.KeySystem.Descriptor.Refusals.Expired;
        string? reason = _whyNot ?? (isOver ? $"the time of the licence is over{(code is null ? "" : $" ({code})")}" : null);
        if (reason is null) return failure;

        // Of a service that is away nobody knows what it would say: that the time is over is why there is none.
        bool decided = isOver && AnswerJudge.IsServiceAway(failure.Kind);
        return new LicenseServiceException(
            decided ? LicenseErrorKind.LicenseExpired : failure.Kind, decided ? $"{reason}, and there is no new one: {failure.Message}" : $"{failure.Message}; {reason}", failure)
        {
            ProviderCode = decided ? code : failure.ProviderCode,
            Retryable = failure.Retryable,
            RetryAfter = failure.RetryAfter,
            Status = decided ? null : failure.Status,
            Advice = failure.Advice,
        };
    }

    /// <summary>Clears what was to be taken up, and was not.</summary>
    public void Dispose() => Interlocked.Exchange(ref _start, null)?.Dispose();

    private static LicenseServiceException Gone(StoredLicenseId id) =>
        new(LicenseErrorKind.LicenseExpired, $"the stored licence {id} was given back or removed elsewhere");

    private static LicenseServiceException Unwritten(LicenseStoreException exception) => new(LicenseErrorKind.Unknown, exception.Message, exception);

    private static DateTimeOffset? Earlier(DateTimeOffset? left, DateTimeOffset? right) => left is null || right < left ? right : left;

    private StoredLicense Renewed(StoredLicense license, IReadOnlyList<KeyEntry> keys, Uri? sent, DateTimeOffset now, bool isNew) => license with
    {
        LicenseUrl = sent is null ? license.LicenseUrl : new Uri(Redactor.Url(sent)),
        CallerNamedUrl = sent is null ? license.CallerNamedUrl : options.LicenseUrl is not null,
        Keys = [.. keys.Select(key => new StoredKey
        {
            Id = key.Id,
            Scheme = SchemeOf(key.Id) ?? license.Keys.FirstOrDefault(known => known.Id == key.Id)?.Scheme ?? ProtectionScheme.None,
            FirstUse = Earlier(license.FirstUseOf(key.Id), key.FirstUse),
            Policy = StoredKey.TimesOf(key.Policy),
        })],
        Headers = request.Headers.Count > 0 ? [.. request.Headers.Select(StoredHeader.Of)] : license.Headers,
        // The service has just said what time allows; a renewal leaves that to the clock that was there before.
        LastSeen = isNew || now > license.LastSeen ? now : license.LastSeen,
    };

    private ProtectionScheme? SchemeOf(KeyId key)
    {
        foreach (WantedKey wanted in request.Keys)
            if (wanted.Id == key && wanted.Scheme != ProtectionScheme.None) return wanted.Scheme;
        return null;
    }

    private LicenseServiceException Unstorable(bool forbidden)
    {
        string system = options.KeySystem.Descriptor.Name;
        if (Current is { } stored)
        {
            // What the renewal brought is used as long as the session lives; what was stored before it is what it was, for as long as its own terms say.
            string lack = forbidden ? "does not allow it to be stored" : $"brought nothing that the key system '{system}' could store";
            return new LicenseServiceException(LicenseErrorKind.PolicyInvalid, $"the renewal of the stored licence {stored.Id} {lack}; what is stored stays as it was")
            {
                Advice = "have the service allow storing in its renewals, or give the licence back and ask for a new one",
            };
        }

        string reason = forbidden ? "the licence does not allow it to be stored" : $"the key system '{system}' has nothing to store";
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

    /// <summary>Has the keys that time limits refused while the clock is behind what was seen, and no longer than that.</summary>
    private void LookAtClock()
    {
        bool behind = Current is { } stored && stored.IsClockBehind(context.Clock.GetUtcNow());
        if (behind == _behindClock) return;
        _behindClock = behind;
        context.Vault.SetBehindClock(id, behind);
    }
}

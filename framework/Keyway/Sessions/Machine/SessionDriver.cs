using System.Diagnostics;
using Keyway.Decryption;
using Keyway.Diagnostics;
using Keyway.Licensing;
using Keyway.Licensing.Exchanges;
using Keyway.Messaging;

namespace Keyway.Sessions;

/// <summary>What happens to one session: <see cref="SessionMachine"/> says what is to be done, and this class does it.</summary>
/// <remarks>Threads: it is called by the session's mailbox, one call at a time; <see cref="Snapshot"/> may be read from any. Ownership: of its parts, the actor's.</remarks>
internal sealed class SessionDriver
{
    private readonly SessionContext _context;
    private readonly SessionId _id;
    private readonly KeySystemDescriptor _descriptor;
    private readonly SessionRequest _request;
    private readonly SessionMailbox _mailbox;
    private readonly KeySystemHalf _half;
    private readonly ExchangeInFlight _exchange;
    private readonly SessionStorage _storage;
    private readonly Conclusion _conclusion;
    private readonly SessionKeys _keys;
    private readonly RenewalClock _clock;
    private readonly Activity? _span;
    private readonly Action _left;
    private readonly CancellationTokenSource _lifetime;

    private SessionSnapshot _snapshot;
    private LicenseServiceException? _cause;

    public SessionDriver(
        SessionContext context, SessionId id, KeySystemDescriptor descriptor, SessionRequest request, SessionMailbox mailbox, KeySystemHalf half, ExchangeInFlight exchange, SessionStorage storage,
        Conclusion conclusion, RenewalClock clock, Activity? span, CancellationTokenSource lifetime, Action left)
    {
        (_context, _id, _descriptor, _request, _mailbox, _half, _exchange, _storage) = (context, id, descriptor, request, mailbox, half, exchange, storage);
        (_conclusion, _clock, _span, _lifetime, _left) = (conclusion, clock, span, lifetime, left);
        _keys = new SessionKeys(context, id, clock);
        _snapshot = new SessionSnapshot { Asked = [.. request.Keys.Select(static key => key.Id), .. request.Headers.SelectMany(static header => header.KeyIds)] };
    }

    /// <summary>What may be known of the session.</summary>
    public SessionSnapshot Snapshot => Volatile.Read(ref _snapshot);

    public bool IsOver => State is SessionState.Failed or SessionState.Closed or SessionState.Released;

    private SessionState State => _snapshot.State;

    /// <summary>Changes what may be known of the session.</summary>
    public void Update(Func<SessionSnapshot, SessionSnapshot> change)
    {
        SessionSnapshot changed = change(_snapshot);
        Volatile.Write(ref _snapshot, changed with { Fetching = IsFetching(changed.State) });
    }

    private bool IsFetching(SessionState state) =>
        state == SessionState.Created || (state is SessionState.Acquiring or SessionState.Usable or SessionState.Renewing or SessionState.Expired && (_exchange.IsUnderWay || _exchange.IsAnotherWanted));

    public async ValueTask OnFaultAsync(Exception exception)
    {
        // Every handler answers for the key system's faults; what is left is a fault of ours, and the session must not hang on it.
        _cause = new LicenseServiceException(LicenseErrorKind.InternalFault, "the session failed inside", exception);
        await ApplyAsync(SessionInput.Broke).ConfigureAwait(false);
    }

    public async ValueTask OnOpenAsync()
    {
        if (IsOver) return;
        (StagedCalls stage, StoredPurpose purpose) = await OpenHalfAsync().ConfigureAwait(false);
        using (stage)
        {
            if (_lifetime.IsCancellationRequested) return;
            // What is stored may have changed, and the clock with it: both are looked at before any key is there.
            if (_half.IsOpen && _storage.Current is not null) _cause = await _storage.RefreshAsync(purpose).ConfigureAwait(false);
            if (!_half.IsOpen || _cause is not null)
            {
                await ApplyAsync(SessionInput.Broke).ConfigureAwait(false);
                return;
            }

            stage.Commit(_context.Vault, _id, _storage.FirstUseOf);
            _half.Lend(_context.Vault, _id);
            bool isTakenUp = _storage.Current is not null;
            if (isTakenUp) _storage.LetGo();
            if (isTakenUp && await OnTakenUpAsync(purpose).ConfigureAwait(false)) return;
            IReadOnlyList<KeyEntry> keys = _keys.All;
            // A stored licence whose time is to come is a licence: no other is asked for.
            Func<KeyEntry, bool> isReady = isTakenUp ? _keys.IsLive : _keys.IsUsable;
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
                if (keys.Any(_keys.IsUsable) && (isTakenUp || !_storage.IsWanted)) await ApplyAsync(SessionInput.KeysUsable).ConfigureAwait(false);
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
        IReadOnlyList<KeyEntry> keys = _keys.All;
        await ApplyAsync(keys.Any(_keys.IsUsable) ? SessionInput.KeysUsable : SessionInput.TimeRanOut).ConfigureAwait(false);
        _keys.Publish();
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

    public async ValueTask<HeaderOutcome> OnOfferAsync(ProtectionHeader header)
    {
        if (IsOver || !_half.IsOpen) return HeaderOutcome.NotMine;
        Staged<HeaderOutcome> offered = await _half.OfferAsync(header, _lifetime.Token).ConfigureAwait(false);
        using StagedCalls stage = offered.Stage;
        // A session that cannot read a header is as good as before; the header goes to another.
        if (offered.Failure is not null) return HeaderOutcome.NotMine;
        stage.Commit(_context.Vault, _id, _storage.FirstUseOf);
        if (offered.Result != HeaderOutcome.NotMine) Update(snapshot => snapshot with { Asked = snapshot.Asked.Union(header.KeyIds) });
        if (offered.Result == HeaderOutcome.ExchangeNeeded && stage.Requested == ChallengeKind.None)
            await ApplyAsync(SessionInput.HeaderFound, ChallengeKind.License).ConfigureAwait(false);
        await AfterStageAsync(stage).ConfigureAwait(false);
        return offered.Result;
    }

    public async ValueTask OnResultAsync(int number)
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
            failure = new LicenseServiceException(LicenseErrorKind.InternalFault, $"the key system '{_descriptor.Name}' asks for exchange after exchange ({inARow})");
        if (failure is not null)
        {
            _context.Recorder?.Fail(_id, failure.Kind, failure.ProviderCode);
            await OnFailureAsync(failure).ConfigureAwait(false);
            return;
        }

        stage.Commit(_context.Vault, _id, _storage.FirstUseOf);
        Update(snapshot => snapshot with { RoundTrip = roundTrip });
        if (accepted.Result == LicenseOutcome.AnotherExchangeNeeded)
        {
            await ApplyAsync(SessionInput.AnotherNeeded, _exchange.Kind).ConfigureAwait(false);
            await AfterStageAsync(stage).ConfigureAwait(false);
            return;
        }

        LicenseServiceException? unkept = _storage.IsWanted && State != SessionState.Releasing ? await KeepAsync().ConfigureAwait(false) : null;
        if (unkept is not null && _storage.Current is null)
        {
            _cause = unkept;
            await ApplyAsync(SessionInput.Broke).ConfigureAwait(false);
            return;
        }

        if (_storage.IsWanted) _storage.LetGo();
        _exchange.Conclude();
        _keys.SetRenewalFailing(false);
        if (_keys.All.Any(_keys.IsLive))
        {
            _cause = null;
            await ApplyAsync(SessionInput.LicenseAccepted).ConfigureAwait(false);
            if (_exchange.IsAnotherWanted) await AskForOtherAsync(SessionInput.HeaderFound).ConfigureAwait(false);
        }
        else if (_exchange.IsAnotherWanted) await AskForOtherAsync(SessionInput.AnotherNeeded).ConfigureAwait(false);
        else
        {
            if (State is SessionState.Acquiring or SessionState.Renewing)
            {
                _cause = _keys.WhyNoneIsUsable(_descriptor);
                if (_cause is { } useless) _context.Recorder?.Fail(_id, useless.Kind, useless.ProviderCode);
            }

            await ApplyAsync(SessionInput.NothingAccepted).ConfigureAwait(false);
        }

        await AfterStageAsync(stage, exchangeEnded: true).ConfigureAwait(false);
        OnExchangeEnded(unkept);
    }

    private async ValueTask OnFailureAsync(LicenseServiceException failure)
    {
        _exchange.Conclude();
        _exchange.IsAnotherWanted = false;
        // The grace that a licence may give is for a service that is away, not for one that says no.
        _keys.SetRenewalFailing(AnswerJudge.IsServiceAway(failure.Kind));
        if (!_keys.All.Any(_keys.IsLive)) failure = _storage.WithReasonOfHeld(failure);
        _cause = failure;
        await ApplyAsync(SessionInput.ExchangeFailed).ConfigureAwait(false);
        if (!IsOver) _keys.Publish();
        _conclusion.End(failure);
    }

    /// <summary>Begins the exchange that was wanted while another was under way. Nobody sees the session between the two without either.</summary>
    private async ValueTask AskForOtherAsync(SessionInput input)
    {
        _exchange.IsAnotherWanted = false;
        await ApplyAsync(input, ChallengeKind.License).ConfigureAwait(false);
    }

    /// <summary>What cannot be stored of a renewal is no reason to lose it, and is reported.</summary>
    private void OnExchangeEnded(LicenseServiceException? unkept)
    {
        if (unkept is not null && !IsOver)
        {
            Update(snapshot => snapshot with { Error = unkept });
            _context.Facts.Failed(_id, unkept.Kind, terminal: false);
        }

        if (!IsOver && !_exchange.IsUnderWay) _conclusion.End(unkept ?? (State == SessionState.Expired ? _cause : null));
    }

    public async ValueTask OnOutsideCallsAsync(StagedCalls stage)
    {
        using (stage)
        {
            if (IsOver) return;
            stage.Commit(_context.Vault, _id, _storage.FirstUseOf);
            if (stage.ChangesKeys)
            {
                IReadOnlyList<KeyEntry> keys = _keys.All;
                if (keys.Any(_keys.IsUsable)) await ApplyAsync(SessionInput.KeysUsable).ConfigureAwait(false);
                else if (!keys.Any(_keys.IsLive)) await ApplyAsync(SessionInput.TimeRanOut).ConfigureAwait(false);
            }

            await AfterStageAsync(stage).ConfigureAwait(false);
        }
    }

    public async ValueTask OnTimeAsync()
    {
        if (IsOver) return;
        IReadOnlyList<KeyEntry> keys = _keys.All;
        bool changed = _keys.HaveChanged(keys);
        if (keys.Count > 0 && !keys.Any(_keys.IsLive)) await ApplyAsync(SessionInput.TimeRanOut).ConfigureAwait(false);
        else if (!_exchange.IsUnderWay && _clock.IsRenewalDue(keys)) await RenewAsync().ConfigureAwait(false);
        if (changed) _keys.Publish();
        else await OnArmAsync().ConfigureAwait(false);
    }

    public async ValueTask OnFirstUseAsync(KeyId id)
    {
        if (IsOver) return;
        KeyEntry? key = _context.Vault.Find(_id, id, OutputCapabilities.None, null);
        if (key is { Policy.RenewOnFirstUse: true } && !_exchange.IsUnderWay) await RenewAsync().ConfigureAwait(false);
        // The playback window counts from now.
        await OnArmAsync().ConfigureAwait(false);
    }

    public ValueTask OnArmAsync()
    {
        if (!IsOver) _keys.Arm(mayRenew: State == SessionState.Usable && !_exchange.IsUnderWay);
        return ValueTask.CompletedTask;
    }

    public async ValueTask OnUseAsync(IReadOnlyList<KeyId> keys)
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
            if (!_keys.All.Any(_keys.IsUsable)) await ApplyAsync(SessionInput.TimeRanOut).ConfigureAwait(false);
            Update(snapshot => snapshot with { Error = _cause });
            _keys.Publish();
        }

        _storage.NoteUses(keys, now);
    }

    public async ValueTask OnCloseAsync()
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

    public async ValueTask BeginRenewalAsync()
    {
        if (State == SessionState.Usable) await RenewAsync().ConfigureAwait(false);
        else await ApplyAsync(SessionInput.ExchangeRequested, ChallengeKind.Renewal).ConfigureAwait(false);
    }

    public async ValueTask BeginReleaseAsync()
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
            _cause = new LicenseServiceException(reason, $"the key system '{_descriptor.Name}' has ended the session");
            await ApplyAsync(SessionInput.Broke).ConfigureAwait(false);
            return;
        }

        if (stage.Requested != ChallengeKind.None) await ApplyAsync(SessionInput.ExchangeRequested, stage.Requested).ConfigureAwait(false);
        // The end of an exchange is worth saying even when it brought nothing: readers wait for it, and the clock is set by it.
        if (!IsOver && (stage.ChangesKeys || exchangeEnded)) _keys.Publish();
    }

    /// <summary>Lets the machine take a step and does what it says.</summary>
    public async ValueTask ApplyAsync(SessionInput input, ChallengeKind kind = ChallengeKind.None)
    {
        SessionState from = State;
        (SessionState to, SessionOutputs outputs) = SessionMachine.Next(from, input);
        if (outputs.HasFlag(SessionOutputs.End))
        {
            _exchange.End();
            _half.End();
            await _lifetime.CancelAsync().ConfigureAwait(false);
        }

        if (outputs.HasFlag(SessionOutputs.LeaveTable)) _left();
        bool takesKeys = outputs.HasFlag(SessionOutputs.RevokeKeys) && _keys.All.Count > 0;
        if (outputs.HasFlag(SessionOutputs.RevokeKeys)) _context.Vault.Revoke(_id);
        if (outputs.HasFlag(SessionOutputs.AskAfterwards)) _exchange.IsAnotherWanted = true;
        if (outputs.HasFlag(SessionOutputs.StartExchange)) _exchange.Begin(kind, [.. _snapshot.Asked], _lifetime.Token);

        Update(snapshot => snapshot with
        {
            State = to,
            Exchanges = _exchange.Number,
            Error = outputs.HasFlag(SessionOutputs.ReportFailure) || to is SessionState.Failed or SessionState.Expired ? _cause ?? snapshot.Error : _cause,
        });
        if (to is SessionState.Usable or SessionState.Failed) EndSpan(to);
        if (from != to) _context.Facts.StateChanged(_id, from, to);
        if (takesKeys) _context.Facts.KeysChanged(_id, 0, 0);
        if (outputs.HasFlag(SessionOutputs.ReportFailure))
            _context.Facts.Failed(_id, _cause?.Kind ?? LicenseErrorKind.Unknown, terminal: to == SessionState.Failed);
        if (outputs.HasFlag(SessionOutputs.StartExchange)) _context.Facts.LicenseNeeded(_id, _exchange.Number, _exchange.Kind);
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

    /// <summary>Makes the clock the cause, if keys are refused because of it.</summary>
    private bool TellOfClock()
    {
        if (_storage.WhatTheClockRefuses() is not { } refused) return false;
        _cause = refused;
        return true;
    }
}

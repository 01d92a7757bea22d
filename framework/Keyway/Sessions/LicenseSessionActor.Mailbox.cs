using Keyway.Decryption;
using Keyway.Diagnostics;
using Keyway.Licensing;
using Keyway.Licensing.Exchanges;
using Keyway.Messaging;

namespace Keyway.Sessions;

/// <content>What the mailbox's reader does: everything here runs one at a time.</content>
internal sealed partial class LicenseSessionActor
{
    private SessionState State => _snapshot.State;

    private bool IsOver => State is SessionState.Failed or SessionState.Closed or SessionState.Released;

    private async ValueTask OnOpenAsync()
    {
        if (IsOver) return;
        (bool opened, StoredPurpose purpose, StagedCalls stage) = await OpenSessionAsync().ConfigureAwait(false);
        using (stage)
        {
            if (_lifetime.IsCancellationRequested) return;
            // What is stored may have changed, and the clock with it: both are looked at before any key is there.
            if (!opened || (Stored is not null && !await RefreshAsync(purpose).ConfigureAwait(false)))
            {
                await ApplyAsync(SessionInput.Broke).ConfigureAwait(false);
                return;
            }

            stage.Commit(_context.Vault, Id, FirstUseOf);
            if (_session!.Decryptor is { } decryptor) _loan = _context.Vault.Attach(Id, decryptor);
            if (Stored is not null) _context.Vault.Hold(Id, held: false);
            if (Stored is not null && await OnTakenUpAsync(purpose).ConfigureAwait(false)) return;
            IReadOnlyList<KeyEntry> keys = _context.Vault.Keys(Id);
            // A stored licence whose time is to come is a licence: no other is asked for.
            Func<KeyEntry, bool> isReady = Stored is null ? IsUsable : IsLive;
            bool allUsable = keys.Any(isReady) && _snapshot.Asked.All(id => keys.Any(key => key.Id == id && isReady(key)));
            if (allUsable && IsToBeStored && Stored is null && await KeepAsync().ConfigureAwait(false) is { } unkept)
            {
                _cause = unkept;
                await ApplyAsync(SessionInput.Broke).ConfigureAwait(false);
                return;
            }

            if (allUsable)
            {
                _context.Vault.Hold(Id, held: false);
                await ApplyAsync(SessionInput.Ready).ConfigureAwait(false);
            }
            else
            {
                // Keys that are there already stay usable, whatever becomes of the licence for the others; with a licence to be stored they wait for it.
                if (keys.Any(IsUsable) && !(IsToBeStored && Stored is null)) await ApplyAsync(SessionInput.KeysUsable).ConfigureAwait(false);
                if (stage.Requested == ChallengeKind.None) await ApplyAsync(SessionInput.LicenseWanted, ChallengeKind.License).ConfigureAwait(false);
            }

            await AfterStageAsync(stage).ConfigureAwait(false);
        }
    }

    private async ValueTask<HeaderOutcome> OnOfferAsync(ProtectionHeader header)
    {
        if (IsOver || _session is null) return HeaderOutcome.NotMine;
        LicenseServiceException? before = _cause;
        (bool done, HeaderOutcome outcome, StagedCalls stage) = await StageAsync(
            "reading a header", async () => await _session.OfferHeaderAsync(header, _lifetime.Token).ConfigureAwait(false)).ConfigureAwait(false);
        using (stage)
        {
            // A session that cannot read a header is as good as before; the header goes to another.
            if (!done)
            {
                _cause = before;
                return HeaderOutcome.NotMine;
            }

            stage.Commit(_context.Vault, Id, FirstUseOf);
            if (outcome != HeaderOutcome.NotMine) Update(snapshot => snapshot with { Asked = snapshot.Asked.Union(header.KeyIds) });
            if (outcome == HeaderOutcome.ExchangeNeeded && stage.Requested == ChallengeKind.None)
                await ApplyAsync(SessionInput.HeaderFound, ChallengeKind.License).ConfigureAwait(false);
            await AfterStageAsync(stage).ConfigureAwait(false);
            return outcome;
        }
    }

    private async ValueTask OnResultAsync(int number)
    {
        if (!_results.TryRemove(number, out ExchangeResult? result)) return;
        using (result)
        {
            // Late: a newer challenge is out, or nobody waits any more.
            if (IsOver || !_underWay || number != _number) return;
            if (result.Failure is not null || result.Answer is null) await OnFailureAsync(result.Failure ?? Forgotten()).ConfigureAwait(false);
            else await OnAnswerAsync(result).ConfigureAwait(false);
        }
    }

    private async ValueTask OnAnswerAsync(ExchangeResult result)
    {
        (bool done, LicenseOutcome outcome, StagedCalls stage) = await StageAsync(
            "opening an answer", async () => await _session!.AcceptAsync(result.Answer!, _lifetime.Token).ConfigureAwait(false)).ConfigureAwait(false);
        using (stage)
        {
            // It is being closed: whatever the key system made of that is no failure.
            if (_lifetime.IsCancellationRequested) return;
            if (done && outcome == LicenseOutcome.None)
                (done, _cause) = (false, new LicenseServiceException(LicenseErrorKind.InternalFault, $"the key system '{Descriptor.Name}' did not say what became of an answer"));
            if (done && outcome == LicenseOutcome.AnotherExchangeNeeded && ++_inARow >= _context.MaximumExchanges)
                (done, _cause) = (false, new LicenseServiceException(LicenseErrorKind.InternalFault, $"the key system '{Descriptor.Name}' asks for exchange after exchange ({_inARow})"));
            if (!done)
            {
                await OnFailureAsync(_cause!).ConfigureAwait(false);
                return;
            }

            stage.Commit(_context.Vault, Id, FirstUseOf);
            Update(snapshot => snapshot with { RoundTrip = result.RoundTrip });
            if (outcome == LicenseOutcome.AnotherExchangeNeeded)
            {
                await ApplyAsync(SessionInput.AnotherNeeded, _kind).ConfigureAwait(false);
                await AfterStageAsync(stage).ConfigureAwait(false);
                return;
            }

            LicenseServiceException? unkept = IsToBeStored && State != SessionState.Releasing ? await KeepAsync().ConfigureAwait(false) : null;
            if (unkept is not null && Stored is null)
            {
                _cause = unkept;
                await ApplyAsync(SessionInput.Broke).ConfigureAwait(false);
                return;
            }

            if (IsToBeStored) _context.Vault.Hold(Id, held: false);
            EndExchange();
            _inARow = 0;
            SetRenewalFailing(false);
            bool again = Interlocked.Exchange(ref _askAfterwards, false);
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
        EndExchange();
        _inARow = 0;
        _askAfterwards = false;
        // The grace that a licence may give is for a service that is away, not for one that says no.
        SetRenewalFailing(AnswerJudge.IsServiceAway(failure.Kind));
        failure = WithReasonOfHeld(failure);
        _cause = failure;
        await ApplyAsync(SessionInput.ExchangeFailed).ConfigureAwait(false);
        if (!IsOver) PublishKeys();
        Conclude(failure);
    }

    private async ValueTask OnOutsideCallsAsync(StagedCalls stage)
    {
        using (stage)
        {
            if (IsOver) return;
            stage.Commit(_context.Vault, Id, FirstUseOf);
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
        else if (!_underWay && _clock.IsRenewalDue(keys)) await RenewAsync().ConfigureAwait(false);
        if (changed) PublishKeys();
        else await OnArmAsync().ConfigureAwait(false);
    }

    private async ValueTask OnFirstUseAsync(KeyId id)
    {
        if (IsOver) return;
        KeyEntry? key = _context.Vault.Keys(Id).FirstOrDefault(entry => entry.Id == id);
        if (key is { Policy.RenewOnFirstUse: true } && !_underWay) await RenewAsync().ConfigureAwait(false);
        // The playback window counts from now.
        await OnArmAsync().ConfigureAwait(false);
    }

    private ValueTask OnArmAsync()
    {
        if (!IsOver) _clock.Arm(_context.Vault.Keys(Id), mayRenew: State == SessionState.Usable && !_underWay, _renewalFailing);
        return ValueTask.CompletedTask;
    }

    private async ValueTask OnCloseAsync()
    {
        await ApplyAsync(SessionInput.Disposed).ConfigureAwait(false);
        await NoteEndAsync().ConfigureAwait(false);
        _mailbox.Writer.TryComplete();
    }

    private async ValueTask RenewAsync()
    {
        _clock.LastAttempt = _context.Clock.GetUtcNow();
        await ApplyAsync(SessionInput.RenewalDue, ChallengeKind.Renewal).ConfigureAwait(false);
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
            EndExchange();
            _host.End();
            await _lifetime.CancelAsync().ConfigureAwait(false);
        }

        if (outputs.HasFlag(SessionOutputs.LeaveTable)) _context.Left(this);
        bool takesKeys = outputs.HasFlag(SessionOutputs.RevokeKeys) && _context.Vault.Keys(Id).Count > 0;
        if (outputs.HasFlag(SessionOutputs.RevokeKeys)) _context.Vault.Revoke(Id);
        if (outputs.HasFlag(SessionOutputs.AskAfterwards)) _askAfterwards = true;
        if (outputs.HasFlag(SessionOutputs.StartExchange)) BeginExchange(kind);

        Update(snapshot => snapshot with
        {
            State = to,
            Exchanges = _number,
            Error = outputs.HasFlag(SessionOutputs.ReportFailure) || to is SessionState.Failed or SessionState.Expired ? _cause ?? snapshot.Error : _cause,
        });
        if (to is SessionState.Usable or SessionState.Failed) EndSpan(to);
        if (from != to) _context.Facts.StateChanged(Id, from, to);
        if (takesKeys) _context.Facts.KeysChanged(Id, 0, 0);
        if (outputs.HasFlag(SessionOutputs.ReportFailure))
            _context.Facts.Failed(Id, _cause?.Kind ?? LicenseErrorKind.Unknown, terminal: to == SessionState.Failed);
        if (outputs.HasFlag(SessionOutputs.StartExchange)) _context.Facts.LicenseNeeded(Id, _number, _kind);
        if (outputs.HasFlag(SessionOutputs.End)) await DisposeSessionAsync().ConfigureAwait(false);
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

    private void BeginExchange(ChallengeKind kind)
    {
        EndExchange();
        _exchange = CancellationTokenSource.CreateLinkedTokenSource(_lifetime.Token);
        _number++;
        _underWay = true;
        _kind = kind == ChallengeKind.None ? ChallengeKind.License : kind;
        Volatile.Write(ref _order, new ExchangeOrder(_number, _kind, [.. _snapshot.Asked], new ExchangeBudget(_context.Clock, _context.KeyWait), _exchange.Token));
    }

    private void EndExchange()
    {
        _underWay = false;
        Volatile.Write(ref _order, null);
        if (_exchange is null) return;
        // Whoever waits on the token goes on elsewhere, not in the mailbox.
        _ = _exchange.CancelAsync();
        _exchange.Dispose();
        _exchange = null;
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

    private KeyStatus Judge(KeyEntry key) => RenewalClock.Judge(key, _context.Clock.GetUtcNow(), _renewalFailing).Status;

    /// <summary>Whether the key can be used now, for a sink that meets what it asks.</summary>
    private bool IsUsable(KeyEntry key) => IsLive(key) && Judge(key) is not (KeyStatus.UsableInFuture or KeyStatus.StatusPending);

    /// <summary>Whether the session may live on the key. A key whose time is to come, or whose status is still open, is a way to get one.</summary>
    private bool IsLive(KeyEntry key) => Judge(key) is not (KeyStatus.Expired or KeyStatus.Released or KeyStatus.InternalError);

    /// <summary>Calls the key system and stages what it says. When it throws nothing takes effect, and the cause is kept.</summary>
    private async ValueTask<(bool Done, T Result, StagedCalls Stage)> StageAsync<T>(string what, Func<ValueTask<T>> call)
    {
        StagedCalls stage = _host.Stage();
        try
        {
            return (true, await WatchAsync(what, call).ConfigureAwait(false), stage);
        }
        catch (Exception exception)
        {
            stage.Dispose();
            _cause = Explain(what, exception);
            return (false, default!, stage);
        }
        finally
        {
            _host.Unstage();
        }
    }

    /// <summary>
    /// Calls the key system, for as long as there is patience. On another thread: one that blocks must not block the session. By the machine's clock and not by
    /// that of licences: code that does not come back takes the machine's time.
    /// </summary>
    private async Task<T> WatchAsync<T>(string what, Func<ValueTask<T>> call)
    {
        Task<T> running = Task.Run(() => call().AsTask(), CancellationToken.None);
        try
        {
            return await running.WaitAsync(_context.Patience, TimeProvider.System).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!running.IsCompleted)
        {
            throw new LicenseServiceException(LicenseErrorKind.InternalFault, $"the key system '{Descriptor.Name}' has not come back from {what} after {_context.Patience.TotalSeconds:0.#} s");
        }
    }

    private LicenseServiceException Explain(string what, Exception exception) => exception switch
    {
        LicenseServiceException known => known,
        ProtectionHeaderException header => new LicenseServiceException(LicenseErrorKind.HeaderUnsupported, header.Message, header),
        _ => new LicenseServiceException(LicenseErrorKind.InternalFault, $"the key system '{Descriptor.Name}' failed in {what}: {PluginText.Of(exception)}", exception),
    };

    private static LicenseServiceException Forgotten() => new(LicenseErrorKind.InternalFault, "an exchange has ended without an answer");

    private async ValueTask DisposeSessionAsync()
    {
        if (Interlocked.Exchange(ref _session, null) is not { } session) return;
        // What is in use outlives its session: native code would decrypt with what is gone. Whoever does not come back keeps it, and nobody else.
        if (_loan is { } loan && !await loan.EndAsync(_context.Patience).ConfigureAwait(false)) _ = loan.WhenOver.ContinueWith(_ => DisposeAsync(session).AsTask(), TaskScheduler.Default);
        else await DisposeAsync(session).ConfigureAwait(false);
    }

    private static async ValueTask DisposeAsync(ILicenseSession session)
    {
        try
        {
            await session.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The session is over either way; its keys are gone and nothing of it is called again.
        }
    }
}

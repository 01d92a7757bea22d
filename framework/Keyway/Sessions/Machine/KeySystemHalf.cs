using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Licensing.Secrets;

namespace Keyway.Sessions;

/// <summary>What a call of a key system came to.</summary>
/// <param name="Result">What it returned.</param>
/// <param name="Stage">What it said meanwhile. Ownership: the caller's.</param>
/// <param name="Failure">Why it failed; <see langword="null"/>: it did not. Then nothing that it said takes effect.</param>
internal readonly record struct Staged<T>(T Result, StagedCalls Stage, LicenseServiceException? Failure);

/// <summary>
/// The key system's half of a session: opened once, called one call at a time, watched, and told of in errors that name it. What it says in a call
/// takes effect as a whole or not at all.
/// </summary>
/// <param name="system">The key system.</param>
/// <param name="patience">How long a call may take.</param>
/// <param name="said">Takes what it says outside of calls. Ownership goes along.</param>
/// <remarks>Threads: the mailbox's; what it says outside of calls comes from any.</remarks>
internal sealed class KeySystemHalf(IKeySystem system, TimeSpan patience, Action<StagedCalls> said) : IAsyncDisposable
{
    private readonly SessionHost _host = new(said);
    private ILicenseSession? _session;
    private SessionLoan? _loan;

    private string Name => system.Descriptor.Name;

    public bool IsOpen => _session is not null;

    public ValueTask<Staged<bool>> OpenAsync(SessionRequest request, CancellationToken lifetime) => StageAsync("opening a session", async () =>
    {
        ILicenseSession opened = await system.OpenSessionAsync(request, _host, lifetime).ConfigureAwait(false)
            ?? throw new LicenseServiceException(LicenseErrorKind.InternalFault, $"the key system '{Name}' opened no session: its OpenSessionAsync returned null");
        if (lifetime.IsCancellationRequested)
        {
            // Nobody waits for it any more.
            await opened.DisposeAsync().ConfigureAwait(false);
            throw new OperationCanceledException(lifetime);
        }

        _session = opened;
        return true;
    });

    /// <summary>Lends what it decrypts with itself, where it does: to the vault, for the keys of a session.</summary>
    public void Lend(ContentKeyVault vault, SessionId session)
    {
        if (_session?.Decryptor is { } decryptor) _loan = vault.Attach(session, decryptor);
    }

    public ValueTask<Staged<HeaderOutcome>> OfferAsync(ProtectionHeader header, CancellationToken lifetime) =>
        StageAsync("reading a header", () => _session!.OfferHeaderAsync(header, lifetime));

    public async ValueTask<Staged<LicenseOutcome>> AcceptAsync(LicenseAnswer answer, CancellationToken lifetime)
    {
        Staged<LicenseOutcome> accepted = await StageAsync("opening an answer", () => _session!.AcceptAsync(answer, lifetime)).ConfigureAwait(false);
        return accepted is { Failure: null, Result: LicenseOutcome.None }
            ? accepted with { Failure = new LicenseServiceException(LicenseErrorKind.InternalFault, $"the key system '{Name}' returned no result for an answer") }
            : accepted;
    }

    public async ValueTask<ChallengeInfo> WriteChallengeAsync(ChallengeRequest request, SecretBuffer destination, CancellationToken cancellationToken)
    {
        ILicenseSession session = _session ?? throw new OperationCanceledException();
        destination.Clear();
        try
        {
            return await WatchAsync("writing a challenge", () => session.WriteChallengeAsync(request, destination, cancellationToken)).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            throw Explain("writing a challenge", exception);
        }
    }

    public LicenseServiceException? ReadRefusal(LicenseAnswer answer)
    {
        ILicenseSession session = _session ?? throw new OperationCanceledException();
        try
        {
            return session.ReadRefusal(answer);
        }
        catch (Exception exception)
        {
            throw Explain("reading a refusal", exception);
        }
    }

    public ValueTask<bool> SaveAsync(SecretBuffer destination, CancellationToken lifetime) => _session!.SaveAsync(destination, lifetime);

    /// <summary>What a fault of the key system is told as.</summary>
    public LicenseServiceException Explain(string what, Exception exception) => exception switch
    {
        LicenseServiceException known => known,
        ProtectionHeaderException header => new LicenseServiceException(LicenseErrorKind.HeaderUnsupported, header.Message, header),
        _ => new LicenseServiceException(LicenseErrorKind.InternalFault, $"the key system '{Name}' failed in {what}: {PluginText.Of(exception)}", exception),
    };

    /// <summary>Stops handling what it reports.</summary>
    public void End() => _host.End();

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _session, null) is not { } session) return;
        // What is in use outlives its session: native code would decrypt with what is gone. A call that does not come back keeps it, and nothing else.
        if (_loan is { } loan && !await loan.EndAsync(patience).ConfigureAwait(false)) _ = loan.WhenOver.ContinueWith(_ => DisposeAsync(session).AsTask(), TaskScheduler.Default);
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

    /// <summary>Calls the key system and stages what it says.</summary>
    private async ValueTask<Staged<T>> StageAsync<T>(string what, Func<ValueTask<T>> call)
    {
        StagedCalls stage = _host.Stage();
        try
        {
            return new Staged<T>(await WatchAsync(what, call).ConfigureAwait(false), stage, null);
        }
        catch (Exception exception)
        {
            stage.Dispose();
            return new Staged<T>(default!, stage, Explain(what, exception));
        }
        finally
        {
            _host.Unstage();
        }
    }

    /// <summary>
    /// Calls the key system, within the time limit. On another thread: one that blocks must not block the session. By the machine's clock and not by
    /// that of licences: code that does not come back takes the machine's time.
    /// </summary>
    private async Task<T> WatchAsync<T>(string what, Func<ValueTask<T>> call)
    {
        Task<T> running = Task.Run(() => call().AsTask(), CancellationToken.None);
        try
        {
            return await running.WaitAsync(patience, TimeProvider.System).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!running.IsCompleted)
        {
            throw new LicenseServiceException(LicenseErrorKind.InternalFault, $"the key system '{Name}' has not come back from {what} after {patience.TotalSeconds:0.#} s");
        }
    }
}

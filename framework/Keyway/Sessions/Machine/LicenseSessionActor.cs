using System.Diagnostics;
using Keyway.Decryption;
using Keyway.Diagnostics;
using Keyway.Licensing;
using Keyway.Licensing.Origins;
using Keyway.Licensing.Secrets;

namespace Keyway.Sessions;

/// <summary>
/// One licence session, as others see it. What they ask of it goes by its <see cref="SessionMailbox"/> to <see cref="SessionDriver"/>, which does it. The key
/// system's half is called from the mailbox only (<see cref="KeySystemHalf"/>); exchanges run beside the mailbox and post their results
/// (<see cref="ExchangeInFlight"/>); what outlives the session is <see cref="SessionStorage"/>'s.
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
    private readonly SessionDriver _driver;
    private readonly Task _reader;

    public LicenseSessionActor(SessionContext context, KeyRingOptions options, SessionRequest request, StoredStart? start = null)
    {
        (_context, Options, _request) = (context, options, request);
        _mailbox = new SessionMailbox(exception => _driver!.OnFaultAsync(exception));
        _half = new KeySystemHalf(options.KeySystem, context.Patience, stage => _mailbox.Post(() => _driver!.OnOutsideCallsAsync(stage)));
        _exchange = new ExchangeInFlight(context);
        _storage = new SessionStorage(context, Id, options, request, start);
        _clock = new RenewalClock(context.Clock, () => _mailbox.Post(_driver!.OnTimeAsync));
        Hints = [.. options.ContentUrls, .. HintsOf(request.Headers)];
        _span = Spans.Session(options.Trace, Id, options.KeySystem.Descriptor.Name, options.Service.Name);
        _driver = new SessionDriver(context, Id, options.KeySystem.Descriptor, request, _mailbox, _half, _exchange, _storage, _conclusion, _clock, _span, _lifetime, () => context.Left(this));
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

    public SessionSnapshot Snapshot => _driver.Snapshot;

    /// <summary>Why no licence is there yet; <see langword="null"/>: no exchange is under way, or it does not wait for the service.</summary>
    public LicenseServiceException? WhyNotYet => _exchange.WhyNotYet(Snapshot.LicenseUrl);

    /// <summary>What is stored of it; <see langword="null"/>: nothing.</summary>
    public StoredLicense? Stored => _storage.Current;

    /// <summary>Whether the store should be told that the licence is in use, or that the clock is not what it was.</summary>
    public bool IsSeenLongAgo => _storage.IsSeenLongAgo;

    /// <summary>Ends when what the session was opened for, or asked to do with its stored licence, is done; fails with the reason.</summary>
    public Task Concluded => _conclusion.Task;

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
    public void Open() => _mailbox.Post(_driver.OnOpenAsync);

    /// <summary>Notes keys that somebody hopes this session's licence will bring.</summary>
    public Task ExpectAsync(IReadOnlyCollection<KeyId> keys) => _mailbox.CallAsync(() =>
    {
        _driver.Update(snapshot => snapshot with { Asked = snapshot.Asked.Union(keys) });
        return new ValueTask<bool>(true);
    });

    /// <summary>Forgets keys that nobody needs any more: it is no longer for them.</summary>
    public void Forget(IReadOnlyCollection<KeyId> keys) => _mailbox.Post(() =>
    {
        _driver.Update(snapshot => snapshot with { Asked = snapshot.Asked.Except(keys) });
        return ValueTask.CompletedTask;
    });

    /// <summary>Offers a header found later.</summary>
    public Task<HeaderOutcome> OfferAsync(ProtectionHeader header) => _mailbox.CallAsync(() => _driver.OnOfferAsync(header));

    /// <summary>Asks for a licence again: a reader needs a key whose time is over.</summary>
    public Task AskAgainAsync() => _mailbox.CallAsync(async () =>
    {
        await _driver.ApplyAsync(SessionInput.LicenseWanted, ChallengeKind.License).ConfigureAwait(false);
        return true;
    });

    /// <summary>A key was used for the first time.</summary>
    public void FirstUsed(KeyId id) => _mailbox.Post(() => _driver.OnFirstUseAsync(id));

    /// <summary>Sets the clock by the keys that it holds now.</summary>
    public void ArmClock() => _mailbox.Post(_driver.OnArmAsync);

    /// <summary>The order of an exchange, if it still counts.</summary>
    public ExchangeOrder? Order(int number) => _exchange.Order(number);

    /// <summary>Notes where an exchange goes.</summary>
    public void Sending(Uri url) => _mailbox.Post(() =>
    {
        _driver.Update(snapshot => snapshot with { LicenseUrl = url });
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
        if (!_mailbox.Post(() => _driver.OnResultAsync(number))) _exchange.Take(number)?.Dispose();
    }

    /// <summary>Notes in the store that keys are about to be used, and then lets them be.</summary>
    public Task NoteUseAsync(IReadOnlyList<KeyId> keys) => _mailbox.CallAsync(async () =>
    {
        await _driver.OnUseAsync(keys).ConfigureAwait(false);
        return true;
    });

    /// <summary>Renews the licence now.</summary>
    /// <returns>A task that ends when it is renewed.</returns>
    public async Task RenewNowAsync()
    {
        Task concluded = await _mailbox.CallAsync(async () =>
        {
            Task concluded = _conclusion.Begin();
            if (!_exchange.IsUnderWay) await _driver.BeginRenewalAsync().ConfigureAwait(false);
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
            await _driver.BeginReleaseAsync().ConfigureAwait(false);
            return concluded;
        }).ConfigureAwait(false);
        await concluded.ConfigureAwait(false);
    }

    /// <summary>Ends the session: nothing of the key system runs afterwards, and every key is zeroed.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_mailbox.Post(_driver.OnCloseAsync))
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
            KeyFile = Options.Service.IsOfContent ? ContentId : null,
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
        if (_driver.IsOver || number != _exchange.Number) throw new OperationCanceledException();
    }
}

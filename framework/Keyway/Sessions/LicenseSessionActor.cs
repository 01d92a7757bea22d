using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;
using Keyway.Decryption;
using Keyway.Diagnostics;
using Keyway.Licensing;
using Keyway.Licensing.Origins;
using Keyway.Licensing.Secrets;
using Keyway.Messaging;

namespace Keyway.Sessions;

/// <summary>
/// One licence session: a mailbox with one reader, the machine that says what is to be done, and the key system's half, which is called from the
/// mailbox only and so one call at a time. Exchanges run beside the mailbox and post what became of them.
/// </summary>
/// <remarks>
/// Threads: every public member may be called from any; each posts or reads a snapshot. Ownership: the session table's, which closes it.
/// </remarks>
internal sealed partial class LicenseSessionActor : IAsyncDisposable
{
    // A key system that does not listen to its cancellation must not keep keys alive.
    private static readonly TimeSpan CloseWait = TimeSpan.FromSeconds(5);

    private readonly Channel<Func<ValueTask>> _mailbox = Channel.CreateUnbounded<Func<ValueTask>>(new UnboundedChannelOptions { SingleReader = true });
    private readonly ConcurrentDictionary<int, ExchangeResult> _results = new();
    private readonly CancellationTokenSource _lifetime = new();
    private readonly SessionContext _context;
    private readonly SessionRequest _request;
    private readonly SessionHost _host;
    private readonly RenewalClock _clock;
    private readonly Task _reader;

    private readonly Activity? _span;

    private ILicenseSession? _session;
    private SessionLoan? _loan;
    private SessionSnapshot _snapshot;
    private CancellationTokenSource? _exchange;
    private ExchangeOrder? _order;
    private int _number;
    private int _inARow;
    private bool _underWay;
    private bool _askAfterwards;
    private bool _renewalFailing;
    private ChallengeKind _kind;
    private LicenseServiceException? _cause;
    private Dictionary<KeyId, KeyStatus> _lastStatus = [];

    public LicenseSessionActor(SessionContext context, KeyRingOptions options, SessionRequest request, StoredStart? start = null)
    {
        (_context, Options, _request, _start) = (context, options, request, start);
        _host = new SessionHost(stage => Post(() => OnOutsideCallsAsync(stage)));
        _clock = new RenewalClock(context.Clock, () => Post(OnTimeAsync));
        _snapshot = new SessionSnapshot { Asked = [.. request.Keys.Select(static key => key.Id), .. request.Headers.SelectMany(static header => header.KeyIds)] };
        Hints = [.. options.ContentUrls, .. HintsOf(request.Headers)];
        _span = Spans.Session(options.Trace, Id, options.KeySystem.Descriptor.Name, options.Service.Name);
        _reader = Task.Run(ReadAsync);
    }

    public SessionId Id { get; } = SessionId.Create();

    /// <summary>What the one who opened it asked for. Those who join share his licence URL, scope and provider.</summary>
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
    public LicenseServiceException? WhyNotYet
    {
        get
        {
            if (Volatile.Read(ref _order)?.Budget is not { IsAnswered: false } budget) return null;
            if (budget.LastFailure is { } failed) return failed;
            if (!budget.IsAsked || Snapshot.LicenseUrl is not { } url) return null;
            string waited = budget.Elapsed.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture);
            return new LicenseServiceException(LicenseErrorKind.Network, $"no answer of {Origin.Of(url)} within {waited} s") { Retryable = true };
        }
    }

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
    public void Open() => Post(OnOpenAsync);

    /// <summary>Notes keys that somebody hopes this session's licence will bring.</summary>
    public Task ExpectAsync(IReadOnlyCollection<KeyId> keys) => CallAsync(() =>
    {
        Update(snapshot => snapshot with { Asked = snapshot.Asked.Union(keys) });
        return new ValueTask<bool>(true);
    });

    /// <summary>Forgets keys that nobody needs any more: it is no longer for them.</summary>
    public void Forget(IReadOnlyCollection<KeyId> keys) => Post(() =>
    {
        Update(snapshot => snapshot with { Asked = snapshot.Asked.Except(keys) });
        return ValueTask.CompletedTask;
    });

    /// <summary>Offers a header found later.</summary>
    public Task<HeaderOutcome> OfferAsync(ProtectionHeader header) => CallAsync(() => OnOfferAsync(header));

    /// <summary>Asks for a licence again: a reader needs a key whose time is over.</summary>
    public Task AskAgainAsync() => CallAsync(async () =>
    {
        await ApplyAsync(SessionInput.LicenseWanted, ChallengeKind.License).ConfigureAwait(false);
        return true;
    });

    /// <summary>A key was used for the first time.</summary>
    public void FirstUsed(KeyId id) => Post(() => OnFirstUseAsync(id));

    /// <summary>Sets the clock by the keys that it holds now.</summary>
    public void ArmClock() => Post(OnArmAsync);

    /// <summary>Leaves what became of an exchange to be fetched by its number.</summary>
    public void Deposit(ExchangeResult result)
    {
        _results[result.Number] = result;
        if (_reader.IsCompleted) Forget();
    }

    /// <summary>Opens what an exchange has brought.</summary>
    public void Collect(int number)
    {
        if (!Post(() => OnResultAsync(number)) && _results.TryRemove(number, out ExchangeResult? late)) late.Dispose();
    }

    /// <summary>The order of an exchange, if it still counts.</summary>
    public ExchangeOrder? Order(int number) => Volatile.Read(ref _order) is { } order && order.Number == number ? order : null;

    /// <summary>Ends the session: nothing of the key system runs afterwards, and every key is zeroed.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!Post(OnCloseAsync))
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
            _host.End();
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

    private bool Post(Func<ValueTask> mail) => _mailbox.Writer.TryWrite(mail);

    private Task<T> CallAsync<T>(Func<ValueTask<T>> call)
    {
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bool posted = Post(async () =>
        {
            try
            {
                done.TrySetResult(await call().ConfigureAwait(false));
            }
            catch (OperationCanceledException)
            {
                done.TrySetCanceled();
            }
            catch (Exception exception)
            {
                done.TrySetException(exception);
            }
        });
        if (!posted) done.TrySetCanceled();
        return done.Task;
    }

    private async Task ReadAsync()
    {
        await foreach (Func<ValueTask> mail in _mailbox.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                await mail().ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                // Every handler answers for the key system's faults; what is left is a fault of ours, and the session must not hang on it.
                _cause = new LicenseServiceException(LicenseErrorKind.InternalFault, "the session failed inside", exception);
                await ApplyAsync(SessionInput.Broke).ConfigureAwait(false);
            }
        }

        _clock.Dispose();
        _span?.Dispose();
        ForgetStart();
        Forget();
    }

    private void Forget()
    {
        foreach (int number in _results.Keys)
            if (_results.TryRemove(number, out ExchangeResult? late)) late.Dispose();
    }

    private void Update(Func<SessionSnapshot, SessionSnapshot> change)
    {
        SessionSnapshot changed = change(_snapshot);
        Volatile.Write(ref _snapshot, changed with { Fetching = IsFetching(changed.State) });
    }

    private bool IsFetching(SessionState state) =>
        state == SessionState.Created || (state is SessionState.Acquiring or SessionState.Usable or SessionState.Renewing or SessionState.Expired && (_underWay || _askAfterwards));
}

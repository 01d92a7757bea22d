using System.Collections.Concurrent;
using Keyway.Licensing;
using Keyway.Messaging;

namespace Keyway.Sessions;

/// <summary>Opens, shares, renews and closes licence sessions, the same way for every key system.</summary>
/// <remarks>Threads: any. Ownership: the host's; disposing it closes every session.</remarks>
public sealed class SessionEngine : IAsyncDisposable
{
    private readonly SessionEngineOptions _options;
    private readonly SessionContext _context;
    private readonly KeyGate _gateOfKeys;
    private readonly ConcurrentDictionary<SessionId, LicenseSessionActor> _sessions = new();
    // Which group a session belongs to, and what it is there: none for those that are opened for a stored licence alone.
    private readonly ConcurrentDictionary<SessionId, (SharingGroup Group, SharedSession Session)> _shared = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<ShareKey, SharingGroup> _groups = [];
    private readonly Wiring _wiring;
    private readonly RingTable _rings = new();
    private bool _disposed;

    /// <summary>Makes an engine without sessions.</summary>
    /// <param name="options">What it is made of.</param>
    public SessionEngine(SessionEngineOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        SessionFacts facts = new(options.Bus);
        _gateOfKeys = new KeyGate(options.Vault, options.Clock, options.KeyWait);
        _context = new SessionContext
        {
            Vault = options.Vault,
            Facts = facts,
            Clock = options.Clock,
            Meter = options.Meter,
            Recorder = options.Recorder,
            Store = options.Store,
            KeyWait = options.KeyWait,
            MaximumExchanges = options.MaximumExchanges,
            Patience = options.KeySystemPatience,
            Left = OnLeft,
        };
        options.Vault.FirstUsed = OnFirstUsed;
        _wiring = new Wiring(options.Bus, this, new LicenseExchanger(facts, options.Clock, options.Meter, options.Coordinator, Find, options.Recorder), options.Events, options.Story);
    }

    /// <summary>Whether licences can be stored.</summary>
    internal bool Stores => _context.Store is not null;

    /// <summary>What may be known about every session there is.</summary>
    /// <returns>The reports.</returns>
    public IReadOnlyList<SessionReport> Reports() => [.. _sessions.Values.Select(static session => session.Report())];

    /// <summary>Begins the licence side of a presentation. Nothing is asked yet.</summary>
    /// <param name="options">What its sessions are opened with.</param>
    /// <returns>Its ring. Ownership: the caller's.</returns>
    /// <exception cref="LicenseServiceException">Its licences are to be stored, and there is no store.</exception>
    /// <exception cref="ObjectDisposedException">The engine has been disposed.</exception>
    public KeyRingSession Join(KeyRingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Kind == SessionKind.PersistentLicense && !Stores)
        {
            throw new LicenseServiceException(LicenseErrorKind.PolicyInvalid, "the licence is to be stored, and there is no store for licences")
            {
                Advice = "configure a folder for it: Keyway:Licenses:Store",
            };
        }

        ShareKey key = ShareKey.Of(options);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_groups.TryGetValue(key, out SharingGroup? group)) _groups.Add(key, group = NewGroup(key, isPrivate: options.SharingScope is null));
            group.Users++;
            KeyRingSession ring = null!;
            ring = new KeyRingSession(_context, _gateOfKeys, _rings, group, options) { Ended = () => Forget(ring, group) };
            _rings.Add(ring);
            return ring;
        }
    }

    /// <summary>Closes every session and zeroes its keys.</summary>
    /// <returns>A task that ends when all are closed.</returns>
    public async ValueTask DisposeAsync()
    {
        SharingGroup[] groups;
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
            groups = [.. _groups.Values];
        }

        foreach (KeyRingSession ring in _rings.All) await ring.DisposeAsync().ConfigureAwait(false);
        foreach (SharingGroup group in groups) await group.DisposeAsync().ConfigureAwait(false);
        // What is left was opened for stored licences alone.
        foreach (LicenseSessionActor session in _sessions.Values) await session.DisposeAsync().ConfigureAwait(false);
        _sessions.Clear();
        _wiring.Dispose();
        _options.Vault.FirstUsed = null;
    }

    /// <summary>The session that uses a stored licence, if one does.</summary>
    internal LicenseSessionActor? FindStored(StoredLicenseId id) => _sessions.Values.FirstOrDefault(session => session.Stored?.Id == id);

    /// <summary>Opens a session for a stored licence alone, without media, and lets it do what it is opened for.</summary>
    /// <param name="options">What its exchange is made with.</param>
    /// <param name="content">The licence. Ownership: the session's.</param>
    /// <param name="purpose">What for.</param>
    /// <param name="cancellationToken">Breaks it off.</param>
    /// <returns>A task that ends when it is done.</returns>
    /// <exception cref="LicenseServiceException">It failed.</exception>
    internal async Task RunStoredAsync(KeyRingOptions options, StoredLicenseContent content, StoredPurpose purpose, CancellationToken cancellationToken)
    {
        SessionRequest request = new()
        {
            Headers = HeadersOf(options.KeySystem, content.License),
            Keys = [.. content.License.Keys.Select(static key => new WantedKey { Id = key.Id, Scheme = key.Scheme })],
            Kind = SessionKind.PersistentLicense,
        };
        LicenseSessionActor session;
        lock (_gate)
        {
            if (_disposed) content.Dispose();
            ObjectDisposedException.ThrowIf(_disposed, this);
            session = new LicenseSessionActor(_context, options, request, new StoredStart(content, purpose));
            _sessions[session.Id] = session;
        }

        try
        {
            Task concluded = session.Concluded;
            session.Open();
            await concluded.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await session.DisposeAsync().ConfigureAwait(false);
            _sessions.TryRemove(session.Id, out _);
        }
    }

    /// <summary>Handles that a presentation has found what protects it.</summary>
    internal void OnProtectionDetected(ProtectionDetected detected)
    {
        foreach (KeyRingSession ring in _rings.Of(detected.Presentation)) ring.Serve();
    }

    /// <summary>Handles that an answer is there: its session opens it.</summary>
    internal void OnLicenseReceived(LicenseReceived received) => Find(received.Session)?.Collect(received.Exchange);

    /// <summary>Handles that keys have changed: their session sets its clock by them.</summary>
    internal void OnKeysChanged(KeysChanged changed) => Find(changed.Session)?.ArmClock();

    /// <summary>Wakes the readers that wait for keys of a session: those of the rings that hold it.</summary>
    internal void Wake(SessionId session)
    {
        if (!_shared.TryGetValue(session, out (SharingGroup Group, SharedSession Session) shared)) return;
        foreach (KeyRingSession ring in shared.Group.HoldersOf(shared.Session)) ring.Pulse();
    }

    private void Forget(KeyRingSession ring, SharingGroup group)
    {
        lock (_gate)
        {
            if (!_rings.Remove(ring)) return;
            group.Users--;
            Tidy(group);
        }
    }

    /// <summary>The headers of a stored licence. One that the key system reads no longer is left out: the licence itself may be enough.</summary>
    private static List<ProtectionHeader> HeadersOf(IKeySystem system, StoredLicense license)
    {
        List<ProtectionHeader> headers = [];
        foreach (StoredHeader header in license.Headers)
        {
            try
            {
                headers.Add(header.Read(system));
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                continue;
            }
        }

        return headers;
    }

    private LicenseSessionActor? Find(SessionId id) => _sessions.GetValueOrDefault(id);

    private SharingGroup NewGroup(ShareKey key, bool isPrivate)
    {
        SharingGroup group = null!;
        group = new SharingGroup(_context, _options.Grace, isPrivate)
        {
            Key = key,
            Opened = session =>
            {
                _shared[session.Actor.Id] = (group, session);
                _sessions[session.Actor.Id] = session.Actor;
            },
            Closed = session =>
            {
                _sessions.TryRemove(session.Actor.Id, out _);
                _shared.TryRemove(session.Actor.Id, out _);
                lock (_gate) Tidy(group);
            },
        };
        return group;
    }

    private void OnLeft(LicenseSessionActor session)
    {
        if (_shared.TryGetValue(session.Id, out (SharingGroup Group, SharedSession Session) shared)) shared.Group.Leave(shared.Session);
    }

    private void OnFirstUsed(SessionId session, KeyId key, DateTimeOffset when) => Find(session)?.FirstUsed(key);

    /// <summary>Forgets a group that nobody uses. Called under the lock.</summary>
    private void Tidy(SharingGroup group)
    {
        if (group.Users == 0 && group.IsEmpty && _groups.GetValueOrDefault(group.Key) == group) _groups.Remove(group.Key);
    }
}

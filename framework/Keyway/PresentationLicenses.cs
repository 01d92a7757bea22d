using System.Collections.Concurrent;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.Protection;
using Keyway.Sessions;

namespace Keyway;

/// <summary>The licence side of one presentation: asks for keys, waits until they may be used, and drops those that are over.</summary>
/// <remarks>Threads: any. Ownership: the presentation's.</remarks>
internal sealed class PresentationLicenses : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(8);

    private readonly IReadOnlyList<ProtectionHeader> _headers;
    private readonly KeyWaitSettings _waiting;
    private readonly Lock _gate = new();
    private readonly KeysInUse _inUse = new();
    private readonly RecentSet<string> _announced = new(LicenseLimits.RememberedKeys, StringComparer.Ordinal);
    // What a manifest had on offer and the one after it had not: over, unless a reader keeps it or somebody asks for it again.
    private readonly RecentSet<KeyId> _withdrawn = new(LicenseLimits.RememberedKeys);
    private readonly Dictionary<KeyId, int> _awaited = [];
    private readonly CancellationTokenSource _end = new();
    // By the last manifest that was followed: initialisation segments name keys, too, which are none of its.
    private HashSet<KeyId> _offered = [];
    // What the manifest of now says, of a live presentation.
    private List<ProtectionHeader> _followed = [];

    // When each key was last used or on offer, where keys are kept for those who come back.
    private readonly Dictionary<KeyId, DateTimeOffset> _lastSeen = [];

    // Asked for, and the result has not been handed out yet: a reader that waits gets that result, and causes no second request. One that comes after a refusal does.
    private readonly ConcurrentDictionary<KeyId, byte> _unheard = new();

    public PresentationLicenses(KeyRingSession ring, IReadOnlyList<ProtectionHeader> headers, KeyWaitSettings waiting)
    {
        (Ring, _headers, _waiting) = (ring, headers, waiting);
        Headers = new PresentationHeaders(ring.Options.KeySystem);
        _announced.Capacity += headers.Count;
        foreach (ProtectionHeader header in headers) _announced.Add(SharedSession.Identify(header));
        // A session may get its keys when they are over already: then it is left as soon as it has them.
        if (waiting.IsLive) ring.Moved = LetGo;
    }

    /// <summary>Told of headers that are found after the opening; <see langword="null"/>: nobody is.</summary>
    public IPublisher<ProtectionHeaderFound>? Found { private get; init; }

    /// <summary>Told of keys that will not be there; <see langword="null"/>: nobody is.</summary>
    public IPublisher<KeyRefused>? Refused { private get; init; }

    /// <summary>Whose licences they are, in what is told.</summary>
    public PresentationId Presentation { private get; init; }

    /// <summary>What content shows of headers.</summary>
    public PresentationHeaders Headers { get; }

    /// <summary>The sessions joined so far.</summary>
    public KeyRingSession Ring { get; }

    /// <summary>Whether a service that is away is asked again for as long as a reader of what is live waits. Not while there is another way.</summary>
    public bool IsPatient { get; set; } = true;

    /// <summary>How long a reader waits for a key.</summary>
    public TimeSpan KeyWait => _waiting.KeyWait;

    /// <summary>Whether the content is live: then keys rotate.</summary>
    private bool IsLive => _waiting.IsLive;

    /// <summary>How many keys and headers are remembered: for the test that it stays bounded.</summary>
    internal int Remembered
    {
        get
        {
            lock (_gate) return _announced.Count + _withdrawn.Count + _awaited.Count + _offered.Count + _unheard.Count + _inUse.Over.Count + _inUse.Kept.Count + _lastSeen.Count;
        }
    }

    /// <summary>Asks for keys, and waits for none.</summary>
    /// <param name="keys">The keys. Empty where only the headers know.</param>
    /// <param name="offered">What the manifest says that is being opened, of a live presentation: what leaves it is dropped.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async ValueTask AskAsync(IReadOnlyList<WantedKey> keys, ProtectionMap? offered, CancellationToken cancellationToken)
    {
        if (offered is not null)
        {
            HashSet<KeyId> named = OfferedIn(offered, Headers.Of(offered));
            lock (_gate) _offered = named;
        }

        foreach (WantedKey key in keys) _unheard.TryAdd(key.Id, 0);
        await Ring.NeedAsync(_headers, keys, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Takes headers that content has shown: those that are new are asked about at once, whether a sample needs them yet or not. Where many
    /// readers see the same rotation, each waits a little, and not all the same.
    /// </summary>
    /// <param name="headers">The headers, of the chosen key system.</param>
    /// <param name="scheme">The scheme of the samples they are for.</param>
    public void Announce(IReadOnlyList<ProtectionHeader> headers, ProtectionScheme scheme)
    {
        IReadOnlyList<KeyId> old = [];
        lock (_gate)
        {
            List<KeyId> asked = AskAboutNew(headers, scheme);
            if (IsLive) old = _inUse.Announce(asked.Where(id => !_offered.Contains(id)));
        }

        if (old.Count > 0) LetGo();
    }

    /// <summary>Takes what a manifest says now, and drops what the one before it said, where nobody has begun to use it: what it was for is no longer on offer.</summary>
    public void Follow(ProtectionMap map)
    {
        List<ProtectionHeader> headers = Headers.Of(map);
        HashSet<KeyId> offered = OfferedIn(map, headers);
        lock (_gate)
        {
            foreach (KeyId id in _offered)
                if (!offered.Contains(id)) _withdrawn.Add(id);
            foreach (KeyId id in offered) _withdrawn.Remove(id);
            Keep(offered);
            _offered = offered;
            _followed = headers;
            _announced.Capacity = LicenseLimits.RememberedKeys + headers.Count + offered.Count;
            _inUse.Remember(offered.Count);
        }

        Announce(map, headers);
        LetGo();
    }

    /// <summary>Takes what the beginning of a period says.</summary>
    public void Announce(ProtectionMap map) => Announce(map, Headers.Of(map));

    /// <summary>Asks for keys, unless they have been asked for, and waits for them.</summary>
    /// <param name="found">Headers that were found where the keys are needed; those of the whole presentation are known.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="sink">Where the samples go.</param>
    /// <param name="pixels">The frame size of a video track (width × height); <see langword="null"/>: not video.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="KeyUnavailableException">One of them will not be there.</exception>
    public async ValueTask WaitAsync(IReadOnlyList<ProtectionHeader> found, IReadOnlyList<WantedKey> keys, OutputCapabilities sink, long? pixels, CancellationToken cancellationToken)
    {
        foreach (WantedKey key in keys)
            if (!IsWanted(key.Id)) throw new KeyUnavailableException(key.Id, KeyStatus.StatusPending, KeyUnavailableReason.NotInLicense);
        lock (_gate)
        {
            foreach (ProtectionHeader header in found) _announced.Add(SharedSession.Identify(header));
            foreach (WantedKey key in keys) _awaited[key.Id] = _awaited.GetValueOrDefault(key.Id) + 1;
        }

        try
        {
            await WaitPatientlyAsync(found, keys, sink, pixels, cancellationToken).ConfigureAwait(false);
        }
        catch (KeyUnavailableException exception) when (Refused is not null)
        {
            Refused.Publish(new KeyRefused { Presentation = Presentation, Key = exception.Id, Status = exception.Status, Reason = exception.Reason.ToString() });
            throw;
        }
        finally
        {
            lock (_gate)
            {
                foreach (WantedKey key in keys)
                    if (--_awaited[key.Id] == 0) _awaited.Remove(key.Id);
            }
        }
    }

    /// <summary>Notes that a reader uses keys, and drops those that nobody needs any more.</summary>
    public void Use(object reader, IReadOnlyList<KeyId> keys)
    {
        if (!IsLive) return;
        IReadOnlyList<KeyId> over;
        lock (_gate)
        {
            Keep(keys);
            over = _inUse.Note(reader, keys);
        }

        if (over.Count > 0) LetGo();
    }

    /// <summary>Notes that keys are usable: the request for them has its result, and a reader that misses them later asks again.</summary>
    public void Heard(IReadOnlyList<KeyId> keys)
    {
        foreach (KeyId id in keys) _unheard.TryRemove(id, out _);
    }

    /// <summary>Notes that readers have ended.</summary>
    public void Leave(IReadOnlyList<object> readers)
    {
        if (!IsLive) return;
        lock (_gate) _inUse.Leave(readers);
        LetGo();
    }

    public async ValueTask DisposeAsync()
    {
        Ring.Moved = null;
        await _end.CancelAsync().ConfigureAwait(false);
        await Ring.DisposeAsync().ConfigureAwait(false);
    }

    private static bool MayPass(KeyUnavailableException exception) => exception.Reason == KeyUnavailableReason.LicenseFailed
        && exception.InnerException is LicenseServiceException { Kind: LicenseErrorKind.Network or LicenseErrorKind.ServerFault or LicenseErrorKind.Throttled };

    private async ValueTask WaitPatientlyAsync(IReadOnlyList<ProtectionHeader> found, IReadOnlyList<WantedKey> keys, OutputCapabilities sink, long? pixels, CancellationToken cancellationToken)
    {
        DateTimeOffset deadline = _waiting.Clock.GetUtcNow() + _waiting.KeyWait;
        for (TimeSpan pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await WaitOnceAsync(found, keys, sink, pixels, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (KeyUnavailableException exception) when (IsLive && IsPatient && MayPass(exception) && _waiting.Clock.GetUtcNow() + pause < deadline)
            {
                // What is live cannot be read again later: a service that is away for a moment ends nothing.
            }

            await Task.Delay(pause, _waiting.Clock, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask WaitOnceAsync(IReadOnlyList<ProtectionHeader> found, IReadOnlyList<WantedKey> keys, OutputCapabilities sink, long? pixels, CancellationToken cancellationToken)
    {
        // Said again where nobody has been asked; who was asked while this reader came here brings it.
        if (!keys.All(key => _unheard.ContainsKey(key.Id)))
        {
            using CancellationTokenSource timeout = new(_waiting.KeyWait, _waiting.Clock);
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
            try
            {
                if (keys.Any(key => !Ring.HoldsOrFetches(key.Id))) await SpreadAsync(either.Token).ConfigureAwait(false);
                await Ring.NeedAsync([.. found, .. HeadersFor(keys)], keys, either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                throw new KeyUnavailableException(keys[0].Id, KeyStatus.StatusPending, KeyUnavailableReason.TimedOut);
            }
        }

        try
        {
            await Ring.WaitAsync([.. keys.Select(static key => key.Id)], sink, pixels, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            foreach (WantedKey key in keys) _unheard.TryRemove(key.Id, out _);
        }
    }

    /// <summary>The headers to ask for keys with. A reader may be faster than the request that what it follows has just caused: then those of now name its key, and not those of the beginning.</summary>
    private IReadOnlyList<ProtectionHeader> HeadersFor(IReadOnlyList<WantedKey> keys)
    {
        List<ProtectionHeader> followed;
        lock (_gate) followed = _followed;
        ProtectionHeader[] naming = [.. followed.Where(header => keys.Any(key => header.KeyIds.Contains(key.Id)))];
        return naming.Length > 0 ? naming : _headers;
    }

    private void Announce(ProtectionMap map, List<ProtectionHeader> headers)
    {
        ProtectionScheme scheme = SchemeOf(map);
        List<WantedKey> bare = [];
        lock (_gate)
        {
            AskAboutNew(headers, scheme);
            // A key that no header names is asked for by its name. Those that the manifest of now names have been asked about.
            foreach (KeyId id in map.TrackKeyIds)
                if (id != default && IsWanted(id) && !headers.Concat(_followed).Any(header => header.KeyIds.Contains(id)) && _announced.Add(id.ToString())) bare.Add(new WantedKey { Id = id, Scheme = scheme });
        }

        bare.RemoveAll(key => _unheard.ContainsKey(key.Id) || Ring.HoldsOrFetches(key.Id));
        if (bare.Count > 0) AskLater([.. headers, .. _headers], bare);
    }

    /// <summary>Has those headers asked about that are new. Called under the lock.</summary>
    /// <returns>The keys that are asked for.</returns>
    private List<KeyId> AskAboutNew(IReadOnlyList<ProtectionHeader> headers, ProtectionScheme scheme)
    {
        List<ProtectionHeader> news = [];
        List<KeyId> wanted = [];
        foreach (ProtectionHeader header in headers)
        {
            if (!_announced.Add(SharedSession.Identify(header))) continue;
            // One that lists all keys of what is on offer is another with each of them, and goes on listing those that readers have left behind.
            KeyId[] ahead = [.. header.KeyIds.Where(id => !_inUse.IsOver(id) && IsWanted(id))];
            if (ahead.Length == 0 && (header.KeyIds.Count > 0 || _waiting.Only is not null)) continue;
            news.Add(header);
            Found?.Publish(new ProtectionHeaderFound { Presentation = Presentation, System = header.System, Place = "media or a newer manifest", Keys = header.KeyIds.Count, Length = header.Data.Length });
            wanted.AddRange(ahead.Except(wanted));
            foreach (KeyId id in ahead) _withdrawn.Remove(id);
        }

        if (news.Count > 0) AskLater(news, [.. wanted.Select(id => new WantedKey { Id = id, Scheme = scheme })]);
        return wanted;
    }

    private void AskLater(List<ProtectionHeader> headers, List<WantedKey> keys) => _ = Task.Run(async () =>
    {
        try
        {
            await SpreadAsync(_end.Token).ConfigureAwait(false);
            (IReadOnlyList<ProtectionHeader> stillHeaders, IReadOnlyList<WantedKey> still) = StillWanted(headers, keys);
            if (keys.Count > 0 && still.Count == 0) return;
            await Ring.NeedAsync(stillHeaders, still, _end.Token).ConfigureAwait(false);
            foreach (WantedKey key in still)
                if (Ring.HoldsOrFetches(key.Id)) _unheard.TryAdd(key.Id, 0);
            // What was withdrawn while it was being asked for.
            LetGo();
        }
        catch (Exception)
        {
            // A reader that needs the keys asks again, and gets the reason why there are none.
        }
    });

    /// <summary>What is to be asked for now of what was to be asked for a moment ago: meanwhile the manifest may have withdrawn it, or readers have gone on.</summary>
    private (IReadOnlyList<ProtectionHeader> Headers, IReadOnlyList<WantedKey> Keys) StillWanted(List<ProtectionHeader> headers, List<WantedKey> keys)
    {
        lock (_gate)
        {
            HashSet<KeyId> needed = Needed();
            return (
                [.. headers.Where(header => header.KeyIds.Count == 0 || !header.KeyIds.All(id => IsOver(id, needed)))],
                [.. keys.Where(key => !IsOver(key.Id, needed))]);
        }
    }

    /// <summary>Where many read what rotates, their requests are spread: a service is not to get a thousand requests at once.</summary>
    private Task SpreadAsync(CancellationToken cancellationToken) => IsLive && _waiting.Spread > TimeSpan.Zero && Ring.HasNeighbours
        ? Task.Delay(_waiting.Spread * _waiting.Random(), _waiting.Clock, cancellationToken)
        : Task.CompletedTask;

    /// <summary>
    /// Drops whatever is over and still held. Looked at as a whole each time that something has changed, and not once for each key: a session
    /// cannot be left while it is fetching, and one may be opened for a key that is over by the time that it comes.
    /// </summary>
    private void LetGo()
    {
        // Under the lock: a reader that comes back to a key does so before, and keeps it, or after, and asks again.
        lock (_gate)
        {
            if (_inUse.Over.Count + _withdrawn.Count == 0) return;
            HashSet<KeyId> needed = Needed();
            // What is gone and yet needed again is asked for again.
            foreach (KeyId id in Ring.Retire(id => IsOver(id, needed), needed)) _unheard.TryRemove(id, out _);
            foreach (KeyId id in _unheard.Keys)
                if (IsOver(id, needed) && !Ring.HoldsOrFetches(id)) _unheard.TryRemove(id, out _);
        }
    }

    private HashSet<KeyId> Needed()
    {
        HashSet<KeyId> needed = _inUse.Kept;
        needed.UnionWith(_awaited.Keys);
        if (_lastSeen.Count == 0) return needed;
        DateTimeOffset oldest = _waiting.Clock.GetUtcNow() - _waiting.Retention;
        foreach (KeyId id in _lastSeen.Where(seen => seen.Value < oldest).Select(static seen => seen.Key).ToArray()) _lastSeen.Remove(id);
        needed.UnionWith(_lastSeen.Keys);
        return needed;
    }

    /// <summary>Notes that keys are in use or on offer. Of very many the oldest is forgotten. Called under the lock.</summary>
    private void Keep(IEnumerable<KeyId> keys)
    {
        if (_waiting.Retention <= TimeSpan.Zero) return;
        DateTimeOffset now = _waiting.Clock.GetUtcNow();
        foreach (KeyId id in keys) _lastSeen[id] = now;
        while (_lastSeen.Count > LicenseLimits.RememberedKeys) _lastSeen.Remove(_lastSeen.MinBy(static seen => seen.Value).Key);
    }

    private bool IsWanted(KeyId id) => _waiting.Only is not { } only || only.Contains(id);

    private bool IsOver(KeyId id, HashSet<KeyId> needed) => (_inUse.IsOver(id) || _withdrawn.Contains(id)) && !needed.Contains(id);

    private static ProtectionScheme SchemeOf(ProtectionMap map) => map.Schemes.Count > 0 ? map.Schemes[0] : ProtectionScheme.None;

    private static HashSet<KeyId> OfferedIn(ProtectionMap map, List<ProtectionHeader> headers) => [.. map.TrackKeyIds, .. headers.SelectMany(static header => header.KeyIds)];
}

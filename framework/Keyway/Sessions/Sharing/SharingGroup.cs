using Keyway.Decryption;
using Keyway.Licensing;

namespace Keyway.Sessions;

/// <summary>
/// The sessions of one sharing scope, provider, key system and licence URL, and the rule of who joins which. Needs are served one after the other:
/// each sees what the one before has opened.
/// </summary>
internal sealed class SharingGroup : IAsyncDisposable
{
    private readonly SessionContext _context;
    private readonly TimeSpan _grace;
    private readonly bool _private;
    private readonly SemaphoreSlim _serving = new(1, 1);
    private readonly Lock _gate = new();
    private readonly List<SharedSession> _open = [];
    private readonly List<SharedSession> _left = [];

    /// <param name="context">What sessions share.</param>
    /// <param name="grace">How long a session that nobody holds stays open.</param>
    /// <param name="isPrivate">Whether nobody but one presentation can join: then there is nothing to wait for.</param>
    public SharingGroup(SessionContext context, TimeSpan grace, bool isPrivate) => (_context, _grace, _private) = (context, grace, isPrivate);

    /// <summary>What its sessions have in common.</summary>
    public required ShareKey Key { get; init; }

    /// <summary>How many rings use it. Guarded by the engine.</summary>
    public int Users { get; set; }

    /// <summary>Told of each session before it opens, so that facts about it find it.</summary>
    public required Action<SharedSession> Opened { get; init; }

    /// <summary>Told of each session after it has closed.</summary>
    public required Action<SharedSession> Closed { get; init; }

    /// <summary>Whether no session is left.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_gate) return _open.Count + _left.Count == 0;
        }
    }

    /// <summary>Joins or opens what a need takes.</summary>
    public async Task ServeAsync(KeyRingSession ring, IReadOnlyList<ProtectionHeader> headers, IReadOnlyList<WantedKey> wanted)
    {
        await _serving.WaitAsync().ConfigureAwait(false);
        try
        {
            ring.ForgetFailed();
            await new Need(this, ring, headers, wanted).ServeAsync().ConfigureAwait(false);
        }
        finally
        {
            _serving.Release();
        }
    }

    /// <summary>The rings that hold a session.</summary>
    public KeyRingSession[] HoldersOf(SharedSession session)
    {
        lock (_gate) return [.. session.Holders];
    }

    /// <summary>Lets nobody join the session any more. Called from its mailbox.</summary>
    public void Leave(SharedSession session)
    {
        lock (_gate)
        {
            if (_open.Remove(session)) _left.Add(session);
        }
    }

    /// <summary>Gives a session back. The last to do so begins the grace, or closes it.</summary>
    public async ValueTask ReleaseAsync(KeyRingSession ring, SharedSession session)
    {
        bool close;
        lock (_gate)
        {
            session.Retired.Remove(ring);
            if (!session.Holders.Remove(ring) || session.Holders.Count > 0) return;
            close = _private || _grace <= TimeSpan.Zero || _left.Contains(session);
            if (!close)
            {
                session.Grace = _context.Clock.CreateTimer(
                    state => _ = EndGraceAsync((SharedSession)state!), session, _grace, Timeout.InfiniteTimeSpan);
            }
            else Remove(session);
        }

        if (close) await CloseAsync(session).ConfigureAwait(false);
    }

    /// <summary>Notes that a holder needs keys no more.</summary>
    /// <param name="ring">The holder.</param>
    /// <param name="session">The session.</param>
    /// <param name="isOver">Whether a key is one of them.</param>
    /// <param name="kept">The keys that it is still using, whichever session they are used from.</param>
    /// <returns>Whether the holder has no use for the session any more.</returns>
    public bool Retire(KeyRingSession ring, SharedSession session, Func<KeyId, bool> isOver, IReadOnlySet<KeyId> kept)
    {
        SessionSnapshot now = session.Actor.Snapshot;
        IReadOnlyList<KeyEntry> keys = _context.Vault.Keys(session.Actor.Id);
        // Keys that it was asked for and that have not come, too: headers list them again and again.
        KeyId[] touched = [.. keys.Select(static key => key.Id).Union(now.Fetching ? [] : now.Asked).Where(isOver)];
        if (touched.Length == 0) return false;
        KeyId[] zeroed;
        lock (_gate)
        {
            if (!session.Holders.Contains(ring)) return false;
            if (!session.Retired.TryGetValue(ring, out HashSet<KeyId>? retired)) session.Retired.Add(ring, retired = []);
            retired.UnionWith(touched);
            retired.ExceptWith(kept);
            // A key that was brought beside those that were used and are over, and that nobody has used, was for a track that is not played. Where licences
            // overlap, keys are used from the session that had them first: one from which none was used yet brings what is to come, as does a key in use.
            session.HasServed |= keys.Any(key => key.FirstUse is not null && retired.Contains(key.Id));
            bool ends = !now.Fetching && (keys.Count > 0 || retired.IsSupersetOf(now.Asked)) && keys.All(key => retired.Contains(key.Id)
                || (key.FirstUse is null && ((session.HasServed && !kept.Contains(key.Id)) || IsUsableElsewhere(ring, session, key.Id))));
            if (ends) return true;
            zeroed = [.. touched.Where(id => session.Holders.All(holder => session.Retired.TryGetValue(holder, out HashSet<KeyId>? own) && own.Contains(id)))];
            foreach (HashSet<KeyId> own in session.Retired.Values) own.ExceptWith(zeroed);
            foreach (KeyRingSession holder in session.Holders) holder.Ring.Forget(session.Actor.Id, zeroed);
        }

        foreach (KeyId id in zeroed) _context.Vault.Revoke(session.Actor.Id, id);
        if (zeroed.Length > 0) session.Actor.Forget(zeroed);
        return false;
    }

    public async ValueTask DisposeAsync()
    {
        SharedSession[] all;
        lock (_gate)
        {
            all = [.. _open, .. _left];
            _open.Clear();
            _left.Clear();
            foreach (SharedSession session in all) session.Grace?.Dispose();
        }

        await Task.WhenAll(all.Select(session => CloseAsync(session).AsTask())).ConfigureAwait(false);
        _serving.Dispose();
    }

    private async Task EndGraceAsync(SharedSession session)
    {
        lock (_gate)
        {
            if (session.Holders.Count > 0) return;
            Remove(session);
        }

        await CloseAsync(session).ConfigureAwait(false);
    }

    private async ValueTask CloseAsync(SharedSession session)
    {
        await session.Actor.DisposeAsync().ConfigureAwait(false);
        Closed(session);
    }

    private void Remove(SharedSession session)
    {
        session.Grace?.Dispose();
        session.Grace = null;
        _open.Remove(session);
        _left.Remove(session);
    }

    private bool IsUsableElsewhere(KeyRingSession ring, SharedSession session, KeyId id) =>
        ring.Sessions.Any(other => other != session && _context.Vault.Find(other.Actor.Id, id, OutputCapabilities.None, null) is { Status: KeyStatus.Usable });

    private SharedSession[] Open()
    {
        lock (_gate) return [.. _open];
    }

    /// <summary>Joins a session for the sake of keys. What else of it the holder has dropped stays so.</summary>
    private void Join(KeyRingSession ring, SharedSession session, IEnumerable<KeyId> keys)
    {
        lock (_gate)
        {
            session.Grace?.Dispose();
            session.Grace = null;
            if (session.Holders.Add(ring)) session.Retired.Remove(ring);
            else if (session.Retired.TryGetValue(ring, out HashSet<KeyId>? retired)) retired.ExceptWith(keys);
        }

        ring.Joined(session);
    }

    private SharedSession Start(KeyRingSession ring, IReadOnlyList<ProtectionHeader> headers, IReadOnlyList<WantedKey> keys, StoredStart? stored = null)
    {
        SessionRequest request = new()
        {
            Headers = headers,
            Keys = keys,
            Kind = ring.Options.Kind,
            ServerCertificate = ring.Options.ServerCertificate,
        };
        SharedSession session = new(new LicenseSessionActor(_context, ring.Options, request, stored));
        foreach (ProtectionHeader header in headers) session.NoteHeader(header);
        lock (_gate) _open.Add(session);
        Opened(session);
        Join(ring, session, []);
        session.Actor.Open();
        return session;
    }

    /// <summary>One need on its way: the keys that nobody holds or fetches yet get fewer until none is left.</summary>
    private sealed class Need(SharingGroup group, KeyRingSession ring, IReadOnlyList<ProtectionHeader> headers, IReadOnlyList<WantedKey> wanted)
    {
        private IReadOnlyList<StoredLicense> _stored = [];
        private readonly Dictionary<KeyId, WantedKey> _missing = wanted.DistinctBy(static key => key.Id).ToDictionary(static key => key.Id);

        public async ValueTask ServeAsync()
        {
            JoinHolders();
            if (ring.Options.Kind == SessionKind.PersistentLicense && group._context.Store is { } store) await TakeUpAsync(store).ConfigureAwait(false);
            foreach (ProtectionHeader header in headers)
            {
                if (!Asks(header)) continue;
                if (await OfferAsync(header).ConfigureAwait(false)) continue;
                OpenFor(header);
            }

            // No header asks for these: the key system makes do with identifiers, or the headers that there are may bring them all the same.
            if (_missing.Count > 0)
            {
                group.Start(ring, headers, [.. _missing.Values], NotStored([.. _missing.Keys]));
                _missing.Clear();
            }
        }

        /// <summary>The keys that open sessions hold or are fetching are theirs to bring.</summary>
        private void JoinHolders()
        {
            foreach (SharedSession session in group.Open())
            {
                KeyId[] brought = [.. _missing.Keys.Where(session.Actor.HoldsOrFetches)];
                if (brought.Length == 0) continue;
                group.Join(ring, session, brought);
                foreach (KeyId id in brought) _missing.Remove(id);
            }
        }

        /// <summary>Whether a header is needed: it names a key that is missing; or it names none, and any is missing or nothing was named at all.</summary>
        private bool Asks(ProtectionHeader header) => header.KeyIds.Count > 0
            ? header.KeyIds.Any(_missing.ContainsKey) || (wanted.Count == 0 && !header.KeyIds.All(IsHeldByRing))
            : _missing.Count > 0 || wanted.Count == 0;

        private bool IsHeldByRing(KeyId id) => ring.Sessions.Any(session => session.Actor.HoldsOrFetches(id));

        private async ValueTask<bool> OfferAsync(ProtectionHeader header)
        {
            foreach (SharedSession session in group.Open())
            {
                // The same header again: the licence that it asked for is on its way, or has brought what it brings.
                if (header.KeyIds.Count == 0 && session.Knows(header) && (wanted.Count == 0 || session.Actor.Snapshot.Fetching))
                {
                    await TakeAsync(session, [.. _missing.Keys]).ConfigureAwait(false);
                    return true;
                }

                if (header.KeyIds.Count > 0 && wanted.Count == 0 && header.KeyIds.All(session.Actor.HoldsOrFetches))
                {
                    group.Join(ring, session, header.KeyIds);
                    return true;
                }

                HeaderOutcome outcome = await AskAsync(session, header).ConfigureAwait(false);
                if (outcome == HeaderOutcome.NotMine) continue;
                session.NoteHeader(header);
                KeyId[] asked = header.KeyIds.Count > 0 ? [.. header.KeyIds.Where(_missing.ContainsKey)] : [.. _missing.Keys];
                if (outcome == HeaderOutcome.ExchangeNeeded)
                {
                    await TakeAsync(session, asked).ConfigureAwait(false);
                    return true;
                }

                // Absorbed: what it really brought decides.
                group.Join(ring, session, asked);
                foreach (KeyId id in asked.Where(session.Actor.Holds)) _missing.Remove(id);
                if (!asked.Any(_missing.ContainsKey)) return true;
            }

            return false;
        }

        private static async ValueTask<HeaderOutcome> AskAsync(SharedSession session, ProtectionHeader header)
        {
            try
            {
                return await session.Actor.OfferAsync(header).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // It has ended meanwhile.
                return HeaderOutcome.NotMine;
            }
        }

        private async ValueTask TakeAsync(SharedSession session, KeyId[] keys)
        {
            group.Join(ring, session, keys);
            foreach (KeyId id in keys) _missing.Remove(id);
            try
            {
                if (keys.Length > 0) await session.Actor.ExpectAsync(keys).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // It has ended meanwhile; readers that wait for the keys are told so.
            }
        }

        /// <summary>Opens one session for all keys that a header covers, with every other header that asks for one of them.</summary>
        private void OpenFor(ProtectionHeader header)
        {
            ProtectionHeader[] together = header.KeyIds.Count > 0
                ? [.. headers.Where(other => other.KeyIds.Any(header.KeyIds.Contains))]
                : [.. headers.Where(static other => other.KeyIds.Count == 0)];
            HashSet<KeyId> named = [.. headers.SelectMany(static other => other.KeyIds)];
            // Keys that no header names may come with any: what a licence brings decides, not what a header lists.
            WantedKey[] keys = [.. _missing.Values.Where(key => !named.Contains(key.Id) || together.Any(other => other.KeyIds.Contains(key.Id)))];
            group.Start(ring, together, keys, NotStored([.. header.KeyIds, .. keys.Select(static key => key.Id)]));
            foreach (WantedKey key in keys) _missing.Remove(key.Id);
        }

        /// <summary>Takes stored licences up that hold what is missing: as few as will do, the newest first.</summary>
        private async ValueTask TakeUpAsync(ILicenseStore store)
        {
            HashSet<KeyId> ids = [.. wanted.Count > 0 ? _missing.Keys : headers.SelectMany(static header => header.KeyIds).Where(id => !IsHeldByRing(id))];
            if (ids.Count == 0) return;
            StoredLicenseList list = await store.ListAsync(CancellationToken.None).ConfigureAwait(false);
            List<StoredLicense> fitting = [.. list.Licenses.Where(Fits)];
            DateTimeOffset now = group._context.Clock.GetUtcNow();
            _stored = [.. fitting.Where(license => license.Keys.Any(key => ids.Contains(key.Id)))];
            while (ids.Count > 0 && fitting.MaxBy(license => Opened(license, ids, now).Count()) is { } best)
            {
                KeyId[] keys = [.. Opened(best, ids, now)];
                if (keys.Length == 0) return;
                fitting.Remove(best);
                if (await store.ReadAsync(best.Id, CancellationToken.None).ConfigureAwait(false) is not { } content) continue;
                ProtectionHeader[] together = [.. headers.Where(header => header.KeyIds.Count == 0 || header.KeyIds.Any(keys.Contains))];
                WantedKey[] asked = [.. keys.Where(_missing.ContainsKey).Select(id => _missing[id])];
                group.Start(ring, together, asked, new StoredStart(content));
                ids.ExceptWith(keys);
                foreach (KeyId id in keys) _missing.Remove(id);
            }
        }

        private bool Fits(StoredLicense license) =>
            license.ReleaseAsked is null && license.KeySystem == ring.Options.KeySystem.Descriptor.Name
            && license.Provider == ring.Options.Service.Name && license.Scope == ring.Options.SharingScope;

        private static IEnumerable<KeyId> Opened(StoredLicense license, HashSet<KeyId> ids, DateTimeOffset now) =>
            license.Keys.Where(key => ids.Contains(key.Id) && license.StatusOf(key, now) != KeyStatus.Expired).Select(static key => key.Id);

        /// <summary>What a session that asks for a new licence knows of the store: why what is there does not do.</summary>
        private StoredStart? NotStored(IReadOnlyCollection<KeyId> keys)
        {
            StoredLicense? over = _stored.FirstOrDefault(license => license.Keys.Any(key => keys.Contains(key.Id)));
            if (over is null) return null;
            string? code = ring.Options.KeySystem.Descriptor.Refusals.Expired;
            return new StoredStart(Content: null, WhyNot: $"the time of the stored licence {over.Id} is over{(code is null ? "" : $" ({code})")}", IsOver: true);
        }
    }
}

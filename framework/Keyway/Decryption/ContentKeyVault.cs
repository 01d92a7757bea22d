using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Keyway.Licensing;

namespace Keyway.Decryption;

/// <summary>Every key of a process, by session and identifier: the bytes in native memory, the policy, the first use, the status.</summary>
/// <remarks>
/// <para>Threads: any. Readers look into an immutable table that is swapped whole; writers wait for each other.</para>
/// <para>Keys go in and never come out: only a <see cref="SampleDecryptor"/> can use what is inside.</para>
/// </remarks>
public sealed class ContentKeyVault : IDisposable
{
    private readonly TimeProvider _clock;
    private readonly Acceleration _acceleration;
    private readonly KeyMemory _memory;
    private readonly Lock _writing = new();

    // One object may serve several sessions, also one that is still being closed: whose turn it is belongs to the object.
    private readonly ConditionalWeakTable<ISessionDecryptor, SemaphoreSlim> _turns = [];
    private ImmutableDictionary<SessionId, SessionKeys> _sessions = ImmutableDictionary<SessionId, SessionKeys>.Empty;
    private bool _disposed;

    /// <summary>Makes an empty vault.</summary>
    /// <param name="clock">The clock that policies are judged by.</param>
    /// <param name="acceleration">Which AES its keys use.</param>
    public ContentKeyVault(TimeProvider clock, Acceleration acceleration = Acceleration.Auto)
        : this(clock, acceleration, KeyMemory.Default)
    {
    }

    internal ContentKeyVault(TimeProvider clock, Acceleration acceleration, KeyMemory memory)
    {
        ArgumentNullException.ThrowIfNull(clock);
        _clock = clock;
        _acceleration = acceleration;
        _memory = memory;
    }

    /// <summary>Called once for each key, at the first lease that is granted, outside of any lock. It should not throw: that sample would fail.</summary>
    public Action<SessionId, KeyId, DateTimeOffset>? FirstUsed { get; set; }

    /// <summary>Takes a key. A key that the session holds already is replaced; its first use is kept unless another is given.</summary>
    /// <param name="session">The session that brings it.</param>
    /// <param name="id">Its identifier.</param>
    /// <param name="key">16 bytes, copied at once. Ownership: the caller's, who clears them.</param>
    /// <param name="policy">What the licence allows.</param>
    /// <param name="firstUse">When the key was first used, as a stored licence remembers it.</param>
    /// <exception cref="ArgumentException"><paramref name="key"/> is not 16 bytes long.</exception>
    /// <exception cref="ObjectDisposedException">The vault has been disposed.</exception>
    public void Import(SessionId session, KeyId id, ReadOnlySpan<byte> key, KeyPolicy policy, DateTimeOffset? firstUse = null)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ContentKey made = ContentKey.Create(id, key, _acceleration, _memory);
        ContentKey? replaced = null;
        try
        {
            lock (_writing)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                SessionKeys keys = SessionOrNew(session);
                KeySlot? old = keys.Slots.GetValueOrDefault(id);
                replaced = old?.Key;
                KeySlot slot = new() { Key = made, Policy = policy, FirstUse = firstUse ?? old?.FirstUse };
                Put(session, keys with { Slots = keys.Slots.SetItem(id, slot) });
            }
        }
        catch
        {
            made.Dispose();
            throw;
        }

        replaced?.Dispose();
    }

    /// <summary>Replaces the policy of a key. What <see cref="SetStatus"/> said of a key whose bytes are here is forgotten: the policy decides again.</summary>
    /// <param name="session">The session.</param>
    /// <param name="id">The key.</param>
    /// <param name="policy">What the licence allows now.</param>
    /// <returns><see langword="false"/> when the session does not hold the key.</returns>
    public bool UpdatePolicy(SessionId session, KeyId id, KeyPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return UpdateSlot(session, id, slot => slot with { Policy = policy, Told = slot.Key is null ? slot.Told : null });
    }

    /// <summary>
    /// Says a key's status: the engine's word that it expired or was released, or the word of a session whose keys live elsewhere.
    /// <see cref="KeyStatus.Usable"/> leaves the decision to the policy.
    /// </summary>
    /// <param name="session">The session.</param>
    /// <param name="id">The key. One that the vault does not know is noted as living elsewhere.</param>
    /// <param name="status">Its status.</param>
    /// <param name="reason">Why, for readers that wait for the key.</param>
    /// <exception cref="ObjectDisposedException">The vault has been disposed.</exception>
    public void SetStatus(SessionId session, KeyId id, KeyStatus status, LicenseServiceException? reason = null)
    {
        if (UpdateSlot(session, id, slot => slot with { Told = status, Reason = reason })) return;
        lock (_writing)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            SessionKeys keys = SessionOrNew(session);
            KeySlot slot = keys.Slots.GetValueOrDefault(id) ?? new KeySlot { Policy = new KeyPolicy() };
            Put(session, keys with { Slots = keys.Slots.SetItem(id, slot with { Told = status, Reason = reason }) });
        }
    }

    /// <summary>Says whether a session's renewal fails on the service's side, which is what <see cref="KeyPolicy.RenewalGrace"/> is for.</summary>
    /// <param name="session">The session.</param>
    /// <param name="failing">Whether it fails.</param>
    public void SetRenewalFailing(SessionId session, bool failing)
    {
        lock (_writing)
        {
            if (!_disposed) Put(session, SessionOrNew(session) with { RenewalFailing = failing });
        }
    }

    /// <summary>Makes a session's own decryptor serve its keys that live elsewhere. Status and sink rules hold for them too.</summary>
    /// <param name="session">The session.</param>
    /// <param name="decryptor">The decryptor. It is used until <see cref="SessionLoan.EndAsync"/> of what is returned says that it is not.</param>
    /// <returns>The count of its uses.</returns>
    /// <exception cref="InvalidOperationException">The session has one.</exception>
    /// <exception cref="ObjectDisposedException">The vault has been disposed.</exception>
    internal SessionLoan Attach(SessionId session, ISessionDecryptor decryptor)
    {
        ArgumentNullException.ThrowIfNull(decryptor);
        SemaphoreSlim? turn = decryptor.Calls == CallRule.AnyThread ? null : _turns.GetValue(decryptor, static _ => new SemaphoreSlim(1));
        SessionLoan loan = new(decryptor, turn);
        lock (_writing)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            SessionKeys keys = SessionOrNew(session);
            if (keys.Loan is not null) throw new InvalidOperationException("the session has a decryptor already");
            Put(session, keys with { Loan = loan });
        }

        return loan;
    }

    /// <summary>
    /// Makes the keys of a session wait for <see cref="NoteUse"/>: none is leased before its first use has been noted where it outlives the process.
    /// </summary>
    internal void RequireNotedUse(SessionId session, bool required)
    {
        lock (_writing)
        {
            if (!_disposed) Put(session, SessionOrNew(session) with { NotesUse = required });
        }
    }

    /// <summary>
    /// Holds the keys of a session back from every reader, or releases them. The session itself sees them as they are: a licence that is to be
    /// stored, and is not, must never have opened a sample.
    /// </summary>
    internal void Hold(SessionId session, bool held)
    {
        lock (_writing)
        {
            if (!_disposed) Put(session, SessionOrNew(session) with { Held = held });
        }
    }

    /// <summary>Says whether the clock was set back: then keys that time limits are refused, whatever else is said of them.</summary>
    internal void SetBehindClock(SessionId session, bool behind)
    {
        lock (_writing)
        {
            if (!_disposed) Put(session, SessionOrNew(session) with { BehindClock = behind });
        }
    }

    /// <summary>Says when a key was first used. Only the first call counts.</summary>
    internal void NoteUse(SessionId session, KeyId id, DateTimeOffset when)
    {
        bool first = false;
        UpdateSlot(session, id, slot =>
        {
            first = slot.FirstUse is null;
            return first ? slot with { FirstUse = when } : slot;
        });
        if (first) FirstUsed?.Invoke(session, id, when);
    }

    /// <summary>The session whose key would be leased, if only its first use were noted.</summary>
    internal SessionId? FindUnnoted(KeyRing ring, KeyId id, OutputCapabilities sink, long? pixels)
    {
        ImmutableDictionary<SessionId, SessionKeys> sessions = Volatile.Read(ref _sessions);
        foreach (SessionId session in ring.Snapshot)
        {
            if (!sessions.TryGetValue(session, out SessionKeys? keys) || keys.Held || !keys.Slots.TryGetValue(id, out KeySlot? slot)) continue;
            slot.Evaluate(keys, ring.IsRunning(session, id), _clock.GetUtcNow(), sink, pixels, out bool granted);
            if (granted) return keys.NotesUse && slot.FirstUse is null ? session : null;
        }

        return null;
    }

    /// <summary>Forgets a key. Its bytes are zeroed when the last lease is given back.</summary>
    /// <param name="session">The session.</param>
    /// <param name="id">The key.</param>
    public void Revoke(SessionId session, KeyId id)
    {
        ContentKey? revoked;
        lock (_writing)
        {
            if (!_sessions.TryGetValue(session, out SessionKeys? keys)) return;
            revoked = keys.Slots.GetValueOrDefault(id)?.Key;
            Put(session, keys with { Slots = keys.Slots.Remove(id) });
        }

        revoked?.Dispose();
    }

    /// <summary>Forgets a session and its keys. Their bytes are zeroed when the last leases are given back.</summary>
    /// <param name="session">The session.</param>
    public void Revoke(SessionId session)
    {
        SessionKeys? revoked;
        lock (_writing)
        {
            revoked = _sessions.GetValueOrDefault(session);
            Volatile.Write(ref _sessions, _sessions.Remove(session));
        }

        revoked?.Dispose();
    }

    /// <summary>Lists a session's keys as they stand for an export sink that is not for video.</summary>
    /// <param name="session">The session.</param>
    /// <returns>The keys, by identifier.</returns>
    public IReadOnlyList<KeyEntry> Keys(SessionId session) => Keys(session, OutputCapabilities.None, null);

    /// <summary>Lists a session's keys as they stand now.</summary>
    /// <param name="session">The session.</param>
    /// <param name="sink">The sink that is asked about.</param>
    /// <param name="pixels">The frame size of a video track (width × height); <see langword="null"/>: not video.</param>
    /// <returns>The keys, by identifier.</returns>
    public IReadOnlyList<KeyEntry> Keys(SessionId session, OutputCapabilities sink, long? pixels)
    {
        if (!Volatile.Read(ref _sessions).TryGetValue(session, out SessionKeys? keys)) return [];
        DateTimeOffset now = _clock.GetUtcNow();
        List<KeyEntry> entries = new(keys.Slots.Count);
        foreach ((KeyId id, KeySlot slot) in keys.Slots.OrderBy(pair => pair.Key.Value)) entries.Add(EntryOf(keys, id, slot, now, sink, pixels));
        return entries;
    }

    /// <summary>How one key of a session stands now for a sink; <see langword="null"/>: the session does not know it.</summary>
    internal KeyEntry? Find(SessionId session, KeyId id, OutputCapabilities sink, long? pixels) =>
        Volatile.Read(ref _sessions).TryGetValue(session, out SessionKeys? keys) && keys.Slots.TryGetValue(id, out KeySlot? slot)
            ? EntryOf(keys, id, slot, _clock.GetUtcNow(), sink, pixels)
            : null;

    /// <summary>How many sessions have something here: for the test that it stays bounded.</summary>
    internal int SessionCount => Volatile.Read(ref _sessions).Count;

    /// <summary>Forgets every key.</summary>
    public void Dispose()
    {
        ImmutableDictionary<SessionId, SessionKeys> all;
        lock (_writing)
        {
            _disposed = true;
            all = _sessions;
            Volatile.Write(ref _sessions, all.Clear());
        }

        foreach (SessionKeys keys in all.Values) keys.Dispose();
    }

    /// <summary>Looks a key up for a sink, and leases it from the first session of the ring that may give it.</summary>
    /// <param name="ring">The sessions that are asked.</param>
    /// <param name="id">The key.</param>
    /// <param name="sink">The sink.</param>
    /// <param name="pixels">The frame size of a video track (width × height); <see langword="null"/>: not video.</param>
    /// <param name="lease">The lease, when the answer is <see cref="DecryptStatus.Decrypted"/>. The caller gives it back.</param>
    /// <returns><see cref="DecryptStatus.Decrypted"/>, <see cref="DecryptStatus.KeyNotFound"/> or <see cref="DecryptStatus.KeyNotUsable"/>.</returns>
    internal DecryptStatus TryLease(KeyRing ring, KeyId id, OutputCapabilities sink, long? pixels, out KeyLease lease)
    {
        while (true)
        {
            ImmutableDictionary<SessionId, SessionKeys> sessions = Volatile.Read(ref _sessions);
            DecryptStatus answer = TryLease(sessions, ring, id, sink, pixels, out lease, out bool outdated);

            // A key that was replaced between finding and leasing it is already gone from the table of now.
            if (!outdated) return answer;
        }
    }

    /// <summary>The status of a key for a sink: the best that a session of the ring can say.</summary>
    internal KeyStatus StatusOf(KeyRing ring, KeyId id, OutputCapabilities sink, long? pixels)
    {
        ImmutableDictionary<SessionId, SessionKeys> sessions = Volatile.Read(ref _sessions);
        KeyStatus best = KeyStatus.StatusPending;
        foreach (SessionId session in ring.Snapshot)
        {
            if (!sessions.TryGetValue(session, out SessionKeys? keys) || keys.Held || !keys.Slots.TryGetValue(id, out KeySlot? slot)) continue;
            KeyStatus status = slot.Evaluate(keys, ring.IsRunning(session, id), _clock.GetUtcNow(), sink, pixels, out bool granted).Status;
            if (granted) return status;
            if (best == KeyStatus.StatusPending) best = status;
        }

        return best;
    }

    private DecryptStatus TryLease(
        ImmutableDictionary<SessionId, SessionKeys> sessions,
        KeyRing ring,
        KeyId id,
        OutputCapabilities sink,
        long? pixels,
        out KeyLease lease,
        out bool outdated)
    {
        lease = default;
        outdated = false;
        DecryptStatus answer = DecryptStatus.KeyNotFound;
        DateTimeOffset? now = null;
        foreach (SessionId session in ring.Snapshot)
        {
            if (!sessions.TryGetValue(session, out SessionKeys? keys) || keys.Held || !keys.Slots.TryGetValue(id, out KeySlot? slot)) continue;
            now ??= _clock.GetUtcNow();
            KeyStatus status = slot.Evaluate(keys, ring.IsRunning(session, id), now.Value, sink, pixels, out bool granted).Status;
            if (!granted)
            {
                // A key whose status is still open is one that a licence is on its way for.
                if (status != KeyStatus.StatusPending) answer = DecryptStatus.KeyNotUsable;
                continue;
            }

            // Usable, and nobody has noted yet that its time begins: not yet there.
            if (keys.NotesUse && slot.FirstUse is null) continue;
            if (slot.Key is { } key)
            {
                outdated = !key.TryAddReference();
                if (outdated) return DecryptStatus.KeyNotFound;
                lease = new KeyLease(key);
            }
            else if (keys.Loan is { } loan && loan.TryAddReference()) lease = new KeyLease(loan);
            else continue;

            try
            {
                ring.NoteRunning(session, id);
                if (slot.FirstUse is null) NoteUse(session, id, now.Value);
            }
            catch
            {
                lease.Release();
                throw;
            }

            return DecryptStatus.Decrypted;
        }

        return answer;
    }

    private static KeyEntry EntryOf(SessionKeys keys, KeyId id, KeySlot slot, DateTimeOffset now, OutputCapabilities sink, long? pixels)
    {
        KeyVerdict verdict = slot.Evaluate(keys, running: false, now, sink, pixels, out _);
        return new KeyEntry
        {
            Id = id,
            Status = verdict.Status,
            ChangesAt = verdict.ChangesAt,
            Policy = slot.Policy,
            FirstUse = slot.FirstUse,
            LivesElsewhere = slot.Key is null,
            Reason = slot.Told is null ? null : slot.Reason,
        };
    }

    private bool UpdateSlot(SessionId session, KeyId id, Func<KeySlot, KeySlot> update)
    {
        lock (_writing)
        {
            if (!_sessions.TryGetValue(session, out SessionKeys? keys) || !keys.Slots.TryGetValue(id, out KeySlot? slot)) return false;
            Put(session, keys with { Slots = keys.Slots.SetItem(id, update(slot)) });
            return true;
        }
    }

    private SessionKeys SessionOrNew(SessionId session) => _sessions.GetValueOrDefault(session) ?? SessionKeys.Empty;

    private void Put(SessionId session, SessionKeys keys) => Volatile.Write(ref _sessions, _sessions.SetItem(session, keys));
}

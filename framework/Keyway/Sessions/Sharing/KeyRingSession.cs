using System.Collections.Concurrent;
using System.Collections.Immutable;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Messaging;

namespace Keyway.Sessions;

/// <summary>
/// The licence sessions of one presentation: says which keys are needed, waits until they may be used, and hands on the ring by which samples
/// are decrypted. Made by the engine of sessions.
/// </summary>
/// <remarks>Threads: any. Ownership: the caller's; disposing it gives the sessions back, and the last holder of a session closes it.</remarks>
public sealed class KeyRingSession : IAsyncDisposable
{
    private readonly SessionContext _context;
    private readonly KeyGate _keyGate;
    private readonly RingTable _rings;
    private readonly SharingGroup _group;
    private readonly ConcurrentQueue<Need> _needs = new();
    // Never disposed: whoever waits may look at it after the end, and it holds nothing but memory.
    private readonly CancellationTokenSource _lifetime = new();
    private readonly Lock _gate = new();
    private SharedSession[] _sessions = [];
    private ImmutableList<Need> _served = [];
    private TaskCompletionSource _changed = New();
    private bool _disposed;

    internal KeyRingSession(SessionContext context, KeyGate keyGate, RingTable rings, SharingGroup group, KeyRingOptions options) =>
        (_context, _keyGate, _rings, _group, Options) = (context, keyGate, rings, group, options);

    /// <summary>The sessions joined so far, for the decryptors of this presentation.</summary>
    public KeyRing Ring { get; } = new();

    /// <summary>What the sessions are opened with.</summary>
    public KeyRingOptions Options { get; }

    /// <summary>What may be known about the sessions, in the order in which they were joined.</summary>
    public IReadOnlyList<SessionReport> Reports => [.. Sessions.Select(static session => session.Actor.Report())];

    internal IReadOnlyList<SharedSession> Sessions => Volatile.Read(ref _sessions);

    /// <summary>Ends when something about the sessions has changed since it was read.</summary>
    internal Task Changed => Volatile.Read(ref _changed).Task;

    /// <summary>
    /// Says what protects the content: sessions that hold or fetch the keys are joined, headers are offered to open sessions, others are opened.
    /// It may be said again whenever content brings new headers or keys; what is held already costs nothing.
    /// </summary>
    /// <param name="headers">Headers of the chosen key system. Empty where content has none.</param>
    /// <param name="keys">The keys that content needs. Empty where only the headers know.</param>
    /// <param name="cancellationToken">Ends the wait; sessions that are opening go on.</param>
    /// <returns>A task that ends when every key has a session that brings it. It does not wait for licences.</returns>
    /// <exception cref="ObjectDisposedException">The ring has been disposed.</exception>
    public async ValueTask NeedAsync(IReadOnlyList<ProtectionHeader> headers, IReadOnlyList<WantedKey> keys, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(headers);
        ArgumentNullException.ThrowIfNull(keys);
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (headers.Count == 0 && keys.Count == 0) return;
        Need need = new(headers, keys);
        ImmutableInterlocked.Update(ref _served, static (served, added) => served.Add(added), need);
        _needs.Enqueue(need);
        _context.Facts.ProtectionDetected(Options.Presentation, Options.KeySystem.Descriptor.Name, keys.Count);
        await WhileAliveAsync(alive => new ValueTask(need.Served.Task.WaitAsync(alive)), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits until keys may be used for a sink.</summary>
    /// <param name="keys">The keys, as a fragment needs them.</param>
    /// <param name="sink">Where the samples go.</param>
    /// <param name="pixels">The frame size of a video track (width × height); <see langword="null"/>: not video.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when every key may be used.</returns>
    /// <exception cref="KeyUnavailableException">One of them will not be: no licence, not in it, refused by policy, too late, too early.</exception>
    /// <exception cref="ObjectDisposedException">The ring has been disposed.</exception>
    public async ValueTask WaitAsync(IReadOnlyList<KeyId> keys, OutputCapabilities sink, long? pixels, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(sink);
        ObjectDisposedException.ThrowIf(_disposed, this);
        await WhileAliveAsync(alive => _keyGate.WaitAsync(this, keys, sink, pixels, alive), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Says that keys are about to be used. Of a licence that is stored, the first use is noted in the store before any sample can be decrypted;
    /// of others there is nothing to do.
    /// </summary>
    /// <param name="keys">The keys, as a fragment needs them.</param>
    /// <param name="sink">Where the samples go.</param>
    /// <param name="pixels">The frame size of a video track (width × height); <see langword="null"/>: not video.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when they may be used.</returns>
    /// <exception cref="LicenseStoreException">The store cannot be written.</exception>
    /// <exception cref="KeyUnavailableException">One of them will not be there: the clock was set back, or the licence was given back elsewhere.</exception>
    /// <exception cref="ObjectDisposedException">The ring has been disposed.</exception>
    public ValueTask BeginUseAsync(IReadOnlyList<KeyId> keys, OutputCapabilities sink, long? pixels, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(sink);
        ObjectDisposedException.ThrowIf(_disposed, this);
        return Options.Kind == SessionKind.PersistentLicense ? NoteUseAsync(keys, sink, pixels, cancellationToken) : ValueTask.CompletedTask;
    }

    /// <summary>Gives the sessions back. Their keys serve this ring no longer; those that nobody else holds are closed and zeroed.</summary>
    /// <returns>A task that ends when the sessions that are closed have been.</returns>
    public async ValueTask DisposeAsync()
    {
        SharedSession[] sessions;
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
            (sessions, _sessions) = (_sessions, []);
        }

        await _lifetime.CancelAsync().ConfigureAwait(false);
        Pulse();
        foreach (SharedSession session in sessions)
        {
            Ring.Remove(session.Actor.Id);
            await _group.ReleaseAsync(this, session).ConfigureAwait(false);
        }

        Ended?.Invoke();
    }

    /// <summary>Whether a session of this ring holds a key, or is fetching it.</summary>
    internal bool HoldsOrFetches(KeyId id) => Sessions.Any(session => session.Actor.HoldsOrFetches(id));

    /// <summary>
    /// Whether a session that may bring the key is about to be joined: somebody has said that it is needed. The session that failed is forgotten by then, and the next not yet there.
    /// </summary>
    internal bool IsBeingServed(KeyId id) => Volatile.Read(ref _served).Any(need => need.MayBring(id));

    /// <summary>Whether others in this process ask the same service for keys of the same system.</summary>
    internal bool HasNeighbours => _rings.HasOthersLike(this);

    /// <summary>
    /// Drops keys that nothing of this presentation needs any more. A session whose used keys are all over is left, and closed by the last who
    /// leaves it; of one that goes on, the keys that all its holders have dropped are zeroed.
    /// </summary>
    /// <param name="isOver">Whether a key is one of them.</param>
    /// <param name="kept">The keys that are still in use.</param>
    /// <returns>The keys that no session of this ring has any more, those that nobody has used among them.</returns>
    internal IReadOnlyList<KeyId> Retire(Func<KeyId, bool> isOver, IReadOnlySet<KeyId> kept)
    {
        HashSet<KeyId> gone = [];
        foreach (SharedSession session in Sessions)
        {
            gone.UnionWith(session.Actor.Known().Where(isOver));
            if (!_group.Retire(this, session, isOver, kept)) continue;
            gone.UnionWith(_context.Vault.Keys(session.Actor.Id).Select(static key => key.Id));
            lock (_gate)
            {
                if (_disposed || !_sessions.Contains(session)) continue;
                _sessions = [.. _sessions.Where(other => other != session)];
            }

            Ring.Remove(session.Actor.Id);
            _ = _group.ReleaseAsync(this, session).AsTask();
        }

        gone.ExceptWith(HeldOrFetched());
        return [.. gone];
    }

    /// <summary>The keys that its sessions hold or are fetching.</summary>
    internal HashSet<KeyId> HeldOrFetched() => [.. Sessions.SelectMany(static session => session.Actor.HeldOrFetched())];

    /// <summary>Handles protection that was detected: takes the next need up, beside whoever said so.</summary>
    internal void Serve()
    {
        if (_needs.TryDequeue(out Need? need)) _ = Task.Run(() => ServeAsync(need));
    }

    internal void Joined(SharedSession session)
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                if (_sessions.Contains(session)) return;
                _sessions = [.. _sessions, session];
                Ring.Add(session.Actor.Id);
                return;
            }
        }

        _ = _group.ReleaseAsync(this, session).AsTask();
    }

    internal void ForgetFailed()
    {
        SharedSession[] failed;
        lock (_gate)
        {
            failed = [.. _sessions.Where(static session => session.Actor.Snapshot.State is SessionState.Failed or SessionState.Closed or SessionState.Released)];
            _sessions = [.. _sessions.Except(failed)];
        }

        foreach (SharedSession session in failed)
        {
            Ring.Remove(session.Actor.Id);
            _ = _group.ReleaseAsync(this, session).AsTask();
        }
    }

    /// <summary>Told when it has given its sessions back.</summary>
    internal Action? Ended { get; init; }

    /// <summary>Told whenever something about its sessions has changed, in the mailbox of the one that did: must not wait.</summary>
    internal Action? Moved { get; set; }

    /// <summary>Wakes readers that wait for a key.</summary>
    internal void Pulse()
    {
        Wake();
        Moved?.Invoke();
    }

    private void Wake() => Interlocked.Exchange(ref _changed, New()).TrySetResult();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async ValueTask WhileAliveAsync(Func<CancellationToken, ValueTask> wait, CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(_lifetime.Token, cancellationToken);
        try
        {
            await wait(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_lifetime.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new ObjectDisposedException(nameof(KeyRingSession));
        }
    }

    private async ValueTask NoteUseAsync(IReadOnlyList<KeyId> keys, OutputCapabilities sink, long? pixels, CancellationToken cancellationToken)
    {
        bool changed = false;
        foreach (SharedSession session in Sessions)
        {
            List<KeyId> first = [.. keys.Where(id => _context.Vault.FindUnnoted(Ring, id, sink, pixels) == session.Actor.Id)];
            if (first.Count == 0 && !session.Actor.IsSeenLongAgo) continue;
            changed = true;
            try
            {
                await WhileAliveAsync(alive => new ValueTask(session.Actor.NoteUseAsync(first).WaitAsync(alive)), cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // It has ended meanwhile; readers that wait for its keys are told why.
            }
        }

        // Noting may have found that there is less time than there seemed to be.
        if (changed) await WaitAsync(keys, sink, pixels, cancellationToken).ConfigureAwait(false);
    }

    private async Task ServeAsync(Need need)
    {
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            await _group.ServeAsync(this, need.Headers, need.Keys).ConfigureAwait(false);
            need.Served.TrySetResult();
        }
        catch (Exception exception)
        {
            need.Served.TrySetException(exception);
        }
        finally
        {
            ImmutableInterlocked.Update(ref _served, static (served, over) => served.Remove(over), need);
            Wake();
        }
    }

    private sealed class Need(IReadOnlyList<ProtectionHeader> headers, IReadOnlyList<WantedKey> keys)
    {
        public IReadOnlyList<ProtectionHeader> Headers => headers;

        public IReadOnlyList<WantedKey> Keys => keys;

        public TaskCompletionSource Served { get; } = New();

        // A header that names no key may bring any.
        public bool MayBring(KeyId id) => keys.Any(key => key.Id == id) || headers.Any(header => header.KeyIds.Count == 0 || header.KeyIds.Contains(id));
    }
}

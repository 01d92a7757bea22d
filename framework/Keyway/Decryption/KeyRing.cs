using System.Collections.Immutable;

namespace Keyway.Decryption;

/// <summary>The sessions that one presentation joined, and which of their keys its playback is running with.</summary>
/// <remarks>Threads: any. Readers see whole snapshots; nothing is locked.</remarks>
public sealed class KeyRing
{
    private ImmutableArray<SessionId> _sessions = [];
    private ImmutableHashSet<(SessionId Session, KeyId Key)> _running = [];

    /// <summary>The sessions, in the order in which they were joined.</summary>
    public IReadOnlyList<SessionId> Sessions => Snapshot;

    /// <summary>The sessions, without boxing them.</summary>
    internal ImmutableArray<SessionId> Snapshot => ImmutableInterlocked.InterlockedCompareExchange(ref _sessions, default, default);

    /// <summary>Joins a session. Joining twice is joining once.</summary>
    /// <param name="session">The session.</param>
    public void Add(SessionId session) =>
        ImmutableInterlocked.Update(ref _sessions, static (sessions, added) => sessions.Contains(added) ? sessions : sessions.Add(added), session);

    /// <summary>Leaves a session: its keys no longer serve this presentation, and what was running with them is not.</summary>
    /// <param name="session">The session.</param>
    public void Remove(SessionId session)
    {
        ImmutableInterlocked.Update(ref _sessions, static (sessions, removed) => sessions.Remove(removed), session);
        ImmutableInterlocked.Update(ref _running, static (running, removed) => running.Except(running.Where(pair => pair.Session == removed)), session);
    }

    /// <summary>Forgets that playback was running with keys that are no more.</summary>
    internal void Forget(SessionId session, IReadOnlyCollection<KeyId> keys)
    {
        if (keys.Any(key => IsRunning(session, key))) ImmutableInterlocked.Update(ref _running, static (running, gone) => running.Except(gone.keys.Select(key => (gone.session, key))), (session, keys));
    }

    /// <summary>Whether playback is running with a key.</summary>
    internal bool IsRunning(SessionId session, KeyId key) => Volatile.Read(ref _running).Contains((session, key));

    /// <summary>Notes that playback is running with a key.</summary>
    internal void NoteRunning(SessionId session, KeyId key)
    {
        if (!IsRunning(session, key)) ImmutableInterlocked.Update(ref _running, static (running, pair) => running.Add(pair), (session, key));
    }
}

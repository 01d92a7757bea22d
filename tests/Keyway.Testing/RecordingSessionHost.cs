using Keyway.Licensing;

namespace Keyway.Testing;

/// <summary>A session host that only remembers: for tests of key systems without an engine.</summary>
/// <remarks>Threads: any. Keys are remembered as they are; use keys that are worth nothing.</remarks>
public sealed class RecordingSessionHost : ISessionHost
{
    private readonly Lock _gate = new();
    private readonly Dictionary<KeyId, byte[]> _keys = [];
    private readonly Dictionary<KeyId, KeyPolicy> _policies = [];
    private readonly Dictionary<KeyId, KeyStatus> _statuses = [];
    private readonly List<ChallengeKind> _requested = [];

    /// <summary>The keys that were imported.</summary>
    public IReadOnlyDictionary<KeyId, byte[]> Keys => Copy(_keys);

    /// <summary>The last policy of each key.</summary>
    public IReadOnlyDictionary<KeyId, KeyPolicy> Policies => Copy(_policies);

    /// <summary>The last status that was said of each key.</summary>
    public IReadOnlyDictionary<KeyId, KeyStatus> Statuses => Copy(_statuses);

    /// <summary>The exchanges that were asked for, in order.</summary>
    public IReadOnlyList<ChallengeKind> Requested
    {
        get
        {
            lock (_gate) return [.. _requested];
        }
    }

    /// <summary>Why the session was ended; <see langword="null"/>: it was not.</summary>
    public LicenseErrorKind? Closed { get; private set; }

    /// <inheritdoc/>
    public void Import(KeyId id, ReadOnlySpan<byte> key, KeyPolicy policy)
    {
        if (key.Length != 16) throw new ArgumentException("a key has 16 bytes", nameof(key));
        lock (_gate)
        {
            _keys[id] = key.ToArray();
            _policies[id] = policy;
        }
    }

    /// <inheritdoc/>
    public void UpdatePolicy(KeyId id, KeyPolicy policy)
    {
        lock (_gate) _policies[id] = policy;
    }

    /// <inheritdoc/>
    public void SetStatus(KeyId id, KeyStatus status)
    {
        lock (_gate) _statuses[id] = status;
    }

    /// <inheritdoc/>
    public void RequestExchange(ChallengeKind kind)
    {
        lock (_gate) _requested.Add(kind);
    }

    /// <inheritdoc/>
    public void Close(LicenseErrorKind reason) => Closed = reason;

    private Dictionary<KeyId, T> Copy<T>(Dictionary<KeyId, T> source)
    {
        lock (_gate) return new Dictionary<KeyId, T>(source);
    }
}

using Keyway.Cdm.Child;
using Keyway.Cdm.Wire;
using Keyway.Decryption;
using Keyway.Licensing;

namespace Keyway.Cdm;

/// <summary>What a module has told of one session's keys, and how that is told on.</summary>
/// <param name="system">The key system.</param>
/// <param name="host">The framework's half of the session.</param>
/// <param name="mayPersist">Whether its licence may be kept.</param>
/// <remarks>Threads: one at a time.</remarks>
internal sealed class SessionTold(CdmKeySystem system, ISessionHost host, bool mayPersist)
{
    // Beyond it there is no difference to "never".
    private static readonly DateTimeOffset LastDate = new(4000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Dictionary<KeyId, Known> _keys = [];
    private readonly HashSet<KeyId> _open = [];
    private DateTimeOffset? _notAfter;

    /// <summary>Whether there is a key.</summary>
    public bool HasKeys => _keys.Count > 0;

    /// <summary>Whether all keys that there are have expired.</summary>
    public bool IsExpired => _keys.Count > 0 && _keys.Values.All(static key => key.Status == KeyStatus.Expired);

    /// <summary>The keys that came in the open.</summary>
    public IReadOnlyCollection<KeyId> Open => _open;

    /// <summary>Notes that keys came in the open: whoever asked has them.</summary>
    public void NoteOpen(IEnumerable<KeyId> keys)
    {
        _open.UnionWith(keys);
        foreach ((KeyId id, _) in _keys) host.UpdatePolicy(id, PolicyOf(id));
    }

    /// <summary>Takes the whole list of keys.</summary>
    public void Keys(IReadOnlyList<ChildKey> keys)
    {
        HashSet<KeyId> listed = [];
        foreach (ChildKey key in keys)
        {
            if (key.Id.Length == 0) continue;
            KeyId id = KeyId.FromOpaque(key.Id);
            if (!listed.Add(id)) continue;   // the first counts: a second word about one key is no other key
            KeyStatus status = StatusOf(key.Status);
            _keys[id] = new Known(key.Id, status);
            host.SetStatus(id, status);
            host.UpdatePolicy(id, PolicyOf(id));
        }

        foreach ((KeyId id, Known known) in _keys.ToArray())
        {
            if (listed.Contains(id) || known.Status == KeyStatus.Released) continue;
            _keys[id] = known with { Status = KeyStatus.Released };
            host.SetStatus(id, KeyStatus.Released);
        }
    }

    /// <summary>Takes the moment at which all keys expire, in seconds since 1970. 0 and what is no number is never.</summary>
    public void Expiration(double seconds)
    {
        _notAfter = !double.IsFinite(seconds) || seconds == 0 || seconds >= LastDate.ToUnixTimeSeconds() ? null
            : seconds < 0 ? DateTimeOffset.UnixEpoch
            : DateTimeOffset.UnixEpoch + TimeSpan.FromSeconds(seconds);
        foreach ((KeyId id, _) in _keys) host.UpdatePolicy(id, PolicyOf(id));
    }

    /// <summary>Whether a key may be used for decrypting, and what the module calls it.</summary>
    public DecryptStatus Find(KeyId id, out byte[] original)
    {
        if (!_keys.TryGetValue(id, out Known? known))
        {
            original = [];
            return DecryptStatus.KeyNotFound;
        }

        original = known.Original;
        return known.Status switch
        {
            KeyStatus.Usable or KeyStatus.OutputDownscaled => DecryptStatus.Decrypted,
            KeyStatus.StatusPending => DecryptStatus.KeyNotFound,
            _ => DecryptStatus.KeyNotUsable,
        };
    }

    private static KeyStatus StatusOf(CdmKeyStatus status) => status switch
    {
        CdmKeyStatus.Usable => KeyStatus.Usable,
        CdmKeyStatus.Expired => KeyStatus.Expired,
        CdmKeyStatus.OutputRestricted => KeyStatus.OutputRestricted,
        CdmKeyStatus.OutputDownscaled => KeyStatus.OutputDownscaled,
        CdmKeyStatus.StatusPending => KeyStatus.StatusPending,
        CdmKeyStatus.Released => KeyStatus.Released,
        CdmKeyStatus.UsableInFuture => KeyStatus.UsableInFuture,
        _ => KeyStatus.InternalError,
    };

    private KeyPolicy PolicyOf(KeyId id) => new()
    {
        NotAfter = _notAfter,
        MayPersist = mayPersist,
        Output = new OutputRequirement { ClearExport = system.MayExport(_open.Contains(id)) },
    };

    private sealed record Known(byte[] Original, KeyStatus Status);
}

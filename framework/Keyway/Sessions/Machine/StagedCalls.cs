using System.Security.Cryptography;
using Keyway.Decryption;
using Keyway.Licensing;

namespace Keyway.Sessions;

/// <summary>
/// What a key system has said inside one of its calls: it takes effect as a whole or not at all. Key bytes wait in pinned memory and are zeroed
/// either way.
/// </summary>
/// <remarks>Threads: any for adding; one for the end.</remarks>
internal sealed class StagedCalls : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<Call> _calls = [];
    private bool _over;

    /// <summary>The exchange that the key system asks for; the newest counts.</summary>
    public ChallengeKind Requested { get; private set; }

    /// <summary>Why the key system ends the session, if it does.</summary>
    public LicenseErrorKind? Closing { get; private set; }

    /// <summary>Whether keys or their status change.</summary>
    public bool ChangesKeys { get; private set; }

    /// <summary>The buffers of staged keys: for the test that they are zeroed.</summary>
    internal IEnumerable<byte[]> KeyBuffers => _calls.Select(static call => call.Key).OfType<byte[]>();

    public bool TryImport(KeyId id, ReadOnlySpan<byte> key, KeyPolicy policy)
    {
        byte[] copy = GC.AllocateUninitializedArray<byte>(key.Length, pinned: true);
        key.CopyTo(copy);
        if (TryAdd(new Call(id, copy, policy, null))) return true;
        CryptographicOperations.ZeroMemory(copy);
        return false;
    }

    public bool TryUpdatePolicy(KeyId id, KeyPolicy policy) => TryAdd(new Call(id, null, policy, null));

    public bool TrySetStatus(KeyId id, KeyStatus status, LicenseServiceException? reason = null) => TryAdd(new Call(id, null, null, status, reason));

    public bool TryRequest(ChallengeKind kind)
    {
        lock (_gate)
        {
            if (_over) return false;
            Requested = kind;
            return true;
        }
    }

    public bool TryClose(LicenseErrorKind reason)
    {
        lock (_gate)
        {
            if (_over) return false;
            Closing = reason;
            return true;
        }
    }

    /// <summary>Lets everything take effect, in the order in which it was said.</summary>
    /// <param name="vault">Where keys go.</param>
    /// <param name="session">The session.</param>
    /// <param name="firstUse">When a key was first used, as a stored licence remembers it.</param>
    public void Commit(ContentKeyVault vault, SessionId session, Func<KeyId, DateTimeOffset?>? firstUse = null)
    {
        lock (_gate)
        {
            if (_over) return;
            foreach (Call call in _calls)
            {
                if (call.Key is not null) vault.Import(session, call.Id, call.Key, call.Policy!, firstUse?.Invoke(call.Id));
                else if (call.Policy is not null) vault.UpdatePolicy(session, call.Id, call.Policy);
                else if (call.Status is { } status) vault.SetStatus(session, call.Id, status, call.Reason);
            }

            Zero();
        }
    }

    /// <summary>Forgets everything that did not take effect.</summary>
    public void Dispose()
    {
        lock (_gate) Zero();
    }

    private bool TryAdd(Call call)
    {
        lock (_gate)
        {
            if (_over) return false;
            _calls.Add(call);
            ChangesKeys = true;
            return true;
        }
    }

    private void Zero()
    {
        _over = true;
        foreach (Call call in _calls)
            if (call.Key is not null) CryptographicOperations.ZeroMemory(call.Key);
    }

    private readonly record struct Call(KeyId Id, byte[]? Key, KeyPolicy? Policy, KeyStatus? Status, LicenseServiceException? Reason = null)
    {
        public override string ToString() => Id.ToString();
    }
}

using Keyway.Licensing;

namespace Keyway.ClearKey.Fakes;

/// <summary>The framework's half of a session, which writes down what it is told.</summary>
internal sealed class RecordingSessionHost : ISessionHost
{
    public Dictionary<KeyId, string> Keys { get; } = [];

    public List<KeyPolicy> Policies { get; } = [];

    public List<string> Other { get; } = [];

    public void Import(KeyId id, ReadOnlySpan<byte> key, KeyPolicy policy)
    {
        key.Length.Should().Be(16);
        Keys[id] = Convert.ToHexStringLower(key);
        Policies.Add(policy);
    }

    public void UpdatePolicy(KeyId id, KeyPolicy policy) => Other.Add($"policy {id}");

    public void SetStatus(KeyId id, KeyStatus status) => Other.Add($"status {id} {status}");

    public void RequestExchange(ChallengeKind kind) => Other.Add($"exchange {kind}");

    public void Close(LicenseErrorKind reason) => Other.Add($"close {reason}");
}

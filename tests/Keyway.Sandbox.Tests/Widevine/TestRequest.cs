using System.Security.Cryptography;

namespace Keyway.Sandbox.Widevine;

/// <summary>What a request of the test client says; a common one unless told otherwise.</summary>
internal sealed record TestRequest
{
    public byte[] RequestId { get; init; } = RandomNumberGenerator.GetBytes(16);

    public int LicenseType { get; init; } = 1;

    public int Type { get; init; } = 1;

    public long? Time { get; init; } = TestClient.Now;

    public int ProtocolVersion { get; init; } = 21;

    public long? Nonce { get; init; } = RandomNumberGenerator.GetInt32(int.MaxValue);

    public byte[]? ClientId { get; init; }

    public byte[]? EncryptedClientId { get; init; }

    public bool HasBothIds { get; init; }
}

using System.Security.Cryptography;
using Google.Protobuf;

namespace Keyway.Widevine;

/// <summary>One key out of a licence, with what the licence asks for it. The bytes are cleared when disposed.</summary>
internal sealed class WidevineKey : IDisposable
{
    public required KeyId Id { get; init; }

    /// <summary>The identifier as the licence has it: entitled keys name theirs by these bytes.</summary>
    public required ByteString OpaqueId { get; init; }

    /// <summary>The container: its level, label and output rules.</summary>
    public required Wire.License.Types.KeyContainer Container { get; init; }

    /// <summary>The key: 16 bytes, or for an entitlement 16 or 32. Empty when the client may not have it.</summary>
    public required byte[] Bytes { get; init; }

    /// <summary>Whether the key asks for a higher security level than this client offers. Then it was never unwrapped.</summary>
    public bool IsOutOfReach => Bytes.Length == 0;

    public void Dispose() => CryptographicOperations.ZeroMemory(Bytes);
}

using System.Security.Cryptography;
using Google.Protobuf;
using Keyway.Licensing;

namespace Keyway.Widevine;

/// <summary>A request that was sent and not answered yet. Good for one answer.</summary>
internal sealed class WidevineRequest(ChallengeKind kind, ByteString requestId, byte[] message) : IDisposable
{
    public ChallengeKind Kind { get; } = kind;

    public ByteString RequestId { get; } = requestId;

    /// <summary>The inner message byte for byte as it was sent: the context of the key derivation.</summary>
    public byte[] Message { get; } = message;

    /// <summary>In clear mode the message names the device.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(Message);
}

using System.Buffers.Binary;

namespace Keyway.Sandbox.Widevine;

/// <summary>What both sides derive from a session key and the request that it answers.</summary>
/// <remarks>
/// One block is AES-CMAC under the session key over
/// <code>
/// | counter : 1 | label | 00 | the request's msg as sent | bits : 4, big-endian |
/// </code>
/// Blocks 1 and 2 of "AUTHENTICATION" sign what the server says, blocks 3 and 4 what the client says; "bits" counts all four.
/// </remarks>
/// <param name="Encryption">Wraps the keys of the licence: 16 bytes.</param>
/// <param name="Server">Signs the licence: 32 bytes.</param>
/// <param name="Client">Would sign what the client says: 32 bytes.</param>
internal sealed record SessionKeys(byte[] Encryption, byte[] Server, byte[] Client)
{
    /// <summary>Derives them.</summary>
    /// <param name="sessionKey">The session key: 16 bytes.</param>
    /// <param name="request">The request's <c>msg</c>, byte for byte.</param>
    /// <returns>The keys.</returns>
    public static SessionKeys Derive(ReadOnlySpan<byte> sessionKey, ReadOnlySpan<byte> request)
    {
        byte[] key = sessionKey.ToArray(), message = request.ToArray();
        return new SessionKeys(
            Block("ENCRYPTION"u8, 1, 128),
            [.. Block("AUTHENTICATION"u8, 1, 512), .. Block("AUTHENTICATION"u8, 2, 512)],
            [.. Block("AUTHENTICATION"u8, 3, 512), .. Block("AUTHENTICATION"u8, 4, 512)]);

        byte[] Block(ReadOnlySpan<byte> label, byte counter, uint bits)
        {
            byte[] length = new byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(length, bits);
            return AesCmac.Compute(key, (byte[])[counter, .. label, 0, .. message, .. length]);
        }
    }

    /// <summary>No key in any log.</summary>
    /// <returns>The name of the type.</returns>
    public override string ToString() => nameof(SessionKeys);
}

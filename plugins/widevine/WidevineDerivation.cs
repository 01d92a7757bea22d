using System.Buffers.Binary;
using System.Security.Cryptography;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Parameters;

namespace Keyway.Widevine;

/// <summary>The keys that both ends derive from a session key and the request that it answers. Cleared when disposed.</summary>
/// <remarks>
/// AES-CMAC in counter mode, of the shape of NIST SP 800-108, 4.1, with an 8-bit counter in front:
/// <code>
/// block(i) = AES-CMAC(session key, i:1 ‖ label ‖ 00 ‖ request ‖ bits:4)
///
/// block 1       "ENCRYPTION"      128 bits   opens the key containers
/// blocks 1, 2   "AUTHENTICATION"  512 bits   service → client: verifies the answer
/// blocks 3, 4   "AUTHENTICATION"  512 bits   client → service
/// </code>
/// </remarks>
internal sealed class WidevineDerivation : IDisposable
{
    private readonly byte[] _keys = GC.AllocateArray<byte>(WidevineConstants.BlockLength + (2 * WidevineConstants.MacKeyLength), pinned: true);

    private WidevineDerivation()
    {
    }

    public ReadOnlySpan<byte> Encryption => _keys.AsSpan(0, WidevineConstants.BlockLength);

    public ReadOnlySpan<byte> ServerMac => _keys.AsSpan(WidevineConstants.BlockLength, WidevineConstants.MacKeyLength);

    public ReadOnlySpan<byte> ClientMac => _keys.AsSpan(WidevineConstants.BlockLength + WidevineConstants.MacKeyLength);

    public static WidevineDerivation Derive(ReadOnlySpan<byte> sessionKey, ReadOnlySpan<byte> request)
    {
        WidevineDerivation derived = new();
        CMac mac = new(AesUtilities.CreateEngine());
        mac.Init(new KeyParameter(sessionKey));
        Span<byte> keys = derived._keys;
        Block(mac, 1, "ENCRYPTION"u8, request, 128, keys);
        for (byte counter = 1; counter <= 4; counter++)
            Block(mac, counter, "AUTHENTICATION"u8, request, 512, keys[(counter * WidevineConstants.BlockLength)..]);
        return derived;
    }

    /// <summary>HMAC-SHA-256 over the core message and the message, as they travelled.</summary>
    public static void Authenticate(ReadOnlySpan<byte> key, ReadOnlySpan<byte> core, ReadOnlySpan<byte> message, Span<byte> destination)
    {
        using IncrementalHash hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        hmac.AppendData(core);
        hmac.AppendData(message);
        hmac.GetHashAndReset(destination);
    }

    /// <summary>Whether an answer was authenticated with a key. Takes the same time wherever the first difference is.</summary>
    public static bool IsAuthentic(ReadOnlySpan<byte> key, Wire.SignedMessage answer)
    {
        Span<byte> expected = stackalloc byte[WidevineConstants.MacLength];
        Authenticate(key, answer.OemcryptoCoreMessage.Span, answer.Msg.Span, expected);
        bool same = CryptographicOperations.FixedTimeEquals(expected, answer.Signature.Span);
        CryptographicOperations.ZeroMemory(expected);
        return same;
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(_keys);

    private static void Block(CMac mac, byte counter, ReadOnlySpan<byte> label, ReadOnlySpan<byte> request, uint bits, Span<byte> destination)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(length, bits);
        mac.Update(counter);
        mac.BlockUpdate(label);
        mac.Update(0);
        mac.BlockUpdate(request);
        mac.BlockUpdate(length);
        mac.DoFinal(destination);
    }
}

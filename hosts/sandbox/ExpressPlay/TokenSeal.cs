using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Keyway.Sandbox.ExpressPlay;

/// <summary>Turns grants into tokens and back. A token is opaque to everybody else, and a changed one is none.</summary>
/// <remarks>
/// The outside of a token is the one that public samples of version 5 show; the inside is this sandbox's own. Base64url without padding of
/// <code>
/// | 5 | service id : 5 | 29 01 or 37 01 | 00 24 | account id, UUID as text : 36 | length of the payload : 4 | payload | MAC : 20 |
/// payload: | iv : 16 | AES-128-CBC of the grant in JSON, deflated : n × 16 |
/// </code>
/// Every number is big-endian. The MAC is the first 20 bytes of HMAC-SHA-256, because that is how long the trailers of the samples are.
/// </remarks>
/// <param name="secret">What only this service knows, 32 bytes.</param>
internal sealed class TokenSeal(byte[] secret)
{
    private const byte Version = 5;
    private const int IdLength = 36, HeadLength = 1 + 7 + 2 + IdLength + 4, MacLength = 20, Block = 16;

    private readonly byte[] _encryption = HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, Block, info: "token encryption"u8.ToArray());
    private readonly byte[] _authentication = HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 32, info: "token authentication"u8.ToArray());

    /// <summary>Makes a token.</summary>
    /// <param name="grant">What it stands for.</param>
    /// <param name="account">The account that asked for it.</param>
    /// <returns>The token. No two are alike.</returns>
    public string Seal(TokenGrant grant, Account account)
    {
        byte[] iv = RandomNumberGenerator.GetBytes(Block);
        using Aes aes = Aes.Create();
        aes.SetKey(_encryption);
        byte[] payload = [.. iv, .. aes.EncryptCbc(Deflate(JsonSerializer.SerializeToUtf8Bytes(grant)), iv)];

        byte[] head = new byte[HeadLength];
        head[0] = Version;
        BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(2), uint.Parse(account.ServiceId, NumberStyles.None, CultureInfo.InvariantCulture));
        head[6] = grant.System == TokenSystem.Widevine ? (byte)0x29 : (byte)0x37;
        head[7] = 1;
        head[9] = IdLength;
        Encoding.ASCII.GetBytes(account.Id.ToString("D"), head.AsSpan(10));
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(10 + IdLength), payload.Length);

        byte[] body = [.. head, .. payload];
        return Base64Url([.. body, .. Mac(body)]);
    }

    /// <summary>Opens a token.</summary>
    /// <param name="token">The token.</param>
    /// <returns>What it stands for, or <see langword="null"/>: it is not from here, or was changed.</returns>
    public TokenGrant? Open(string token)
    {
        if (Decode(token) is not { } bytes || bytes.Length < HeadLength + 2 * Block + MacLength || bytes[0] != Version) return null;
        Span<byte> body = bytes.AsSpan(0, bytes.Length - MacLength), payload = body[HeadLength..];
        if (!CryptographicOperations.FixedTimeEquals(Mac(body), bytes.AsSpan(body.Length))) return null;
        using Aes aes = Aes.Create();
        aes.SetKey(_encryption);
        using DeflateStream inflated = new(new MemoryStream(aes.DecryptCbc(payload[Block..], payload[..Block])), CompressionMode.Decompress);
        return JsonSerializer.Deserialize<TokenGrant>(inflated);
    }

    /// <summary>A name for a token that does not give it away.</summary>
    /// <param name="token">The token.</param>
    /// <returns>16 hexadecimal digits.</returns>
    public static string NameOf(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)).AsSpan(0, 8));

    // A token with many keys must still fit into an address.
    private static byte[] Deflate(byte[] bytes)
    {
        using MemoryStream deflated = new();
        using (DeflateStream stream = new(deflated, CompressionLevel.SmallestSize)) stream.Write(bytes);
        return deflated.ToArray();
    }

    private byte[] Mac(ReadOnlySpan<byte> body) => HMACSHA256.HashData(_authentication, body)[..MacLength];

    private static string Base64Url(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private static byte[]? Decode(string token)
    {
        if (token.AsSpan().IndexOfAny('+', '/', '=') >= 0) return null;
        string padded = token.Replace('-', '+').Replace('_', '/') + new string('=', (4 - token.Length % 4) % 4);
        byte[] bytes = new byte[padded.Length];
        // The last letter of unpadded text has bits that stand for nothing: a token in which these were changed is another token.
        return Convert.TryFromBase64String(padded, bytes, out int length) && Base64Url(bytes[..length]) == token ? bytes[..length] : null;
    }
}

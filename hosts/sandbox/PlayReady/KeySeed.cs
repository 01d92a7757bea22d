using System.Security.Cryptography;

namespace Keyway.Sandbox.PlayReady;

/// <summary>Content keys from a seed and a key identifier.</summary>
/// <remarks>
/// S is the seed cut to 30 bytes, K the identifier in PlayReady's order:
/// <code>
/// A = SHA-256(S K)   B = SHA-256(S K S)   C = SHA-256(S K S K)
/// key = the halves of A, B and C, all six combined by exclusive or
/// </code>
/// </remarks>
internal static class KeySeed
{
    private const int Used = 30;

    /// <summary>The public seed of Microsoft's test server.</summary>
    public static readonly byte[] Test = Convert.FromBase64String("XVBovsmzhP9gRIZxWfFta3VVRPzVEWmJsazEJ46I");

    /// <summary>Derives a key.</summary>
    /// <param name="seed">The seed, 30 bytes at least.</param>
    /// <param name="kid">The identifier.</param>
    /// <returns>The key.</returns>
    public static byte[] Derive(byte[] seed, Guid kid)
    {
        byte[] s = seed[..Used], k = kid.ToByteArray(bigEndian: false), key = new byte[16];
        foreach (byte[] hash in new[] { SHA256.HashData([.. s, .. k]), SHA256.HashData([.. s, .. k, .. s]), SHA256.HashData([.. s, .. k, .. s, .. k]) })
            for (int i = 0; i < hash.Length; i++) key[i % 16] ^= hash[i];
        return key;
    }

    /// <summary>The checksum that a header has for a key of AES in counter mode: the identifier, encrypted with the key, its first 8 bytes.</summary>
    /// <param name="key">The key.</param>
    /// <param name="kid">The identifier.</param>
    /// <returns>The checksum.</returns>
    public static byte[] Checksum(byte[] key, Guid kid)
    {
        using Aes aes = Aes.Create();
        aes.SetKey(key);
        return aes.EncryptEcb(kid.ToByteArray(bigEndian: false), PaddingMode.None)[..8];
    }
}

using System.Security.Cryptography;

namespace Keyway.PlayReady;

/// <summary>Content keys derived from a key seed, as packagers and licence services do that share one.</summary>
/// <remarks>
/// With S = the first 30 bytes of the seed and K = the KID in GUID order:
/// <code>
/// A = SHA-256(S‖K)   B = SHA-256(S‖K‖S)   C = SHA-256(S‖K‖S‖K)
/// key[i] = A[i] ^ A[i+16] ^ B[i] ^ B[i+16] ^ C[i] ^ C[i+16]      i = 0 … 15
/// </code>
/// </remarks>
internal static class KeySeed
{
    /// <summary>How much of a seed counts.</summary>
    public const int Length = 30;

    /// <summary>Derives the key of a key identifier.</summary>
    /// <param name="seed">At least 30 bytes.</param>
    /// <param name="id">The key identifier.</param>
    /// <param name="key">16 bytes. Ownership: the caller's, who clears them.</param>
    public static void Derive(ReadOnlySpan<byte> seed, KeyId id, Span<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(seed.Length, Length, nameof(seed));
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, 16, nameof(key));
        Span<byte> text = stackalloc byte[2 * (Length + KeyId.Size)];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        seed[..Length].CopyTo(text);
        KeyIdOrder.Write(id, text[Length..]);
        text[..(Length + KeyId.Size)].CopyTo(text[(Length + KeyId.Size)..]);

        key.Clear();
        foreach (int length in (ReadOnlySpan<int>)[Length + KeyId.Size, (2 * Length) + KeyId.Size, text.Length])
        {
            SHA256.HashData(text[..length], hash);
            for (int i = 0; i < key.Length; i++) key[i] ^= (byte)(hash[i] ^ hash[i + 16]);
        }

        CryptographicOperations.ZeroMemory(text);
        CryptographicOperations.ZeroMemory(hash);
    }
}

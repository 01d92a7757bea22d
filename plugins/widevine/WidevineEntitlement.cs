using System.Security.Cryptography;
using EntitledKey = Keyway.Widevine.Wire.WidevinePsshData.Types.EntitledKey;

namespace Keyway.Widevine;

/// <summary>Unwraps the content keys of later periods with the entitlement keys of a licence: AES-CBC under the entitlement key and the entry's IV.</summary>
internal static class WidevineEntitlement
{
    /// <summary>Whether an entry can be unwrapped at all: sizes that no key fits are told apart before anything is decrypted.</summary>
    public static bool IsWellFormed(EntitledKey entry) =>
        entry.Iv.Length == WidevineConstants.BlockLength && entry.Key.Length is 16 or 32 && entry.KeyId.Length is > 0 and <= WidevineConstants.MaxKeyIdLength;

    /// <summary>Unwraps one entry.</summary>
    /// <param name="entry">The entry; content is not trusted.</param>
    /// <param name="entitlement">The entitlement that it names.</param>
    /// <returns>16 bytes, the caller's to clear; <see langword="null"/> when the sizes do not fit.</returns>
    /// <remarks>
    /// No open source states the padding. 16 bytes are taken as one unpadded block; of 32 the second must be the full block of padding that
    /// PKCS#7 puts behind 16 bytes.
    /// </remarks>
    public static byte[]? Unwrap(EntitledKey entry, WidevineKey entitlement)
    {
        if (!IsWellFormed(entry) || entry.EntitlementKeySizeBytes != entitlement.Bytes.Length) return null;
        using Aes aes = Aes.Create();
        aes.SetKey(entitlement.Bytes);
        Span<byte> plain = stackalloc byte[32];
        try
        {
            int length = aes.DecryptCbc(entry.Key.Span, entry.Iv.Span, plain, PaddingMode.None);
            if (length == 32 && plain[16..].ContainsAnyExcept((byte)16)) return null;
            return plain[..WidevineConstants.BlockLength].ToArray();
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }
}

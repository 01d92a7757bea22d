using System.Security.Cryptography;

namespace Keyway.PlayReady;

/// <summary>The checksum of a header, by which a wrong key is noticed before it is used.</summary>
/// <remarks>AESCTR: the first eight bytes of AES-128-ECB(key, KID in GUID order). For AESCBC none is defined, so headers must not have one.</remarks>
internal static class KeyChecksum
{
    /// <summary>The length for AESCTR.</summary>
    public const int Length = 8;

    /// <summary>The length for COCKTAIL, whose keys this plugin does not use.</summary>
    public const int CocktailLength = 7;

    /// <summary>Makes the checksum of a key.</summary>
    public static byte[] Make(ReadOnlySpan<byte> key, KeyId id)
    {
        Span<byte> guid = stackalloc byte[KeyId.Size];
        Span<byte> block = stackalloc byte[KeyId.Size];
        KeyIdOrder.Write(id, guid);
        using Aes aes = Aes.Create();
        aes.SetKey(key);
        aes.EncryptEcb(guid, block, PaddingMode.None);
        return block[..Length].ToArray();
    }

    /// <summary>Compares in constant time.</summary>
    public static bool Fits(ReadOnlySpan<byte> checksum, ReadOnlySpan<byte> key, KeyId id) =>
        CryptographicOperations.FixedTimeEquals(checksum, Make(key, id));
}

using System.Security.Cryptography;

namespace Keyway.Sandbox.Widevine;

/// <summary>AES-CMAC (RFC 4493, 2.4), over the platform's AES.</summary>
internal static class AesCmac
{
    private const int Block = 16;

    /// <summary>Computes the code of a message.</summary>
    /// <param name="key">The key: 16 bytes.</param>
    /// <param name="message">The message, of any length.</param>
    /// <returns>The code: 16 bytes.</returns>
    public static byte[] Compute(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message)
    {
        using Aes aes = Aes.Create();
        aes.SetKey(key);

        // K1 is for a last block that is whole, K2 for one that had to be filled up.
        byte[] subkey = Double(aes.EncryptEcb(new byte[Block], PaddingMode.None));
        int blocks = Math.Max(1, (message.Length + Block - 1) / Block);
        byte[] padded = new byte[blocks * Block];
        message.CopyTo(padded);
        if (message.Length < padded.Length)
        {
            padded[message.Length] = 0x80;
            subkey = Double(subkey);
        }

        for (int i = 0; i < Block; i++) padded[^(Block - i)] ^= subkey[i];

        // The chain of the RFC's step 6 is CBC from a zero vector; its last block is the code.
        return aes.EncryptCbc(padded, new byte[Block], PaddingMode.None)[^Block..];
    }

    /// <summary>Multiplies by x in GF(2^128), the polynomial being x^128 + x^7 + x^2 + x + 1.</summary>
    private static byte[] Double(byte[] block)
    {
        byte[] doubled = new byte[Block];
        for (int i = 0; i < Block; i++) doubled[i] = (byte)(block[i] << 1 | (i + 1 < Block ? block[i + 1] >> 7 : 0));
        if ((block[0] & 0x80) != 0) doubled[^1] ^= 0x87;
        return doubled;
    }
}

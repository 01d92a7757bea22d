using System.Security.Cryptography;

namespace Keyway.PlayReady.Issuer;

/// <summary>AES-CMAC as RFC 4493 writes it, over the platform's AES.</summary>
internal static class TestCmac
{
    public static byte[] Make(byte[] key, byte[] message)
    {
        using Aes aes = Aes.Create();
        aes.Key = key;
        byte[] k1 = Double(aes.EncryptEcb(new byte[16], PaddingMode.None));
        byte[] last = k1;
        int blocks = Math.Max(1, (message.Length + 15) / 16);
        byte[] padded = new byte[blocks * 16];
        message.CopyTo(padded, 0);
        if (message.Length == 0 || message.Length % 16 != 0)
        {
            padded[message.Length] = 0x80;
            last = Double(k1);
        }

        for (int i = 0; i < 16; i++) padded[((blocks - 1) * 16) + i] ^= last[i];
        return aes.EncryptCbc(padded, new byte[16], PaddingMode.None)[^16..];
    }

    private static byte[] Double(byte[] block)
    {
        byte[] twice = new byte[16];
        for (int i = 0; i < 16; i++) twice[i] = (byte)((block[i] << 1) | (i < 15 ? block[i + 1] >> 7 : 0));
        if ((block[0] & 0x80) != 0) twice[15] ^= 0x87;
        return twice;
    }
}

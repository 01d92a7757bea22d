using System.Security.Cryptography;

namespace Keyway.Cdm.LyingChild;

/// <summary>AES in cipher block chaining with a pattern, anew at each range (cbcs).</summary>
internal static class Pattern
{
    public static void Decrypt(Aes aes, byte[] vector, List<(int Clear, int Protected)> map, Span<byte> sample, int crypt, int skip, bool isEvery)
    {
        int at = 0;
        foreach ((int clear, int encrypted) in map)
        {
            at += clear;
            byte[] previous = vector;
            for (int block = 0; block < encrypted / 16; block++)
            {
                if (!isEvery && block % (crypt + skip) >= crypt) continue;
                Span<byte> bytes = sample.Slice(at + (block * 16), 16);
                byte[] own = bytes.ToArray();
                aes.DecryptCbc(own, previous, bytes, PaddingMode.None);
                previous = own;
            }

            at += encrypted;
        }
    }
}

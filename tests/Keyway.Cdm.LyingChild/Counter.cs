using System.Security.Cryptography;

namespace Keyway.Cdm.LyingChild;

/// <summary>AES in counter mode over the protected ranges of a sample, with a counter of 64 bits (cenc).</summary>
internal static class Counter
{
    public static void Decrypt(Aes aes, ReadOnlySpan<byte> vector, List<(int Clear, int Protected)> map, Span<byte> sample)
    {
        Span<byte> counter = stackalloc byte[16];
        Span<byte> stream = stackalloc byte[16];
        vector.CopyTo(counter);
        (int at, int used) = (0, 16);
        foreach ((int clear, int encrypted) in map)
        {
            at += clear;
            for (int i = 0; i < encrypted; i++, at++)
            {
                if (used == 16)
                {
                    aes.EncryptEcb(counter, stream, PaddingMode.None);
                    for (int digit = 15; digit >= 8 && ++counter[digit] == 0; digit--) { }
                    used = 0;
                }

                sample[at] ^= stream[used++];
            }
        }
    }
}

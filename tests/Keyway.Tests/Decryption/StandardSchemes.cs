using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Keyway.Decryption;

/// <summary>
/// The four schemes as ISO/IEC 23001-7 tells them, block by block and as plainly as can be, on the operating system's AES:
/// an implementation that shares nothing with the one under test but the standard.
/// </summary>
internal static class StandardSchemes
{
    public static byte[] Decrypt(
        byte[] key, ProtectionScheme scheme, byte[] vector, byte[] sample, IReadOnlyList<Subsample> subsamples, int crypt, int skip)
    {
        using Aes aes = Aes.Create();
        aes.Key = key;
        byte[] clear = [.. sample];
        List<(int At, int Length)> ranges = [];
        if (subsamples.Count == 0) ranges.Add((0, sample.Length));
        int position = 0;
        foreach (Subsample subsample in subsamples)
        {
            position += (int)subsample.ClearBytes;
            ranges.Add((position, (int)subsample.ProtectedBytes));
            position += (int)subsample.ProtectedBytes;
        }

        switch (scheme)
        {
            case ProtectionScheme.Cenc: CounterBytes(aes, vector, clear, ranges); break;
            case ProtectionScheme.Cens: CounterBlocks(aes, vector, clear, EncryptedBlocks(ranges, crypt, skip).SelectMany(blocks => blocks)); break;
            case ProtectionScheme.Cbc1: Chained(aes, vector, clear, EncryptedBlocks(ranges, 0, 0).SelectMany(blocks => blocks)); break;
            case ProtectionScheme.Cbcs:
                foreach (List<int> range in EncryptedBlocks(ranges, crypt, skip)) Chained(aes, vector, clear, range);
                break;
            default: throw new ArgumentOutOfRangeException(nameof(scheme));
        }

        return clear;
    }

    /// <summary>9.5 and 9.6: where the encrypted blocks of each range are; partial blocks are none.</summary>
    private static List<List<int>> EncryptedBlocks(List<(int At, int Length)> ranges, int crypt, int skip)
    {
        List<List<int>> found = [];
        foreach ((int at, int length) in ranges)
        {
            List<int> blocks = [];
            for (int block = 0; (block + 1) * 16 <= length; block++)
                if ((crypt == 0 && skip == 0) || block % (crypt + skip) < crypt) blocks.Add(at + block * 16);
            found.Add(blocks);
        }

        return found;
    }

    /// <summary>9.3: the counter block; bytes 8 to 15 are a 64-bit number that is incremented, and overflows into nothing.</summary>
    private static byte[] Counter(byte[] vector, ulong blocks)
    {
        byte[] counter = new byte[16];
        vector.CopyTo(counter, 0);
        ulong low = BinaryPrimitives.ReadUInt64BigEndian(counter.AsSpan(8));
        BinaryPrimitives.WriteUInt64BigEndian(counter.AsSpan(8), unchecked(low + blocks));
        return counter;
    }

    private static void CounterBytes(Aes aes, byte[] vector, byte[] sample, List<(int At, int Length)> ranges)
    {
        int used = 0;
        byte[] stream = [];
        foreach ((int at, int length) in ranges)
        {
            for (int i = at; i < at + length; i++, used++)
            {
                if (used % 16 == 0) stream = aes.EncryptEcb(Counter(vector, (ulong)(used / 16)), PaddingMode.None);
                sample[i] ^= stream[used % 16];
            }
        }
    }

    private static void CounterBlocks(Aes aes, byte[] vector, byte[] sample, IEnumerable<int> blocks)
    {
        ulong used = 0;
        foreach (int at in blocks)
        {
            byte[] stream = aes.EncryptEcb(Counter(vector, used++), PaddingMode.None);
            for (int i = 0; i < 16; i++) sample[at + i] ^= stream[i];
        }
    }

    private static void Chained(Aes aes, byte[] vector, byte[] sample, IEnumerable<int> blocks)
    {
        byte[] chain = new byte[16];
        vector.CopyTo(chain, 0);
        foreach (int at in blocks)
        {
            byte[] encrypted = sample[at..(at + 16)];
            byte[] clear = aes.DecryptEcb(encrypted, PaddingMode.None);
            for (int i = 0; i < 16; i++) sample[at + i] = (byte)(clear[i] ^ chain[i]);
            chain = encrypted;
        }
    }
}

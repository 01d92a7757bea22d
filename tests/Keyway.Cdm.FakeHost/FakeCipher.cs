using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Keyway.Cdm.FakeHost;

/// <summary>Common Encryption by the system's AES, block by block: cenc and cbcs.</summary>
internal sealed class FakeCipher
{
    private const int Block = 16;

    private readonly ConcurrentDictionary<string, Aes> _keys = new(StringComparer.OrdinalIgnoreCase);

    public FakeCipher(IReadOnlyDictionary<string, byte[]> keys)
    {
        foreach ((string id, byte[] key) in keys) Add(id, key);

        // The library behind it is loaded now: later nothing can be opened any more.
        using Aes aes = Aes.Create();
        aes.GenerateKey();
        _ = aes.EncryptEcb(new byte[Block], PaddingMode.None);
    }

    public void Add(string id, byte[] key)
    {
        Aes aes = Aes.Create();
        aes.Key = key;
        _keys[id] = aes;
    }

    /// <summary>Decrypts into another place.</summary>
    /// <returns><see langword="false"/>: there is no such key.</returns>
    public bool Decrypt(ReadOnlySpan<byte> keyId, uint scheme, ReadOnlySpan<byte> iv, ReadOnlySpan<(uint Clear, uint Protected)> subsamples, uint crypt, uint skip, ReadOnlySpan<byte> input, Span<byte> output)
    {
        if (!_keys.TryGetValue(Convert.ToHexStringLower(keyId), out Aes? aes)) return false;
        input.CopyTo(output);
        if (scheme == 0) return true;
        if (subsamples.IsEmpty) subsamples = new[] { (0u, (uint)input.Length) };
        byte[] counter = iv.ToArray();
        byte[] stream = [];
        int used = Block, at = 0;
        foreach ((uint clear, uint size) in subsamples)
        {
            at += (int)clear;
            Span<byte> part = output.Slice(at, (int)size);
            at += (int)size;
            if (scheme == 2)
            {
                Cbcs(aes, iv, part, crypt, skip);
                continue;
            }

            for (int i = 0; i < part.Length; i++)
            {
                if (used == Block)
                {
                    stream = aes.EncryptEcb(counter, PaddingMode.None);
                    for (int digit = Block - 1; digit >= Block - 8 && ++counter[digit] == 0; digit--) { /* carry, within 64 bits */ }
                    used = 0;
                }

                part[i] ^= stream[used++];
            }
        }

        return true;
    }

    private static void Cbcs(Aes aes, ReadOnlySpan<byte> iv, Span<byte> part, uint crypt, uint skip)
    {
        if (crypt == 0) (crypt, skip) = (1, 0);
        byte[] chain = iv.ToArray();
        for (int at = 0, position = 0; at + Block <= part.Length; at += Block, position = (position + 1) % (int)(crypt + skip))
        {
            if (position >= crypt) continue;
            byte[] block = part.Slice(at, Block).ToArray();
            byte[] clear = aes.DecryptCbc(block, chain, PaddingMode.None);
            clear.CopyTo(part[at..]);
            chain = block;
        }
    }
}

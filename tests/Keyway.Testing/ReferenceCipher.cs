using System.Buffers.Binary;
using System.Security.Cryptography;
using Keyway.Decryption;

namespace Keyway.Testing;

/// <summary>
/// Encrypts samples as ISO/IEC 23001-7, clauses 9 and 10, say, with the system's AES, block by block: slow, and of no kinship with what it checks.
/// </summary>
internal static class ReferenceCipher
{
    private const int Block = 16;

    /// <summary>Encrypts in place.</summary>
    /// <param name="key">16 bytes.</param>
    /// <param name="sample">The sample.</param>
    /// <param name="scheme">The scheme.</param>
    /// <param name="vector">8 or 16 bytes.</param>
    /// <param name="map">The subsample map; empty: the whole sample.</param>
    /// <param name="crypt">Blocks encrypted in each turn of the pattern; 0 with <paramref name="skip"/> 0: no pattern.</param>
    /// <param name="skip">Blocks left clear in each turn.</param>
    public static void Encrypt(ReadOnlySpan<byte> key, Span<byte> sample, ProtectionScheme scheme, ReadOnlySpan<byte> vector, ReadOnlySpan<Subsample> map, int crypt, int skip)
    {
        using Aes aes = Aes.Create();
        aes.SetKey(key);
        byte[] state = new byte[Block];
        vector.CopyTo(state);
        byte[] first = [.. state];
        bool isCounter = scheme is ProtectionScheme.Cenc or ProtectionScheme.Cens;
        byte[] stream = new byte[Block];
        int used = Block;
        Subsample[] ranges = map.IsEmpty ? [new Subsample { ClearBytes = 0, ProtectedBytes = (uint)sample.Length }] : map.ToArray();
        int at = 0;
        foreach (Subsample range in ranges)
        {
            at += (int)range.ClearBytes;
            Span<byte> part = sample.Slice(at, (int)range.ProtectedBytes);
            at += part.Length;
            if (scheme == ProtectionScheme.Cbcs) first.CopyTo(state, 0);
            int turn = 0;
            for (int i = 0; i < part.Length;)
            {
                int length = Math.Min(Block, part.Length - i);
                bool isPattern = crypt + skip > 0;
                bool isEncrypted = !isPattern || turn % (crypt + skip) < crypt;
                turn++;

                // What is left of a block stays clear, but of the counter mode without a pattern.
                if (length < Block && (isPattern || !isCounter)) isEncrypted = false;
                if (isEncrypted && isCounter)
                {
                    for (int j = 0; j < length; j++)
                    {
                        if (used == Block)
                        {
                            aes.EncryptEcb(state, stream, PaddingMode.None);
                            BinaryPrimitives.WriteUInt64BigEndian(state.AsSpan(8), BinaryPrimitives.ReadUInt64BigEndian(state.AsSpan(8)) + 1);
                            used = 0;
                        }

                        part[i + j] ^= stream[used++];
                    }
                }
                else if (isEncrypted)
                {
                    for (int j = 0; j < Block; j++) part[i + j] ^= state[j];
                    aes.EncryptEcb(part.Slice(i, Block), part.Slice(i, Block), PaddingMode.None);
                    part.Slice(i, Block).CopyTo(state);
                }

                i += length;
            }
        }
    }
}

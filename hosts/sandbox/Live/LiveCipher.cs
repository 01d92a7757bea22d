using System.Security.Cryptography;

namespace Keyway.Sandbox.Live;

/// <summary>The scheme <c>cenc</c> (ISO/IEC 23001-7, 10.1) on one sample; the way back is the same.</summary>
internal static class LiveCipher
{
    /// <summary>Encrypts or decrypts where the bytes lie.</summary>
    /// <param name="aes">The key.</param>
    /// <param name="iv">8 bytes: the first half of the first counter block.</param>
    /// <param name="sample">The sample.</param>
    /// <param name="subsamples">Its runs; empty: all of it is protected. The key stream goes on from run to run.</param>
    public static void Apply(Aes aes, ReadOnlySpan<byte> iv, Span<byte> sample, IReadOnlyList<(ushort Clear, uint Protected)> subsamples)
    {
        int length = subsamples.Count == 0 ? sample.Length : (int)subsamples.Sum(run => run.Protected);
        int blocks = (length + 15) / 16;
        byte[] counters = new byte[blocks * 16];
        for (int i = 0; i < blocks; i++)
        {
            iv.CopyTo(counters.AsSpan(i * 16));
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(counters.AsSpan(i * 16 + 8), (ulong)i);
        }

        byte[] stream = aes.EncryptEcb(counters, PaddingMode.None);
        int used = 0, at = 0;
        if (subsamples.Count == 0)
        {
            Xor(sample, stream);
            return;
        }

        foreach ((ushort clear, uint secret) in subsamples)
        {
            at += clear;
            Xor(sample.Slice(at, (int)secret), stream.AsSpan(used));
            at += (int)secret;
            used += (int)secret;
        }
    }

    private static void Xor(Span<byte> bytes, ReadOnlySpan<byte> stream)
    {
        for (int i = 0; i < bytes.Length; i++) bytes[i] ^= stream[i];
    }
}

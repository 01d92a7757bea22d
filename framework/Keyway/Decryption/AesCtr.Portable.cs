using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Keyway.Decryption;

internal static unsafe partial class AesCtr
{
    /// <summary>The operating system's AES over batches of counters. The oracle of the other paths.</summary>
    internal static class Portable
    {
        /// <inheritdoc cref="AesCtr.Xor"/>
        public static void Xor(ContentKey key, byte* data, nuint blocks, ulong prefix, ulong counter)
        {
            if (blocks == 0) return;
            PortableAes aes = key.RentPortable();
            try
            {
                while (blocks != 0)
                {
                    int batch = (int)nuint.Min(blocks, PortableAes.BatchBlocks);
                    KeyStream(aes, batch, prefix, counter);
                    Span<byte> target = new(data, batch * AesHardware.BlockSize);
                    Combine(target, aes.Output);
                    data += target.Length;
                    blocks -= (nuint)batch;
                    counter = unchecked(counter + (ulong)batch);
                }
            }
            finally
            {
                key.Return(aes);
            }
        }

        /// <inheritdoc cref="AesCtr.XorList"/>
        public static void XorList(ContentKey key, byte** list, nuint blocks, ulong prefix, ulong counter)
        {
            if (blocks == 0) return;
            PortableAes aes = key.RentPortable();
            try
            {
                while (blocks != 0)
                {
                    int batch = (int)nuint.Min(blocks, PortableAes.BatchBlocks);
                    KeyStream(aes, batch, prefix, counter);
                    for (int i = 0; i < batch; i++)
                        Combine(new Span<byte>(list[i], AesHardware.BlockSize), aes.Output.AsSpan(i * AesHardware.BlockSize));
                    list += batch;
                    blocks -= (nuint)batch;
                    counter = unchecked(counter + (ulong)batch);
                }
            }
            finally
            {
                key.Return(aes);
            }
        }

        private static void KeyStream(PortableAes aes, int blocks, ulong prefix, ulong counter)
        {
            Span<byte> counters = aes.Input;
            for (int i = 0; i < blocks; i++)
            {
                MemoryMarshal.Write(counters[(i * AesHardware.BlockSize)..], prefix);
                BinaryPrimitives.WriteUInt64BigEndian(counters[(i * AesHardware.BlockSize + 8)..], unchecked(counter + (ulong)i));
            }

            aes.Encrypt(blocks);
        }

        private static void Combine(Span<byte> target, ReadOnlySpan<byte> keyStream)
        {
            int at = 0;
            for (; at <= target.Length - Vector<byte>.Count; at += Vector<byte>.Count)
                (new Vector<byte>(target[at..]) ^ new Vector<byte>(keyStream[at..])).CopyTo(target[at..]);
            for (; at < target.Length; at++) target[at] ^= keyStream[at];
        }
    }
}

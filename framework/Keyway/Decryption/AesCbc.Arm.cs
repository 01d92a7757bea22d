using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Aes = System.Runtime.Intrinsics.Arm.Aes;

namespace Keyway.Decryption;

internal static unsafe partial class AesCbc
{
    /// <summary>The AES extension of ARMv8, eight blocks in flight, stored in descending order as in AesCbc.X86.cs.</summary>
    /// <remarks>
    /// AESD adds the key first, then shifts and substitutes back; AESIMC mixes back.
    /// <code>
    /// rounds 1 … 9:  state = AESIMC(AESD(state, key[round - 1]))
    /// round 10:      state = AESD(state, key[9]) ^ key[10]
    /// </code>
    /// </remarks>
    internal static class Arm
    {
        private const int Block = AesHardware.BlockSize;

        /// <inheritdoc cref="AesCbc.Decrypt"/>
        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public static void Decrypt(byte* keys, byte* data, nuint blocks, nuint stride, byte* chain)
        {
            Vector128<byte> previous = Vector128.Load(chain);
            nuint triple = 3 * stride;
            for (; blocks >= 8; blocks -= 8, data += 8 * stride)
            {
                byte* far = data + 4 * stride;
                Vector128<byte> b0 = Vector128.Load(data);
                Vector128<byte> b1 = Vector128.Load(data + stride);
                Vector128<byte> b2 = Vector128.Load(data + 2 * stride);
                Vector128<byte> b3 = Vector128.Load(data + triple);
                Vector128<byte> b4 = Vector128.Load(far);
                Vector128<byte> b5 = Vector128.Load(far + stride);
                Vector128<byte> b6 = Vector128.Load(far + 2 * stride);
                Vector128<byte> b7 = Vector128.Load(far + triple);
                MiddleRounds(keys, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5, ref b6, ref b7);
                Vector128<byte> key = Vector128.Load(keys + 10 * Block);
                Vector128<byte> next = Vector128.Load(far + triple);
                (b7 ^ key ^ Vector128.Load(far + 2 * stride)).Store(far + triple);
                (b6 ^ key ^ Vector128.Load(far + stride)).Store(far + 2 * stride);
                (b5 ^ key ^ Vector128.Load(far)).Store(far + stride);
                (b4 ^ key ^ Vector128.Load(data + triple)).Store(far);
                (b3 ^ key ^ Vector128.Load(data + 2 * stride)).Store(data + triple);
                (b2 ^ key ^ Vector128.Load(data + stride)).Store(data + 2 * stride);
                (b1 ^ key ^ Vector128.Load(data)).Store(data + stride);
                (b0 ^ key ^ previous).Store(data);
                previous = next;
            }

            for (; blocks != 0; blocks--, data += stride) OneBlock(keys, data, ref previous);
            previous.Store(chain);
        }

        /// <inheritdoc cref="AesCbc.DecryptList"/>
        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public static void DecryptList(byte* keys, byte** list, nuint blocks, byte* chain)
        {
            Vector128<byte> previous = Vector128.Load(chain);
            for (; blocks >= 8; blocks -= 8, list += 8)
            {
                Vector128<byte> b0 = Vector128.Load(list[0]);
                Vector128<byte> b1 = Vector128.Load(list[1]);
                Vector128<byte> b2 = Vector128.Load(list[2]);
                Vector128<byte> b3 = Vector128.Load(list[3]);
                Vector128<byte> b4 = Vector128.Load(list[4]);
                Vector128<byte> b5 = Vector128.Load(list[5]);
                Vector128<byte> b6 = Vector128.Load(list[6]);
                Vector128<byte> b7 = Vector128.Load(list[7]);
                MiddleRounds(keys, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5, ref b6, ref b7);
                Vector128<byte> key = Vector128.Load(keys + 10 * Block);
                Vector128<byte> next = Vector128.Load(list[7]);
                (b7 ^ key ^ Vector128.Load(list[6])).Store(list[7]);
                (b6 ^ key ^ Vector128.Load(list[5])).Store(list[6]);
                (b5 ^ key ^ Vector128.Load(list[4])).Store(list[5]);
                (b4 ^ key ^ Vector128.Load(list[3])).Store(list[4]);
                (b3 ^ key ^ Vector128.Load(list[2])).Store(list[3]);
                (b2 ^ key ^ Vector128.Load(list[1])).Store(list[2]);
                (b1 ^ key ^ Vector128.Load(list[0])).Store(list[1]);
                (b0 ^ key ^ previous).Store(list[0]);
                previous = next;
            }

            for (; blocks != 0; blocks--, list++) OneBlock(keys, *list, ref previous);
            previous.Store(chain);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void OneBlock(byte* keys, byte* data, ref Vector128<byte> previous)
        {
            Vector128<byte> next = Vector128.Load(data);
            Vector128<byte> state = next;
            for (int round = 0; round < 9; round++)
                state = Aes.InverseMixColumns(Aes.Decrypt(state, Vector128.Load(keys + round * Block)));
            (Aes.Decrypt(state, Vector128.Load(keys + 9 * Block)) ^ Vector128.Load(keys + 10 * Block) ^ previous).Store(data);
            previous = next;
        }

        /// <summary>All rounds of eight blocks but the last exclusive-or.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void MiddleRounds(
            byte* keys,
            ref Vector128<byte> b0, ref Vector128<byte> b1, ref Vector128<byte> b2, ref Vector128<byte> b3,
            ref Vector128<byte> b4, ref Vector128<byte> b5, ref Vector128<byte> b6, ref Vector128<byte> b7)
        {
            Vector128<byte> key;
            for (int round = 0; round < 9; round++)
            {
                key = Vector128.Load(keys + round * Block);
                b0 = Aes.InverseMixColumns(Aes.Decrypt(b0, key));
                b1 = Aes.InverseMixColumns(Aes.Decrypt(b1, key));
                b2 = Aes.InverseMixColumns(Aes.Decrypt(b2, key));
                b3 = Aes.InverseMixColumns(Aes.Decrypt(b3, key));
                b4 = Aes.InverseMixColumns(Aes.Decrypt(b4, key));
                b5 = Aes.InverseMixColumns(Aes.Decrypt(b5, key));
                b6 = Aes.InverseMixColumns(Aes.Decrypt(b6, key));
                b7 = Aes.InverseMixColumns(Aes.Decrypt(b7, key));
            }

            key = Vector128.Load(keys + 9 * Block);
            b0 = Aes.Decrypt(b0, key);
            b1 = Aes.Decrypt(b1, key);
            b2 = Aes.Decrypt(b2, key);
            b3 = Aes.Decrypt(b3, key);
            b4 = Aes.Decrypt(b4, key);
            b5 = Aes.Decrypt(b5, key);
            b6 = Aes.Decrypt(b6, key);
            b7 = Aes.Decrypt(b7, key);
        }
    }
}

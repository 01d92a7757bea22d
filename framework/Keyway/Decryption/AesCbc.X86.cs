using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Keyway.Decryption;

internal static unsafe partial class AesCbc
{
    /// <summary>AES-NI, eight blocks in flight.</summary>
    /// <remarks>
    /// A block needs only its own ciphertext and the one before. So eight are decrypted together, and stored from the last down to the
    /// first: the ciphertext before is still in memory when its turn comes, and is folded into the last round key. Kernels are not
    /// inlined, for the reason given in AesCtr.X86.cs.
    /// </remarks>
    internal static class X86
    {
        private const int Block = AesHardware.BlockSize;

        /// <inheritdoc cref="AesCbc.Decrypt"/>
        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public static void Decrypt(byte* keys, byte* data, nuint blocks, nuint stride, byte* chain) => DecryptInlined(keys, data, blocks, stride, chain);

        /// <inheritdoc cref="FirstBlocks"/>
        [MethodImpl(MethodImplOptions.NoInlining)]
        public static void FirstDecrypt(byte* keys, byte* data, nuint blocks, nuint stride, byte* chain) => DecryptInlined(keys, data, blocks, stride, chain);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void DecryptInlined(byte* keys, byte* data, nuint blocks, nuint stride, byte* chain)
        {
            Vector128<byte> previous = Vector128.Load(chain);
            nuint triple = 3 * stride;
            for (; blocks >= 8; blocks -= 8, data += 8 * stride)
            {
                byte* far = data + 4 * stride;
                Vector128<byte> key = Vector128.Load(keys);
                Vector128<byte> b0 = Vector128.Load(data) ^ key;
                Vector128<byte> b1 = Vector128.Load(data + stride) ^ key;
                Vector128<byte> b2 = Vector128.Load(data + 2 * stride) ^ key;
                Vector128<byte> b3 = Vector128.Load(data + triple) ^ key;
                Vector128<byte> b4 = Vector128.Load(far) ^ key;
                Vector128<byte> b5 = Vector128.Load(far + stride) ^ key;
                Vector128<byte> b6 = Vector128.Load(far + 2 * stride) ^ key;
                Vector128<byte> b7 = Vector128.Load(far + triple) ^ key;
                MiddleRounds(keys, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5, ref b6, ref b7);
                key = Vector128.Load(keys + 10 * Block);
                Vector128<byte> next = Vector128.Load(far + triple);
                Aes.DecryptLast(b7, key ^ Vector128.Load(far + 2 * stride)).Store(far + triple);
                Aes.DecryptLast(b6, key ^ Vector128.Load(far + stride)).Store(far + 2 * stride);
                Aes.DecryptLast(b5, key ^ Vector128.Load(far)).Store(far + stride);
                Aes.DecryptLast(b4, key ^ Vector128.Load(data + triple)).Store(far);
                Aes.DecryptLast(b3, key ^ Vector128.Load(data + 2 * stride)).Store(data + triple);
                Aes.DecryptLast(b2, key ^ Vector128.Load(data + stride)).Store(data + 2 * stride);
                Aes.DecryptLast(b1, key ^ Vector128.Load(data)).Store(data + stride);
                Aes.DecryptLast(b0, key ^ previous).Store(data);
                previous = next;
            }

            for (; blocks != 0; blocks--, data += stride) OneBlock(keys, data, ref previous);
            previous.Store(chain);
        }

        /// <inheritdoc cref="AesCbc.DecryptList"/>
        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public static void DecryptList(byte* keys, byte** list, nuint blocks, byte* chain) => DecryptListInlined(keys, list, blocks, chain);

        /// <inheritdoc cref="FirstBlocks"/>
        [MethodImpl(MethodImplOptions.NoInlining)]
        public static void FirstDecryptList(byte* keys, byte** list, nuint blocks, byte* chain) => DecryptListInlined(keys, list, blocks, chain);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void DecryptListInlined(byte* keys, byte** list, nuint blocks, byte* chain)
        {
            Vector128<byte> previous = Vector128.Load(chain);
            for (; blocks >= 8; blocks -= 8, list += 8)
            {
                Vector128<byte> key = Vector128.Load(keys);
                Vector128<byte> b0 = Vector128.Load(list[0]) ^ key;
                Vector128<byte> b1 = Vector128.Load(list[1]) ^ key;
                Vector128<byte> b2 = Vector128.Load(list[2]) ^ key;
                Vector128<byte> b3 = Vector128.Load(list[3]) ^ key;
                Vector128<byte> b4 = Vector128.Load(list[4]) ^ key;
                Vector128<byte> b5 = Vector128.Load(list[5]) ^ key;
                Vector128<byte> b6 = Vector128.Load(list[6]) ^ key;
                Vector128<byte> b7 = Vector128.Load(list[7]) ^ key;
                MiddleRounds(keys, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5, ref b6, ref b7);
                key = Vector128.Load(keys + 10 * Block);
                Vector128<byte> next = Vector128.Load(list[7]);
                Aes.DecryptLast(b7, key ^ Vector128.Load(list[6])).Store(list[7]);
                Aes.DecryptLast(b6, key ^ Vector128.Load(list[5])).Store(list[6]);
                Aes.DecryptLast(b5, key ^ Vector128.Load(list[4])).Store(list[5]);
                Aes.DecryptLast(b4, key ^ Vector128.Load(list[3])).Store(list[4]);
                Aes.DecryptLast(b3, key ^ Vector128.Load(list[2])).Store(list[3]);
                Aes.DecryptLast(b2, key ^ Vector128.Load(list[1])).Store(list[2]);
                Aes.DecryptLast(b1, key ^ Vector128.Load(list[0])).Store(list[1]);
                Aes.DecryptLast(b0, key ^ previous).Store(list[0]);
                previous = next;
            }

            for (; blocks != 0; blocks--, list++) OneBlock(keys, *list, ref previous);
            previous.Store(chain);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void OneBlock(byte* keys, byte* data, ref Vector128<byte> previous)
        {
            Vector128<byte> next = Vector128.Load(data);
            Vector128<byte> state = next ^ Vector128.Load(keys);
            state = Aes.Decrypt(state, Vector128.Load(keys + Block));
            state = Aes.Decrypt(state, Vector128.Load(keys + 2 * Block));
            state = Aes.Decrypt(state, Vector128.Load(keys + 3 * Block));
            state = Aes.Decrypt(state, Vector128.Load(keys + 4 * Block));
            state = Aes.Decrypt(state, Vector128.Load(keys + 5 * Block));
            state = Aes.Decrypt(state, Vector128.Load(keys + 6 * Block));
            state = Aes.Decrypt(state, Vector128.Load(keys + 7 * Block));
            state = Aes.Decrypt(state, Vector128.Load(keys + 8 * Block));
            state = Aes.Decrypt(state, Vector128.Load(keys + 9 * Block));
            Aes.DecryptLast(state, Vector128.Load(keys + 10 * Block) ^ previous).Store(data);
            previous = next;
        }

        /// <summary>All rounds but the last of eight blocks.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void MiddleRounds(
            byte* keys,
            ref Vector128<byte> b0, ref Vector128<byte> b1, ref Vector128<byte> b2, ref Vector128<byte> b3,
            ref Vector128<byte> b4, ref Vector128<byte> b5, ref Vector128<byte> b6, ref Vector128<byte> b7)
        {
            Round(keys + Block, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5, ref b6, ref b7);
            Round(keys + 2 * Block, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5, ref b6, ref b7);
            Round(keys + 3 * Block, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5, ref b6, ref b7);
            Round(keys + 4 * Block, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5, ref b6, ref b7);
            Round(keys + 5 * Block, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5, ref b6, ref b7);
            Round(keys + 6 * Block, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5, ref b6, ref b7);
            Round(keys + 7 * Block, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5, ref b6, ref b7);
            Round(keys + 8 * Block, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5, ref b6, ref b7);
            Round(keys + 9 * Block, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5, ref b6, ref b7);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Round(
            byte* roundKey,
            ref Vector128<byte> b0, ref Vector128<byte> b1, ref Vector128<byte> b2, ref Vector128<byte> b3,
            ref Vector128<byte> b4, ref Vector128<byte> b5, ref Vector128<byte> b6, ref Vector128<byte> b7)
        {
            Vector128<byte> key = Vector128.Load(roundKey);
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

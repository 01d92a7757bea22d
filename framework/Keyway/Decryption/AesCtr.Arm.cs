using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Aes = System.Runtime.Intrinsics.Arm.Aes;

namespace Keyway.Decryption;

internal static unsafe partial class AesCtr
{
    /// <summary>The AES extension of ARMv8, eight blocks in flight.</summary>
    /// <remarks>
    /// The instructions cut a round elsewhere than AES-NI's: AESE adds the key first, then substitutes and shifts; AESMC mixes.
    /// <code>
    /// rounds 1 … 9:  state = AESMC(AESE(state, key[round - 1]))
    /// round 10:      state = AESE(state, key[9]) ^ key[10]
    /// </code>
    /// </remarks>
    internal static class Arm
    {
        private const int Block = AesHardware.BlockSize;

        /// <inheritdoc cref="AesCtr.Xor"/>
        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public static void Xor(byte* keys, byte* data, nuint blocks, ulong prefix, ulong counter)
        {
            for (; blocks >= 8; blocks -= 8, data += 8 * Block, counter += 8)
            {
                KeyStream(
                    keys, prefix, counter,
                    out Vector128<byte> b0, out Vector128<byte> b1, out Vector128<byte> b2, out Vector128<byte> b3,
                    out Vector128<byte> b4, out Vector128<byte> b5, out Vector128<byte> b6, out Vector128<byte> b7);
                (b0 ^ Vector128.Load(data)).Store(data);
                (b1 ^ Vector128.Load(data + Block)).Store(data + Block);
                (b2 ^ Vector128.Load(data + 2 * Block)).Store(data + 2 * Block);
                (b3 ^ Vector128.Load(data + 3 * Block)).Store(data + 3 * Block);
                (b4 ^ Vector128.Load(data + 4 * Block)).Store(data + 4 * Block);
                (b5 ^ Vector128.Load(data + 5 * Block)).Store(data + 5 * Block);
                (b6 ^ Vector128.Load(data + 6 * Block)).Store(data + 6 * Block);
                (b7 ^ Vector128.Load(data + 7 * Block)).Store(data + 7 * Block);
            }

            for (; blocks != 0; blocks--, data += Block, counter++) OneBlock(keys, prefix, counter, data);
        }

        /// <inheritdoc cref="AesCtr.XorList"/>
        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public static void XorList(byte* keys, byte** list, nuint blocks, ulong prefix, ulong counter)
        {
            for (; blocks >= 8; blocks -= 8, list += 8, counter += 8)
            {
                KeyStream(
                    keys, prefix, counter,
                    out Vector128<byte> b0, out Vector128<byte> b1, out Vector128<byte> b2, out Vector128<byte> b3,
                    out Vector128<byte> b4, out Vector128<byte> b5, out Vector128<byte> b6, out Vector128<byte> b7);
                (b0 ^ Vector128.Load(list[0])).Store(list[0]);
                (b1 ^ Vector128.Load(list[1])).Store(list[1]);
                (b2 ^ Vector128.Load(list[2])).Store(list[2]);
                (b3 ^ Vector128.Load(list[3])).Store(list[3]);
                (b4 ^ Vector128.Load(list[4])).Store(list[4]);
                (b5 ^ Vector128.Load(list[5])).Store(list[5]);
                (b6 ^ Vector128.Load(list[6])).Store(list[6]);
                (b7 ^ Vector128.Load(list[7])).Store(list[7]);
            }

            for (; blocks != 0; blocks--, list++, counter++) OneBlock(keys, prefix, counter, *list);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector128<byte> Counter(ulong prefix, ulong counter) =>
            Vector128.Create(prefix, BinaryPrimitives.ReverseEndianness(counter)).AsByte();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void OneBlock(byte* keys, ulong prefix, ulong counter, byte* data)
        {
            Vector128<byte> state = Counter(prefix, counter);
            for (int round = 0; round < 9; round++) state = Aes.MixColumns(Aes.Encrypt(state, Vector128.Load(keys + round * Block)));
            (Aes.Encrypt(state, Vector128.Load(keys + 9 * Block)) ^ Vector128.Load(keys + 10 * Block) ^ Vector128.Load(data)).Store(data);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void KeyStream(
            byte* keys, ulong prefix, ulong counter,
            out Vector128<byte> b0, out Vector128<byte> b1, out Vector128<byte> b2, out Vector128<byte> b3,
            out Vector128<byte> b4, out Vector128<byte> b5, out Vector128<byte> b6, out Vector128<byte> b7)
        {
            b0 = Counter(prefix, counter);
            b1 = Counter(prefix, counter + 1);
            b2 = Counter(prefix, counter + 2);
            b3 = Counter(prefix, counter + 3);
            b4 = Counter(prefix, counter + 4);
            b5 = Counter(prefix, counter + 5);
            b6 = Counter(prefix, counter + 6);
            b7 = Counter(prefix, counter + 7);
            for (int round = 0; round < 9; round++)
            {
                Vector128<byte> key = Vector128.Load(keys + round * Block);
                b0 = Aes.MixColumns(Aes.Encrypt(b0, key));
                b1 = Aes.MixColumns(Aes.Encrypt(b1, key));
                b2 = Aes.MixColumns(Aes.Encrypt(b2, key));
                b3 = Aes.MixColumns(Aes.Encrypt(b3, key));
                b4 = Aes.MixColumns(Aes.Encrypt(b4, key));
                b5 = Aes.MixColumns(Aes.Encrypt(b5, key));
                b6 = Aes.MixColumns(Aes.Encrypt(b6, key));
                b7 = Aes.MixColumns(Aes.Encrypt(b7, key));
            }

            Vector128<byte> ninth = Vector128.Load(keys + 9 * Block);
            Vector128<byte> last = Vector128.Load(keys + 10 * Block);
            b0 = Aes.Encrypt(b0, ninth) ^ last;
            b1 = Aes.Encrypt(b1, ninth) ^ last;
            b2 = Aes.Encrypt(b2, ninth) ^ last;
            b3 = Aes.Encrypt(b3, ninth) ^ last;
            b4 = Aes.Encrypt(b4, ninth) ^ last;
            b5 = Aes.Encrypt(b5, ninth) ^ last;
            b6 = Aes.Encrypt(b6, ninth) ^ last;
            b7 = Aes.Encrypt(b7, ninth) ^ last;
        }
    }
}

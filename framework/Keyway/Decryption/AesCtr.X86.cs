using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Keyway.Decryption;

internal static unsafe partial class AesCtr
{
    /// <summary>AES-NI, eight blocks in flight: an AES instruction takes four clocks and two can start in each.</summary>
    /// <remarks>
    /// <para>
    /// Counters that share all but the last byte share all of round 1 but a difference that <see cref="AesKeySchedule"/> tabulates by
    /// that byte. So one real round 1 serves up to 256 blocks, and each block costs nine AES instructions and no counter arithmetic:
    /// <code>
    /// origin = round 1 of (prefix, counter with last byte 0)
    /// state  = origin ^ difference[last byte]      then rounds 2 … 10, the data folded into the last round key
    /// </code>
    /// The table is indexed by the counter, which is public, never by key or data.
    /// </para>
    /// <para>
    /// Kernels are not inlined: inside a larger caller the JIT runs out of registers and each round goes through the stack.
    /// </para>
    /// </remarks>
    internal static class X86
    {
        private const int Block = AesHardware.BlockSize;

        /// <inheritdoc cref="AesCtr.Xor"/>
        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public static void Xor(byte* keys, byte* differences, byte* data, nuint blocks, ulong prefix, ulong counter) => XorInlined(keys, differences, data, blocks, prefix, counter);

        /// <inheritdoc cref="FirstBlocks"/>
        [MethodImpl(MethodImplOptions.NoInlining)]
        public static void FirstXor(byte* keys, byte* differences, byte* data, nuint blocks, ulong prefix, ulong counter) => XorInlined(keys, differences, data, blocks, prefix, counter);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void XorInlined(byte* keys, byte* differences, byte* data, nuint blocks, ulong prefix, ulong counter)
        {
            while (blocks != 0)
            {
                uint first = (byte)counter;
                nuint run = nuint.Min(blocks, 256 - first);
                Vector128<byte> origin = Origin(keys, prefix, counter - first);
                byte* difference = differences + first * Block;
                counter += run;
                blocks -= run;

                for (; run >= 8; run -= 8, data += 8 * Block, difference += 8 * Block)
                {
                    Vector128<byte> b0 = origin ^ Vector128.Load(difference);
                    Vector128<byte> b1 = origin ^ Vector128.Load(difference + Block);
                    Vector128<byte> b2 = origin ^ Vector128.Load(difference + 2 * Block);
                    Vector128<byte> b3 = origin ^ Vector128.Load(difference + 3 * Block);
                    Vector128<byte> b4 = origin ^ Vector128.Load(difference + 4 * Block);
                    Vector128<byte> b5 = origin ^ Vector128.Load(difference + 5 * Block);
                    Vector128<byte> b6 = origin ^ Vector128.Load(difference + 6 * Block);
                    Vector128<byte> b7 = origin ^ Vector128.Load(difference + 7 * Block);
                    MiddleRounds(keys, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5, ref b6, ref b7);
                    Vector128<byte> last = Vector128.Load(keys + 10 * Block);
                    Aes.EncryptLast(b0, last ^ Vector128.Load(data)).Store(data);
                    Aes.EncryptLast(b1, last ^ Vector128.Load(data + Block)).Store(data + Block);
                    Aes.EncryptLast(b2, last ^ Vector128.Load(data + 2 * Block)).Store(data + 2 * Block);
                    Aes.EncryptLast(b3, last ^ Vector128.Load(data + 3 * Block)).Store(data + 3 * Block);
                    Aes.EncryptLast(b4, last ^ Vector128.Load(data + 4 * Block)).Store(data + 4 * Block);
                    Aes.EncryptLast(b5, last ^ Vector128.Load(data + 5 * Block)).Store(data + 5 * Block);
                    Aes.EncryptLast(b6, last ^ Vector128.Load(data + 6 * Block)).Store(data + 6 * Block);
                    Aes.EncryptLast(b7, last ^ Vector128.Load(data + 7 * Block)).Store(data + 7 * Block);
                }

                // Blocks do not depend on each other, so the processor overlaps these by itself.
                for (; run != 0; run--, data += Block, difference += Block)
                    OneBlock(keys, origin ^ Vector128.Load(difference), data);
            }
        }

        /// <inheritdoc cref="AesCtr.XorList"/>
        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public static void XorList(byte* keys, byte* differences, byte** list, nuint blocks, ulong prefix, ulong counter) => XorListInlined(keys, differences, list, blocks, prefix, counter);

        /// <inheritdoc cref="FirstBlocks"/>
        [MethodImpl(MethodImplOptions.NoInlining)]
        public static void FirstXorList(byte* keys, byte* differences, byte** list, nuint blocks, ulong prefix, ulong counter) => XorListInlined(keys, differences, list, blocks, prefix, counter);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void XorListInlined(byte* keys, byte* differences, byte** list, nuint blocks, ulong prefix, ulong counter)
        {
            while (blocks != 0)
            {
                uint first = (byte)counter;
                nuint run = nuint.Min(blocks, 256 - first);
                Vector128<byte> origin = Origin(keys, prefix, counter - first);
                byte* difference = differences + first * Block;
                counter += run;
                blocks -= run;

                for (; run >= 8; run -= 8, list += 8, difference += 8 * Block)
                {
                    Vector128<byte> b0 = origin ^ Vector128.Load(difference);
                    Vector128<byte> b1 = origin ^ Vector128.Load(difference + Block);
                    Vector128<byte> b2 = origin ^ Vector128.Load(difference + 2 * Block);
                    Vector128<byte> b3 = origin ^ Vector128.Load(difference + 3 * Block);
                    Vector128<byte> b4 = origin ^ Vector128.Load(difference + 4 * Block);
                    Vector128<byte> b5 = origin ^ Vector128.Load(difference + 5 * Block);
                    Vector128<byte> b6 = origin ^ Vector128.Load(difference + 6 * Block);
                    Vector128<byte> b7 = origin ^ Vector128.Load(difference + 7 * Block);
                    MiddleRounds(keys, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5, ref b6, ref b7);
                    Vector128<byte> last = Vector128.Load(keys + 10 * Block);
                    Aes.EncryptLast(b0, last ^ Vector128.Load(list[0])).Store(list[0]);
                    Aes.EncryptLast(b1, last ^ Vector128.Load(list[1])).Store(list[1]);
                    Aes.EncryptLast(b2, last ^ Vector128.Load(list[2])).Store(list[2]);
                    Aes.EncryptLast(b3, last ^ Vector128.Load(list[3])).Store(list[3]);
                    Aes.EncryptLast(b4, last ^ Vector128.Load(list[4])).Store(list[4]);
                    Aes.EncryptLast(b5, last ^ Vector128.Load(list[5])).Store(list[5]);
                    Aes.EncryptLast(b6, last ^ Vector128.Load(list[6])).Store(list[6]);
                    Aes.EncryptLast(b7, last ^ Vector128.Load(list[7])).Store(list[7]);
                }

                for (; run != 0; run--, list++, difference += Block)
                    OneBlock(keys, origin ^ Vector128.Load(difference), *list);
            }
        }

        /// <summary>The plain form with ten AES instructions a block: what <see cref="Xor"/> is checked and measured against.</summary>
        [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
        public static void XorPlain(byte* keys, byte* data, nuint blocks, ulong prefix, ulong counter)
        {
            for (; blocks >= 8; blocks -= 8, data += 8 * Block, counter += 8)
            {
                Vector128<byte> key = Vector128.Load(keys);
                Vector128<byte> b0 = Counter(prefix, counter) ^ key;
                Vector128<byte> b1 = Counter(prefix, counter + 1) ^ key;
                Vector128<byte> b2 = Counter(prefix, counter + 2) ^ key;
                Vector128<byte> b3 = Counter(prefix, counter + 3) ^ key;
                Vector128<byte> b4 = Counter(prefix, counter + 4) ^ key;
                Vector128<byte> b5 = Counter(prefix, counter + 5) ^ key;
                Vector128<byte> b6 = Counter(prefix, counter + 6) ^ key;
                Vector128<byte> b7 = Counter(prefix, counter + 7) ^ key;
                Round(keys + Block, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5, ref b6, ref b7);
                MiddleRounds(keys, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5, ref b6, ref b7);
                Vector128<byte> last = Vector128.Load(keys + 10 * Block);
                Aes.EncryptLast(b0, last ^ Vector128.Load(data)).Store(data);
                Aes.EncryptLast(b1, last ^ Vector128.Load(data + Block)).Store(data + Block);
                Aes.EncryptLast(b2, last ^ Vector128.Load(data + 2 * Block)).Store(data + 2 * Block);
                Aes.EncryptLast(b3, last ^ Vector128.Load(data + 3 * Block)).Store(data + 3 * Block);
                Aes.EncryptLast(b4, last ^ Vector128.Load(data + 4 * Block)).Store(data + 4 * Block);
                Aes.EncryptLast(b5, last ^ Vector128.Load(data + 5 * Block)).Store(data + 5 * Block);
                Aes.EncryptLast(b6, last ^ Vector128.Load(data + 6 * Block)).Store(data + 6 * Block);
                Aes.EncryptLast(b7, last ^ Vector128.Load(data + 7 * Block)).Store(data + 7 * Block);
            }

            for (; blocks != 0; blocks--, data += Block, counter++)
                OneBlock(keys, Origin(keys, prefix, counter), data);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector128<byte> Counter(ulong prefix, ulong counter) =>
            Vector128.Create(prefix, BinaryPrimitives.ReverseEndianness(counter)).AsByte();

        /// <summary>The state of one counter after round 1.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector128<byte> Origin(byte* keys, ulong prefix, ulong counter) =>
            Aes.Encrypt(Counter(prefix, counter) ^ Vector128.Load(keys), Vector128.Load(keys + Block));

        /// <summary>Rounds 2 to 10 of one block.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void OneBlock(byte* keys, Vector128<byte> state, byte* data)
        {
            state = Aes.Encrypt(state, Vector128.Load(keys + 2 * Block));
            state = Aes.Encrypt(state, Vector128.Load(keys + 3 * Block));
            state = Aes.Encrypt(state, Vector128.Load(keys + 4 * Block));
            state = Aes.Encrypt(state, Vector128.Load(keys + 5 * Block));
            state = Aes.Encrypt(state, Vector128.Load(keys + 6 * Block));
            state = Aes.Encrypt(state, Vector128.Load(keys + 7 * Block));
            state = Aes.Encrypt(state, Vector128.Load(keys + 8 * Block));
            state = Aes.Encrypt(state, Vector128.Load(keys + 9 * Block));
            Aes.EncryptLast(state, Vector128.Load(keys + 10 * Block) ^ Vector128.Load(data)).Store(data);
        }

        /// <summary>Rounds 2 to 9 of eight blocks.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void MiddleRounds(
            byte* keys,
            ref Vector128<byte> b0, ref Vector128<byte> b1, ref Vector128<byte> b2, ref Vector128<byte> b3,
            ref Vector128<byte> b4, ref Vector128<byte> b5, ref Vector128<byte> b6, ref Vector128<byte> b7)
        {
            Round(keys + 2 * Block, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5, ref b6, ref b7);
            Round(keys + 3 * Block, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5, ref b6, ref b7);
            Round(keys + 4 * Block, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5, ref b6, ref b7);
            Round(keys + 5 * Block, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5, ref b6, ref b7);
            Round(keys + 6 * Block, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5, ref b6, ref b7);
            Round(keys + 7 * Block, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5, ref b6, ref b7);
            Round(keys + 8 * Block, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5, ref b6, ref b7);
            Round(keys + 9 * Block, ref b0, ref b1, ref b2, ref b3, ref b4, ref b5, ref b6, ref b7);
        }

        /// <summary>One round of eight blocks. The key is loaded once: eight states, a key and the temporaries fill the registers.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Round(
            byte* roundKey,
            ref Vector128<byte> b0, ref Vector128<byte> b1, ref Vector128<byte> b2, ref Vector128<byte> b3,
            ref Vector128<byte> b4, ref Vector128<byte> b5, ref Vector128<byte> b6, ref Vector128<byte> b7)
        {
            Vector128<byte> key = Vector128.Load(roundKey);
            b0 = Aes.Encrypt(b0, key);
            b1 = Aes.Encrypt(b1, key);
            b2 = Aes.Encrypt(b2, key);
            b3 = Aes.Encrypt(b3, key);
            b4 = Aes.Encrypt(b4, key);
            b5 = Aes.Encrypt(b5, key);
            b6 = Aes.Encrypt(b6, key);
            b7 = Aes.Encrypt(b7, key);
        }
    }
}

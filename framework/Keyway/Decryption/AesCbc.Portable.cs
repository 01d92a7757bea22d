using System.Runtime.Intrinsics;

namespace Keyway.Decryption;

internal static unsafe partial class AesCbc
{
    /// <summary>The operating system's AES over gathered batches. The oracle of the other paths.</summary>
    internal static class Portable
    {
        private const int Block = AesHardware.BlockSize;

        /// <inheritdoc cref="AesCbc.Decrypt"/>
        public static void Decrypt(ContentKey key, byte* data, nuint blocks, nuint stride, byte* chain)
        {
            if (blocks == 0) return;
            PortableAes aes = key.RentPortable();
            try
            {
                while (blocks != 0)
                {
                    int batch = (int)nuint.Min(blocks, PortableAes.BatchBlocks);
                    for (int i = 0; i < batch; i++) new ReadOnlySpan<byte>(data + (nuint)i * stride, Block).CopyTo(aes.Input.AsSpan(i * Block));
                    aes.Decrypt(batch);
                    for (int i = 0; i < batch; i++) Chain(aes, i, data + (nuint)i * stride, chain);
                    data += (nuint)batch * stride;
                    blocks -= (nuint)batch;
                }
            }
            finally
            {
                key.Return(aes);
            }
        }

        /// <inheritdoc cref="AesCbc.DecryptList"/>
        public static void DecryptList(ContentKey key, byte** list, nuint blocks, byte* chain)
        {
            if (blocks == 0) return;
            PortableAes aes = key.RentPortable();
            try
            {
                while (blocks != 0)
                {
                    int batch = (int)nuint.Min(blocks, PortableAes.BatchBlocks);
                    for (int i = 0; i < batch; i++) new ReadOnlySpan<byte>(list[i], Block).CopyTo(aes.Input.AsSpan(i * Block));
                    aes.Decrypt(batch);
                    for (int i = 0; i < batch; i++) Chain(aes, i, list[i], chain);
                    list += batch;
                    blocks -= (nuint)batch;
                }
            }
            finally
            {
                key.Return(aes);
            }
        }

        /// <summary>Writes one clear block; its ciphertext, which the batch still holds, is the next chaining value.</summary>
        private static void Chain(PortableAes aes, int index, byte* block, byte* chain)
        {
            (Vector128.Create<byte>(aes.Output.AsSpan(index * Block, Block)) ^ Vector128.Load(chain)).Store(block);
            aes.Input.AsSpan(index * Block, Block).CopyTo(new Span<byte>(chain, Block));
        }
    }
}

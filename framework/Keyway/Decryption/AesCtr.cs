namespace Keyway.Decryption;

/// <summary>AES-CTR over whole blocks in place, and the choice of path. Partial blocks are <see cref="KeyStream"/>'s business.</summary>
/// <remarks>Callers hold a reference of the key. Counters are never secret, so indexing by one leaks nothing.</remarks>
internal static unsafe partial class AesCtr
{
    /// <summary>Exclusive-ors contiguous blocks with the key stream, and moves the counter on.</summary>
    /// <param name="key">The key.</param>
    /// <param name="data">The first block.</param>
    /// <param name="blocks">How many.</param>
    /// <param name="counter">The counter of the first block; afterwards of the block that follows.</param>
    public static void Xor(ContentKey key, byte* data, nuint blocks, ref CounterBlock counter)
    {
        switch (key.Path)
        {
            case AesPath.X86 when FirstBlocks.Take(blocks): X86.FirstXor(key.EncryptionKeys, key.Differences, data, blocks, counter.Prefix, counter.Block); break;
            case AesPath.X86: X86.Xor(key.EncryptionKeys, key.Differences, data, blocks, counter.Prefix, counter.Block); break;
            case AesPath.Arm: Arm.Xor(key.EncryptionKeys, data, blocks, counter.Prefix, counter.Block); break;
            default: Portable.Xor(key, data, blocks, counter.Prefix, counter.Block); break;
        }

        counter.Block = unchecked(counter.Block + blocks);
    }

    /// <summary>Exclusive-ors scattered blocks with the key stream, in the order of the list, and moves the counter on.</summary>
    /// <param name="key">The key.</param>
    /// <param name="list">Where the blocks are. None twice.</param>
    /// <param name="blocks">How many.</param>
    /// <param name="counter">The counter of the first block; afterwards of the block that follows.</param>
    public static void XorList(ContentKey key, byte** list, nuint blocks, ref CounterBlock counter)
    {
        switch (key.Path)
        {
            case AesPath.X86 when FirstBlocks.Take(blocks): X86.FirstXorList(key.EncryptionKeys, key.Differences, list, blocks, counter.Prefix, counter.Block); break;
            case AesPath.X86: X86.XorList(key.EncryptionKeys, key.Differences, list, blocks, counter.Prefix, counter.Block); break;
            case AesPath.Arm: Arm.XorList(key.EncryptionKeys, list, blocks, counter.Prefix, counter.Block); break;
            default: Portable.XorList(key, list, blocks, counter.Prefix, counter.Block); break;
        }

        counter.Block = unchecked(counter.Block + blocks);
    }
}

namespace Keyway.Decryption;

/// <summary>AES-CBC decryption over whole blocks in place, and the choice of path.</summary>
/// <remarks>
/// The chain runs over the blocks that are decrypted, whatever lies between them:
/// <code>
/// stride 160 (pattern 1:9)   █─────────█─────────█─────────
///                            └────────►└────────►└── each block's chaining value is the encrypted block before it
/// </code>
/// Callers hold a reference of the key.
/// </remarks>
internal static unsafe partial class AesCbc
{
    /// <summary>Decrypts blocks at equal distances.</summary>
    /// <param name="key">The key.</param>
    /// <param name="data">The first block.</param>
    /// <param name="blocks">How many.</param>
    /// <param name="stride">The distance from block to block in bytes; 16 when they are contiguous.</param>
    /// <param name="chain">16 bytes: the chaining value of the first block; afterwards of the block that follows.</param>
    public static void Decrypt(ContentKey key, byte* data, nuint blocks, nuint stride, byte* chain)
    {
        switch (key.Path)
        {
            case AesPath.X86 when FirstBlocks.Take(blocks): X86.FirstDecrypt(key.DecryptionKeys, data, blocks, stride, chain); break;
            case AesPath.X86: X86.Decrypt(key.DecryptionKeys, data, blocks, stride, chain); break;
            case AesPath.Arm: Arm.Decrypt(key.DecryptionKeys, data, blocks, stride, chain); break;
            default: Portable.Decrypt(key, data, blocks, stride, chain); break;
        }
    }

    /// <summary>Decrypts scattered blocks in the order of the list.</summary>
    /// <param name="key">The key.</param>
    /// <param name="list">Where the blocks are. None twice.</param>
    /// <param name="blocks">How many.</param>
    /// <param name="chain">16 bytes: the chaining value of the first block; afterwards of the block that follows.</param>
    public static void DecryptList(ContentKey key, byte** list, nuint blocks, byte* chain)
    {
        switch (key.Path)
        {
            case AesPath.X86 when FirstBlocks.Take(blocks): X86.FirstDecryptList(key.DecryptionKeys, list, blocks, chain); break;
            case AesPath.X86: X86.DecryptList(key.DecryptionKeys, list, blocks, chain); break;
            case AesPath.Arm: Arm.DecryptList(key.DecryptionKeys, list, blocks, chain); break;
            default: Portable.DecryptList(key, list, blocks, chain); break;
        }
    }
}

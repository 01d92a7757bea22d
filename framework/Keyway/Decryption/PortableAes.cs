using System.Security.Cryptography;

namespace Keyway.Decryption;

/// <summary>The operating system's AES with one key, block by block, and two buffers to work in.</summary>
/// <remarks>Threads: one at a time; <see cref="ContentKey"/> lends them out. Once made it allocates nothing.</remarks>
internal sealed class PortableAes : IDisposable
{
    /// <summary>How many blocks go to the operating system at once.</summary>
    public const int BatchBlocks = 256;

    private readonly ICryptoTransform _encrypt;
    private readonly ICryptoTransform _decrypt;

    /// <summary>Makes one.</summary>
    /// <param name="key">16 bytes.</param>
    public PortableAes(ReadOnlySpan<byte> key)
    {
        using Aes aes = Aes.Create();
        // Blocks are chained, or counted, by AesCbc and AesCtr.
#pragma warning disable CA5358
        aes.Mode = CipherMode.ECB;
#pragma warning restore CA5358
        aes.Padding = PaddingMode.None;
        aes.SetKey(key);
        _encrypt = aes.CreateEncryptor();
        _decrypt = aes.CreateDecryptor();
    }

    /// <summary>What goes in.</summary>
    public byte[] Input { get; } = GC.AllocateUninitializedArray<byte>(BatchBlocks * AesHardware.BlockSize, pinned: true);

    /// <summary>What comes out.</summary>
    public byte[] Output { get; } = GC.AllocateUninitializedArray<byte>(BatchBlocks * AesHardware.BlockSize, pinned: true);

    /// <summary>Encrypts blocks of <see cref="Input"/> into <see cref="Output"/>.</summary>
    /// <param name="blocks">How many.</param>
    public void Encrypt(int blocks) => _encrypt.TransformBlock(Input, 0, blocks * AesHardware.BlockSize, Output, 0);

    /// <summary>Decrypts blocks of <see cref="Input"/> into <see cref="Output"/>.</summary>
    /// <param name="blocks">How many.</param>
    public void Decrypt(int blocks) => _decrypt.TransformBlock(Input, 0, blocks * AesHardware.BlockSize, Output, 0);

    /// <inheritdoc/>
    public void Dispose()
    {
        _encrypt.Dispose();
        _decrypt.Dispose();
        CryptographicOperations.ZeroMemory(Input);
        CryptographicOperations.ZeroMemory(Output);
    }
}

using System.Security.Cryptography;
using Keyway.Decryption;

namespace Keyway.PlayReady.Meeting;

/// <summary>Samples of which the content is known.</summary>
internal static class Samples
{
    private const int Block = 16;

    /// <summary>Encrypts a sample as <c>cenc</c> or <c>cbcs</c> does (ISO/IEC 23001-7, 10.1 and 10.4) with the platform's AES alone, and decrypts it through the vault.</summary>
    public static DecryptStatus Decrypt(ContentKeyVault vault, KeyRing ring, KeyId id, byte[] key, bool chaining = false, OutputCapabilities? sink = null, long? pixels = null)
    {
        byte[] clear = RandomNumberGenerator.GetBytes(21 * Block + 5), vector = chaining ? RandomNumberGenerator.GetBytes(Block) : [.. RandomNumberGenerator.GetBytes(8), .. new byte[8]];
        byte[] sample = [.. clear];
        using Aes aes = Aes.Create();
        aes.SetKey(key);
        if (chaining) Chain(aes, sample, vector);
        else Count(aes, sample, vector);

        byte[] encrypted = [.. sample];
        SampleProtection protection = new()
        {
            Scheme = chaining ? ProtectionScheme.Cbcs : ProtectionScheme.Cenc,
            KeyId = id,
            InitializationVector = chaining ? vector : vector.AsSpan(0, 8),
            CryptBlocks = chaining ? (byte)1 : (byte)0,
            SkipBlocks = chaining ? (byte)9 : (byte)0,
        };
        DecryptStatus status = new SampleDecryptor(vault, ring, sink ?? OutputCapabilities.None, pixels).Decrypt(sample, protection);
        sample.Should().Equal(status == DecryptStatus.Decrypted ? clear : encrypted);
        return status;
    }

    private static void Count(Aes aes, byte[] sample, byte[] vector)
    {
        for (int block = 0; block * Block < sample.Length; block++)
        {
            byte[] counter = [.. vector];
            counter[15] = (byte)block;
            byte[] stream = aes.EncryptEcb(counter, PaddingMode.None);
            for (int i = 0; i < Block && (block * Block) + i < sample.Length; i++) sample[(block * Block) + i] ^= stream[i];
        }
    }

    // One block of ten, each chained to the last that was encrypted.
    private static void Chain(Aes aes, byte[] sample, byte[] vector)
    {
        byte[] last = vector;
        for (int at = 0; at + Block <= sample.Length; at += 10 * Block)
        {
            last = aes.EncryptCbc(sample.AsSpan(at, Block), last, PaddingMode.None);
            last.CopyTo(sample, at);
        }
    }
}

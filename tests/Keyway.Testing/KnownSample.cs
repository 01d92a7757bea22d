using System.Security.Cryptography;
using Keyway.Decryption;

namespace Keyway.Testing;

/// <summary>A sample of which the content is known: encrypted with the platform's AES alone, and decrypted through a vault.</summary>
internal static class KnownSample
{
    private const int Block = 16;

    /// <summary>Encrypts a sample as <c>cenc</c> or <c>cbcs</c> does (ISO/IEC 23001-7, 10.1 and 10.4), and decrypts it with a key of the vault.</summary>
    /// <exception cref="InvalidOperationException">It was decrypted to something else, or was changed although it was not decrypted.</exception>
    public static DecryptStatus Decrypt(ContentKeyVault vault, KeyRing ring, KeyId id, ReadOnlySpan<byte> key, ProtectionScheme scheme, OutputCapabilities sink, long? pixels)
    {
        bool chaining = scheme switch
        {
            ProtectionScheme.Cenc => false,
            ProtectionScheme.Cbcs => true,
            _ => throw new ArgumentException("cenc and cbcs are known", nameof(scheme)),
        };
        byte[] clear = RandomNumberGenerator.GetBytes((21 * Block) + 5), vector = chaining ? RandomNumberGenerator.GetBytes(Block) : [.. RandomNumberGenerator.GetBytes(8), .. new byte[8]];
        byte[] sample = [.. clear];
        using Aes aes = Aes.Create();
        aes.SetKey(key);
        if (chaining) Chain(aes, sample, vector);
        else Count(aes, sample, vector);

        byte[] encrypted = [.. sample];
        SampleProtection protection = new()
        {
            Scheme = scheme,
            KeyId = id,
            InitializationVector = chaining ? vector : vector.AsSpan(0, 8),
            CryptBlocks = chaining ? (byte)1 : (byte)0,
            SkipBlocks = chaining ? (byte)9 : (byte)0,
        };
        DecryptStatus status = new SampleDecryptor(vault, ring, sink, pixels).Decrypt(sample, protection);
        return sample.AsSpan().SequenceEqual(status == DecryptStatus.Decrypted ? clear : encrypted)
            ? status
            : throw new InvalidOperationException($"{status}, and the sample is not what it was before it was encrypted: the key of the vault is another");
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

namespace Keyway.Decryption;

/// <summary>The protection schemes of Common Encryption (ISO/IEC 23001-7, 10), named by their four-character codes.</summary>
public enum ProtectionScheme : uint
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>AES-CTR, whole samples or subsamples.</summary>
    Cenc = 0x63656E63,

    /// <summary>AES-CTR with a pattern of encrypted and clear blocks in each subsample.</summary>
    Cens = 0x63656E73,

    /// <summary>AES-CBC, whole samples or subsamples, chained across the subsamples of a sample.</summary>
    Cbc1 = 0x63626331,

    /// <summary>AES-CBC with a pattern of encrypted and clear blocks, restarted at each subsample.</summary>
    Cbcs = 0x63626373,
}

/// <summary>One entry of a sample's subsample map: clear bytes, then protected bytes (ISO/IEC 23001-7, 7.2).</summary>
public readonly record struct Subsample
{
    /// <summary>How many bytes stay as they are.</summary>
    public required uint ClearBytes { get; init; }

    /// <summary>How many protected bytes follow.</summary>
    public required uint ProtectedBytes { get; init; }
}

/// <summary>What became of a sample.</summary>
public enum DecryptStatus
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>The sample is clear now.</summary>
    Decrypted,

    /// <summary>No session holds the key. While a licence is on its way this is ordinary.</summary>
    KeyNotFound,

    /// <summary>A session holds the key, but its policy does not let it serve this sink, or not now.</summary>
    KeyNotUsable,

    /// <summary>The subsample map or the initialisation vector does not fit the sample.</summary>
    MalformedSample,

    /// <summary>This decryptor does not know the scheme.</summary>
    SchemeNotSupported,

    /// <summary>The decryptor failed for a reason of its own (a native one lost its device, say).</summary>
    Failed,
}

/// <summary>Everything needed to decrypt one sample except the key. Lives on the stack.</summary>
public readonly ref struct SampleProtection
{
    /// <summary>The scheme of the track (<c>schm</c>).</summary>
    public required ProtectionScheme Scheme { get; init; }

    /// <summary>The key: of the sample's group (<c>seig</c>) or else of the track (<c>tenc</c>).</summary>
    public required KeyId KeyId { get; init; }

    /// <summary>The initialisation vector: 8 or 16 bytes, per sample or constant. 8 bytes are followed by 8 zero bytes.</summary>
    public required ReadOnlySpan<byte> InitializationVector { get; init; }

    /// <summary>The subsample map. Empty: the whole sample is protected. Otherwise its bytes add up to the sample's length.</summary>
    public ReadOnlySpan<Subsample> Subsamples { get; init; }

    /// <summary>Blocks of 16 bytes encrypted in each turn of the pattern. 0 with <see cref="SkipBlocks"/> 0: no pattern, every block.</summary>
    public byte CryptBlocks { get; init; }

    /// <summary>Blocks of 16 bytes left clear in each turn of the pattern.</summary>
    public byte SkipBlocks { get; init; }
}

/// <summary>Decrypts samples of one track for one sink.</summary>
/// <remarks>Threads: any, several at once. The calls allocate nothing, take no lock and do not wait.</remarks>
public interface ISampleDecryptor
{
    /// <summary>Decrypts in place. On any status but <see cref="DecryptStatus.Decrypted"/> the sample is untouched.</summary>
    /// <param name="sample">The whole sample.</param>
    /// <param name="protection">How it is protected.</param>
    /// <returns>What became of it.</returns>
    DecryptStatus Decrypt(Span<byte> sample, in SampleProtection protection);
}

namespace Keyway.Decryption;

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

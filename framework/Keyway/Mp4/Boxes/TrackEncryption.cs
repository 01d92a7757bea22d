namespace Keyway.Mp4;

/// <summary>How samples are protected: the defaults of a track (<c>tenc</c>) or of a group of its samples (<c>seig</c>).</summary>
/// <remarks>ISO/IEC 23001-7, 8.2 and 6.</remarks>
public sealed record TrackEncryption
{
    /// <summary>Samples that nothing protects.</summary>
    internal static readonly TrackEncryption Clear = new() { IsProtected = false, PerSampleIvSize = 0, KeyId = default };

    /// <summary>The version of the <c>tenc</c> box; 1 may carry a pattern.</summary>
    public byte Version { get; init; }

    /// <summary>Whether the samples are protected at all. A group of clear samples in a protected track says no.</summary>
    public required bool IsProtected { get; init; }

    /// <summary>Bytes of each sample's own initialisation vector: 8, 16, or 0 when it is constant.</summary>
    public required byte PerSampleIvSize { get; init; }

    /// <summary>The key.</summary>
    public required KeyId KeyId { get; init; }

    /// <summary>The initialisation vector of every sample, 8 or 16 bytes; empty when each sample has its own.</summary>
    public ReadOnlyMemory<byte> ConstantIv { get; init; }

    /// <summary>Blocks encrypted in each turn of the pattern.</summary>
    public byte CryptBlocks { get; init; }

    /// <summary>Blocks left clear in each turn of the pattern.</summary>
    public byte SkipBlocks { get; init; }

    /// <summary>Whether a protected sample cannot do without an initialisation vector of its own.</summary>
    internal bool NeedsOwnIv => PerSampleIvSize > 0 || ConstantIv.IsEmpty;

    /// <summary>Whether it stood in the <c>uuid</c> box of PIFF 1.1 instead of <c>tenc</c>.</summary>
    public bool IsPiff { get; init; }
}

using Keyway.Decryption;

namespace Keyway.Mp4.Packing;

/// <summary>How the samples of a track are protected: what its <c>schm</c> and <c>tenc</c> say (ISO/IEC 23001-7, 8.2 and 10).</summary>
/// <param name="KeyId">The key.</param>
/// <param name="Vector">The constant initialisation vector, 16 bytes; empty where each sample has its own.</param>
/// <param name="CryptBlocks">Of a pattern: how many blocks are encrypted; 0: there is none, and all are.</param>
/// <param name="SkipBlocks">How many are not.</param>
internal sealed record PackedProtection(KeyId KeyId, ReadOnlyMemory<byte> Vector, byte CryptBlocks, byte SkipBlocks)
{
    private readonly ProtectionScheme _scheme;

    /// <summary>Bytes of the vector that each sample has; 0: all have the constant one.</summary>
    public byte VectorSize { get; init; }

    /// <summary>The scheme; where none is named <c>cbcs</c>, and of samples with vectors of their own <c>cenc</c>.</summary>
    public ProtectionScheme Scheme
    {
        get => _scheme != ProtectionScheme.None ? _scheme : VectorSize > 0 ? ProtectionScheme.Cenc : ProtectionScheme.Cbcs;
        init => _scheme = value;
    }
}

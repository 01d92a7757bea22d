namespace Keyway.Mp4.Packing;

/// <summary>
/// How the samples of a track are protected, in the scheme <c>cbcs</c> (ISO/IEC 23001-7, 10.4), or where each has a vector of its own <c>cenc</c> (10.1): what its <c>tenc</c> says.
/// </summary>
/// <param name="KeyId">The key.</param>
/// <param name="Vector">The constant initialisation vector, 16 bytes.</param>
/// <param name="CryptBlocks">Of a pattern: how many blocks are encrypted; 0: there is none, and all are.</param>
/// <param name="SkipBlocks">How many are not.</param>
internal sealed record PackedProtection(KeyId KeyId, ReadOnlyMemory<byte> Vector, byte CryptBlocks, byte SkipBlocks)
{
    /// <summary>Bytes of the vector that each sample has; 0: all have the constant one.</summary>
    public byte VectorSize { get; init; }
}

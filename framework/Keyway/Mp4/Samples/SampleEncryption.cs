using Keyway.Decryption;
using Keyway.Mp4.Samples;

namespace Keyway.Mp4;

/// <summary>How one sample is protected: all that a decryptor needs beside the key (ISO/IEC 23001-7). For callers that decrypt themselves.</summary>
/// <remarks>
/// <code>
/// sample:   │ clear │ protected      │ clear │ protected   │        Subsamples; without any, the whole sample is protected
///                    └ pattern: CryptBlocks encrypted, SkipBlocks left clear, and so on, anew in each subsample
/// </code>
/// </remarks>
public sealed record SampleEncryption
{
    /// <summary>The scheme; <see cref="ProtectionScheme.None"/> for one that is not Common Encryption. <see cref="Mp4SampleEntry.SchemeType"/> has its name.</summary>
    public required ProtectionScheme Scheme { get; init; }

    /// <summary>The key.</summary>
    public required KeyId KeyId { get; init; }

    /// <summary>
    /// The initialisation vector, 8 or 16 bytes in the order of the file; one of 8 is followed by zeros (9.3). Where <see cref="IsConstant"/>, the one of the track or group. Empty where
    /// the scheme is not Common Encryption and what its boxes hold is not known.
    /// </summary>
    public required ReadOnlyMemory<byte> InitializationVector { get; init; }

    /// <summary>Whether the vector is the same for all samples of the track or group (<c>default_constant_IV</c>, <c>constant_IV</c>).</summary>
    public bool IsConstant { get; init; }

    /// <summary>The parts of the sample in order, clear bytes and protected bytes of each; empty where the whole sample is protected.</summary>
    public IReadOnlyList<Subsample> Subsamples { get; init; } = [];

    /// <summary>Blocks of 16 bytes that are encrypted in each turn of the pattern; 0 where there is no pattern.</summary>
    public byte CryptBlocks { get; init; }

    /// <summary>Blocks of 16 bytes that are left clear in each turn of the pattern.</summary>
    public byte SkipBlocks { get; init; }

    /// <summary>What protects a sample of a table, copied from it.</summary>
    internal static SampleEncryption? Of(SampleTable table, in SampleRow row)
    {
        if (!table.NeedsKey(row)) return null;
        SampleProtection protection = table.ProtectionOf(row);
        return new SampleEncryption
        {
            Scheme = protection.Scheme,
            KeyId = protection.KeyId,
            InitializationVector = protection.InitializationVector.ToArray(),
            IsConstant = row.Iv < 0,
            Subsamples = protection.Subsamples.ToArray(),
            CryptBlocks = protection.CryptBlocks,
            SkipBlocks = protection.SkipBlocks,
        };
    }
}

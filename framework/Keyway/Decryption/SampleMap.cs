namespace Keyway.Decryption;

/// <summary>What checking a sample's protection has found: made before a byte is touched.</summary>
internal readonly ref struct SampleMap
{
    /// <summary>The protected bytes of all ranges together.</summary>
    public ulong ProtectedBytes { get; private init; }

    /// <summary>Whether every protected range is a multiple of 16 bytes long.</summary>
    public bool WholeBlocks { get; private init; }

    /// <summary>Checks that a sample and what protects it fit together.</summary>
    /// <param name="length">The sample's length.</param>
    /// <param name="protection">How it is protected.</param>
    /// <param name="map">What was found.</param>
    /// <returns>
    /// <see langword="false"/> when the vector is not 8 or 16 bytes long, when the map's bytes do not add up to the sample's length
    /// (ISO/IEC 23001-7, 9.5.1), or when a pattern skips blocks and encrypts none.
    /// </returns>
    public static bool TryMeasure(int length, in SampleProtection protection, out SampleMap map)
    {
        map = default;
        if (protection.InitializationVector.Length is not (8 or 16)) return false;
        if (protection.HasPattern && protection.CryptBlocks == 0 && protection.SkipBlocks != 0) return false;
        if (protection.Subsamples.IsEmpty)
        {
            map = new SampleMap { ProtectedBytes = (ulong)length, WholeBlocks = length % AesHardware.BlockSize == 0 };
            return true;
        }

        // Two billion entries of two 32-bit numbers cannot overflow 64 bits.
        ulong clear = 0;
        ulong @protected = 0;
        uint ends = 0;
        foreach (Subsample range in protection.Subsamples)
        {
            clear += range.ClearBytes;
            @protected += range.ProtectedBytes;
            ends |= range.ProtectedBytes;
        }

        map = new SampleMap { ProtectedBytes = @protected, WholeBlocks = ends % AesHardware.BlockSize == 0 };
        return clear + @protected == (ulong)length;
    }
}

/// <summary>What a scheme says about a <see cref="SampleProtection"/>.</summary>
internal static class SampleProtectionRules
{
    extension(in SampleProtection protection)
    {
        /// <summary>Whether the scheme looks at <see cref="SampleProtection.CryptBlocks"/> and <see cref="SampleProtection.SkipBlocks"/> at all.</summary>
        public bool HasPattern => protection.Scheme is ProtectionScheme.Cens or ProtectionScheme.Cbcs;

        /// <summary>Whether the scheme is one of the four.</summary>
        public bool IsKnown =>
            protection.Scheme is ProtectionScheme.Cenc or ProtectionScheme.Cens or ProtectionScheme.Cbc1 or ProtectionScheme.Cbcs;
    }
}

namespace Keyway.Decryption;

/// <summary>Where one sample of a <see cref="SampleBatch"/> lies, and what belongs to it alone.</summary>
public readonly record struct BatchSample
{
    /// <summary>Where it begins in <see cref="SampleBatch.Bytes"/>.</summary>
    public required int Offset { get; init; }

    /// <summary>Its length in bytes.</summary>
    public required int Length { get; init; }

    /// <summary>Where its initialisation vector begins in <see cref="SampleBatch.InitializationVectors"/>.</summary>
    public required int VectorOffset { get; init; }

    /// <summary>How long that is: 8 or 16 bytes.</summary>
    public required int VectorLength { get; init; }

    /// <summary>Its first entry in <see cref="SampleBatch.Subsamples"/>.</summary>
    public int FirstSubsample { get; init; }

    /// <summary>How many entries it has. 0: the whole sample is protected.</summary>
    public int SubsampleCount { get; init; }
}

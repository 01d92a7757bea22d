namespace Keyway.Decryption;

/// <summary>Samples of one fragment that one key opens, as they lie in memory. Unlike <see cref="SampleProtection"/> it outlives an <see langword="await"/>.</summary>
/// <remarks>Ownership: the memory is the framework's, lent for one call. Samples do not overlap, and between them lie bytes that are not to be touched.</remarks>
public readonly struct SampleBatch
{
    /// <summary>What the samples' offsets point into.</summary>
    public required Memory<byte> Bytes { get; init; }

    /// <summary>The samples, in the order in which they are decrypted.</summary>
    public required ReadOnlyMemory<BatchSample> Samples { get; init; }

    /// <summary>The subsample maps of all of them.</summary>
    public ReadOnlyMemory<Subsample> Subsamples { get; init; }

    /// <summary>The initialisation vectors of all of them.</summary>
    public required ReadOnlyMemory<byte> InitializationVectors { get; init; }

    /// <summary>The scheme.</summary>
    public required ProtectionScheme Scheme { get; init; }

    /// <summary>The key.</summary>
    public required KeyId KeyId { get; init; }

    /// <inheritdoc cref="SampleProtection.CryptBlocks"/>
    public byte CryptBlocks { get; init; }

    /// <inheritdoc cref="SampleProtection.SkipBlocks"/>
    public byte SkipBlocks { get; init; }

    /// <summary>How many samples there are.</summary>
    public int Count => Samples.Length;

    /// <summary>The bytes of one sample.</summary>
    /// <param name="index">Which, from 0.</param>
    /// <returns>The whole sample, where it lies.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such sample.</exception>
    public Span<byte> SampleAt(int index)
    {
        ref readonly BatchSample sample = ref At(index);
        return Bytes.Span.Slice(sample.Offset, sample.Length);
    }

    /// <summary>What protects one sample.</summary>
    /// <param name="index">Which, from 0.</param>
    /// <returns>All but the key.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such sample.</exception>
    public SampleProtection ProtectionAt(int index)
    {
        ref readonly BatchSample sample = ref At(index);
        return new SampleProtection
        {
            Scheme = Scheme,
            KeyId = KeyId,
            InitializationVector = InitializationVectors.Span.Slice(sample.VectorOffset, sample.VectorLength),
            Subsamples = Subsamples.Span.Slice(sample.FirstSubsample, sample.SubsampleCount),
            CryptBlocks = CryptBlocks,
            SkipBlocks = SkipBlocks,
        };
    }

    /// <summary>What is left of it after its first samples.</summary>
    /// <param name="count">How many to leave out.</param>
    /// <returns>The rest, over the same memory.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many.</exception>
    public SampleBatch From(int count) => this with { Samples = Samples[count..] };

    /// <summary>Decrypts one sample after the other, until one does not succeed.</summary>
    /// <param name="decryptor">The decryptor.</param>
    /// <param name="cancellationToken">Ends it between two samples: what was cancelled is reported as <see cref="DecryptStatus.NotNow"/>.</param>
    /// <returns>How far it came.</returns>
    public BatchResult DecryptEach(ISampleDecryptor decryptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(decryptor);
        for (int i = 0; i < Count; i++)
        {
            DecryptStatus status = cancellationToken.IsCancellationRequested ? DecryptStatus.NotNow : decryptor.Decrypt(SampleAt(i), ProtectionAt(i));
            if (status != DecryptStatus.Decrypted) return new BatchResult { Status = status, Done = i };
        }

        return new BatchResult { Status = DecryptStatus.Decrypted, Done = Count };
    }

    private ref readonly BatchSample At(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        return ref Samples.Span[index];
    }
}

using Keyway.Licensing;

namespace Keyway.Decryption;

/// <summary>Decrypts the samples of one track for one sink, with the keys of one ring. The only door to the keys of a vault.</summary>
/// <remarks>
/// Threads: any, several at once. <see cref="Decrypt"/> treats each sample as a fragment of its own; a caller with many samples of the
/// same key takes <see cref="LeaseFragment"/>.
/// </remarks>
public sealed class SampleDecryptor : ISampleDecryptor
{
    private readonly ContentKeyVault _vault;
    private readonly KeyRing _ring;
    private readonly OutputCapabilities _sink;
    private readonly long? _pixels;

    /// <summary>Makes a decryptor.</summary>
    /// <param name="vault">Where the keys are.</param>
    /// <param name="ring">The sessions whose keys may serve.</param>
    /// <param name="sink">Where the samples go.</param>
    /// <param name="pixels">The frame size of a video track (width × height); <see langword="null"/> for other tracks.</param>
    public SampleDecryptor(ContentKeyVault vault, KeyRing ring, OutputCapabilities sink, long? pixels = null)
    {
        ArgumentNullException.ThrowIfNull(vault);
        ArgumentNullException.ThrowIfNull(ring);
        ArgumentNullException.ThrowIfNull(sink);
        _vault = vault;
        _ring = ring;
        _sink = sink;
        _pixels = pixels;
    }

    /// <summary>Begins a fragment.</summary>
    /// <returns>Its decryptor; disposing it gives the keys back.</returns>
    public IFragmentDecryptor LeaseFragment() => new FragmentDecryptor(this);

    /// <summary>Begins a segment that is encrypted as a whole.</summary>
    /// <param name="id">The key.</param>
    /// <param name="vector">The initialisation vector, 16 bytes.</param>
    /// <param name="cipher">What opens it, where the answer is <see cref="DecryptStatus.Decrypted"/>; disposing it gives the key back.</param>
    /// <returns>
    /// <see cref="DecryptStatus.Decrypted"/>, <see cref="DecryptStatus.KeyNotFound"/>, <see cref="DecryptStatus.KeyNotUsable"/>; <see cref="DecryptStatus.SchemeNotSupported"/> where
    /// the key lives in its session, which opens samples only.
    /// </returns>
    internal DecryptStatus TryLeaseSegment(KeyId id, ReadOnlySpan<byte> vector, out SegmentCipher? cipher)
    {
        cipher = null;
        DecryptStatus status = TryLease(id, out KeyLease lease);
        if (status != DecryptStatus.Decrypted) return status;
        if (lease.Loan is not null)
        {
            lease.Release();
            return DecryptStatus.SchemeNotSupported;
        }

        cipher = new SegmentCipher(lease, vector);
        return status;
    }

    /// <summary>Says how a key stands for this track and sink now.</summary>
    /// <param name="id">The key.</param>
    /// <returns>The best that a session of the ring can say; <see cref="KeyStatus.StatusPending"/> when none holds the key.</returns>
    public KeyStatus StatusOf(KeyId id) => _vault.StatusOf(_ring, id, _sink, _pixels);

    /// <inheritdoc/>
    public DecryptStatus Decrypt(Span<byte> sample, in SampleProtection protection)
    {
        DecryptStatus status = Check(sample, protection, out SampleMap map);
        if (status != DecryptStatus.None) return status;
        status = TryLease(protection.KeyId, out KeyLease lease);
        if (status != DecryptStatus.Decrypted) return status;
        try
        {
            return lease.Decrypt(sample, protection, map);
        }
        finally
        {
            lease.Release();
        }
    }

    /// <summary>Judges a sample before any key is looked for.</summary>
    /// <param name="sample">The whole sample.</param>
    /// <param name="protection">How it is protected.</param>
    /// <param name="map">What was found.</param>
    /// <returns><see cref="DecryptStatus.None"/>, or why it is refused.</returns>
    internal static DecryptStatus Check(ReadOnlySpan<byte> sample, in SampleProtection protection, out SampleMap map)
    {
        map = default;
        if (!protection.IsKnown) return DecryptStatus.SchemeNotSupported;
        return SampleMap.TryMeasure(sample.Length, protection, out map) ? DecryptStatus.None : DecryptStatus.MalformedSample;
    }

    /// <summary>Leases a key for this sink.</summary>
    internal DecryptStatus TryLease(KeyId id, out KeyLease lease)
    {
        if (_sink.Kind != SinkKind.Module) return _vault.TryLease(_ring, id, _sink, _pixels, out lease);
        // It gets samples as they are.
        lease = default;
        return DecryptStatus.KeyNotUsable;
    }
}

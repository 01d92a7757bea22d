using Keyway.Licensing;

namespace Keyway.Decryption;

/// <summary>Keys that a host holds itself, with no licence behind them: the keys of <c>decrypt --key KID:KEY</c>.</summary>
/// <remarks>
/// <para>Ownership: the keys are copied into native memory, and zeroed when this is disposed and the last fragment given back.</para>
/// <para>Threads: any.</para>
/// </remarks>
public sealed class RawKeyRing : IDisposable
{
    // A caller that holds a key in the clear needs no permission to export what it opens.
    private static readonly KeyPolicy Everything = new() { Output = new OutputRequirement { ClearExport = true } };

    private readonly ContentKeyVault _vault;
    private readonly KeyRing _ring = new();
    private readonly SessionId _session = SessionId.Create();

    /// <summary>Makes an empty ring.</summary>
    /// <param name="acceleration">Which AES to use.</param>
    public RawKeyRing(Acceleration acceleration = Acceleration.Auto)
    {
        _vault = new ContentKeyVault(TimeProvider.System, acceleration);
        _ring.Add(_session);
    }

    /// <summary>Adds a key. One with the same identifier is replaced.</summary>
    /// <param name="id">Its identifier.</param>
    /// <param name="key">16 bytes, copied at once. Ownership: the caller's, who clears them.</param>
    /// <exception cref="ArgumentException"><paramref name="key"/> is not 16 bytes long.</exception>
    public void Add(KeyId id, ReadOnlySpan<byte> key) => _vault.Import(_session, id, key, Everything);

    /// <summary>Makes a decryptor that uses these keys, for any sink.</summary>
    /// <returns>The decryptor. One serves every track.</returns>
    public SampleDecryptor CreateDecryptor() => new(_vault, _ring, OutputCapabilities.None);

    /// <summary>Leases a key, for what is encrypted as a whole.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    internal KeyLease Lease(KeyId id) => _vault.TryLease(_ring, id, OutputCapabilities.None, null, out KeyLease lease) == DecryptStatus.Decrypted
        ? lease
        : throw new ArgumentException($"there is no key {id}", nameof(id));

    /// <inheritdoc/>
    public void Dispose() => _vault.Dispose();
}

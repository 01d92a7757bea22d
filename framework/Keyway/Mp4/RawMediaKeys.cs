using Keyway.Decryption;

namespace Keyway.Mp4;

/// <summary>Opens fragments with keys that the caller holds.</summary>
/// <param name="ring">The keys. Ownership: the caller's; it must outlive this.</param>
public sealed class RawMediaKeys(RawKeyRing ring) : IMediaKeys
{
    private readonly SampleDecryptor _decryptor = ring.CreateDecryptor();

    /// <inheritdoc/>
    public ValueTask<IFragmentDecryptor> LeaseAsync(FragmentNeeds needs, CancellationToken cancellationToken) => new(_decryptor.LeaseFragment());
}

namespace Keyway.Decryption;

/// <summary>The right to decrypt with one key until it is given back: a reference of the framework's key, or a session's own decryptor.</summary>
internal readonly struct KeyLease
{
    private readonly ContentKey? _key;
    private readonly ISampleDecryptor? _decryptor;

    /// <summary>A lease of a key of ours.</summary>
    /// <param name="key">The key, of which a reference was taken.</param>
    public KeyLease(ContentKey key) => _key = key;

    /// <summary>A lease of a key that lives elsewhere.</summary>
    /// <param name="decryptor">The decryptor of its session.</param>
    public KeyLease(ISampleDecryptor decryptor) => _decryptor = decryptor;

    /// <summary>Decrypts a sample in place.</summary>
    /// <param name="sample">The whole sample.</param>
    /// <param name="protection">How it is protected.</param>
    /// <param name="map">What checking it told.</param>
    /// <returns>What became of it.</returns>
    public DecryptStatus Decrypt(Span<byte> sample, in SampleProtection protection, in SampleMap map)
    {
        if (_key is null) return _decryptor!.Decrypt(sample, protection);
        if (protection.Scheme is ProtectionScheme.Cenc or ProtectionScheme.Cens) Cenc.Decrypt(_key, sample, protection, map);
        else Cbcs.Decrypt(_key, sample, protection);
        return DecryptStatus.Decrypted;
    }

    /// <summary>Gives it back.</summary>
    public void Release() => _key?.ReleaseReference();
}

namespace Keyway.Decryption;

/// <summary>The right to decrypt with one key until it is given back: a reference of the framework's key, or of a session's own decryptor.</summary>
internal readonly struct KeyLease
{
    private readonly ContentKey? _key;
    private readonly SessionLoan? _loan;

    /// <summary>A lease of a key of ours.</summary>
    /// <param name="key">The key, of which a reference was taken.</param>
    public KeyLease(ContentKey key) => _key = key;

    /// <summary>A lease of a key that lives elsewhere.</summary>
    /// <param name="loan">The decryptor of its session, of which a reference was taken.</param>
    public KeyLease(SessionLoan loan) => _loan = loan;

    /// <summary>The decryptor of its session; <see langword="null"/> for a key of ours.</summary>
    public SessionLoan? Loan => _loan;

    /// <summary>Decrypts a sample in place.</summary>
    /// <param name="sample">The whole sample.</param>
    /// <param name="protection">How it is protected.</param>
    /// <param name="map">What checking it has found.</param>
    /// <returns>The result.</returns>
    public DecryptStatus Decrypt(Span<byte> sample, in SampleProtection protection, in SampleMap map)
    {
        if (_key is null) return _loan!.Decrypt(sample, protection);
        if (protection.Scheme is ProtectionScheme.Cenc or ProtectionScheme.Cens) Cenc.Decrypt(_key, sample, protection, map);
        else Cbcs.Decrypt(_key, sample, protection);
        return DecryptStatus.Decrypted;
    }

    /// <summary>Decrypts contiguous blocks in cipher block chaining, in place. For a key of ours.</summary>
    /// <param name="blocks">Whole blocks of 16 bytes.</param>
    /// <param name="chain">16 bytes: the chaining value of the first block; afterwards of the block that follows.</param>
    public unsafe void DecryptBlocks(Span<byte> blocks, Span<byte> chain)
    {
        fixed (byte* data = blocks, vector = chain)
            AesCbc.Decrypt(_key!, data, (nuint)blocks.Length / AesHardware.BlockSize, AesHardware.BlockSize, vector);
    }

    /// <summary>Gives it back.</summary>
    public void Release()
    {
        _key?.ReleaseReference();
        _loan?.ReleaseReference();
    }
}

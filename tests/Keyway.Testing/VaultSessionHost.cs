using Keyway.Decryption;
using Keyway.Licensing;

namespace Keyway.Testing;

/// <summary>A session host that keeps keys where the engine keeps them, and decrypts with them: for tests of what a key system's policies come to.</summary>
/// <remarks>Threads: any. Ownership: the test's.</remarks>
public sealed class VaultSessionHost : ISessionHost, IDisposable
{
    private readonly ContentKeyVault _vault;
    private readonly KeyRing _ring = new();
    private readonly SessionId _session = SessionId.Create();

    /// <summary>Makes one without keys.</summary>
    /// <param name="clock">The clock that policies are judged by.</param>
    public VaultSessionHost(TimeProvider clock)
    {
        _vault = new ContentKeyVault(clock);
        _ring.Add(_session);
    }

    /// <summary>What its keys are worth now.</summary>
    public IReadOnlyList<KeyEntry> Keys => _vault.Keys(_session);

    /// <summary>Encrypts a sample with a key that the test knows, and decrypts it with the imported one.</summary>
    /// <param name="id">The key's identifier.</param>
    /// <param name="key">What the key should be: 16 bytes.</param>
    /// <param name="scheme"><see cref="ProtectionScheme.Cenc"/> or <see cref="ProtectionScheme.Cbcs"/>.</param>
    /// <param name="sink">Where the sample goes; <see langword="null"/>: nobody knows.</param>
    /// <param name="pixels">The frame size of a video track (width × height); <see langword="null"/>: not video.</param>
    /// <returns>What the vault said.</returns>
    /// <exception cref="InvalidOperationException">It was decrypted, and to something else: the imported key is another.</exception>
    public DecryptStatus Decrypt(KeyId id, ReadOnlySpan<byte> key, ProtectionScheme scheme = ProtectionScheme.Cenc, OutputCapabilities? sink = null, long? pixels = null) =>
        KnownSample.Decrypt(_vault, _ring, id, key, scheme, sink ?? OutputCapabilities.None, pixels);

    /// <inheritdoc/>
    public void Import(KeyId id, ReadOnlySpan<byte> key, KeyPolicy policy) => _vault.Import(_session, id, key, policy);

    /// <inheritdoc/>
    public void UpdatePolicy(KeyId id, KeyPolicy policy) => _vault.UpdatePolicy(_session, id, policy);

    /// <inheritdoc/>
    public void SetStatus(KeyId id, KeyStatus status) => _vault.SetStatus(_session, id, status);

    /// <inheritdoc/>
    public void RequestExchange(ChallengeKind kind)
    {
    }

    /// <inheritdoc/>
    public void Close(LicenseErrorKind reason)
    {
    }

    /// <inheritdoc/>
    public void Dispose() => _vault.Dispose();
}

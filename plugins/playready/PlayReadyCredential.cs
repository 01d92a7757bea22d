using System.Buffers;
using System.Security.Cryptography;
using Keyway.Licensing;
using Keyway.PlayReady.Certificates;
using Keyway.Plugins;

namespace Keyway.PlayReady;

/// <summary>A device's credential: its certificate chain and two private keys, checked against each other and against the configured roots.</summary>
/// <remarks>Ownership: of the key system, which disposes it. Threads: any; uses of a private key take turns.</remarks>
internal sealed class PlayReadyCredential : IDisposable
{
    private readonly ECDsa _signKey;
    private readonly ECDiffieHellman _encryptKey;
    private readonly Lock _signing = new();
    private readonly Lock _unwrapping = new();

    private PlayReadyCredential(BCertChain chain, PlayReadyRoot root, ECDsa signKey, ECDiffieHellman encryptKey)
    {
        Chain = chain;
        Root = root;
        _signKey = signKey;
        _encryptKey = encryptKey;
        SignPublicKey = P256.PublicKey(signKey);
        EncryptPublicKey = P256.PublicKey(encryptKey);
    }

    public BCertChain Chain { get; }

    /// <summary>The root that the chain ends in.</summary>
    public PlayReadyRoot Root { get; }

    public ReadOnlyMemory<byte> SignPublicKey { get; }

    public ReadOnlyMemory<byte> EncryptPublicKey { get; }

    /// <summary>The device's security level: that of its own leaf.</summary>
    public int SecurityLevel => (int)Chain.Leaf.SecurityLevel;

    /// <summary>Whether the device's certificate says that it has a clock that licences may rely on.</summary>
    public bool HasClock => Chain.Leaf.Features.Contains(BCertFeature.SecureClock) || Chain.Leaf.Features.Contains(BCertFeature.AntiRollbackClock);

    /// <summary>Whether nothing of value is protected: clear samples may then be handed on.</summary>
    public bool ClearExport => Root.Development || SecurityLevel == PlayReadyConstants.DevelopmentLevel;

    /// <summary>Reads the three secrets and checks them.</summary>
    /// <exception cref="LicenseServiceException">With <see cref="LicenseErrorKind.CredentialInvalid"/>.</exception>
    public static async ValueTask<PlayReadyCredential> LoadAsync(PlayReadyOptions options, ISecretReader secrets, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (options.Chain is null || options.SignKey is null || options.EncryptKey is null)
            throw PlayReadyError.Credential("no device credential is configured, and none is bundled");

        using IMemoryOwner<byte> chain = await ReadAsync(secrets, options.Chain, cancellationToken).ConfigureAwait(false);
        using IMemoryOwner<byte> signKey = await ReadAsync(secrets, options.SignKey, cancellationToken).ConfigureAwait(false);
        using IMemoryOwner<byte> encryptKey = await ReadAsync(secrets, options.EncryptKey, cancellationToken).ConfigureAwait(false);
        return Load(chain.Memory.Span, signKey.Memory.Span, encryptKey.Memory.Span, options, now);
    }

    /// <summary>Checks the three parts.</summary>
    public static PlayReadyCredential Load(ReadOnlySpan<byte> chainBytes, ReadOnlySpan<byte> signBytes, ReadOnlySpan<byte> encryptBytes, PlayReadyOptions options, DateTimeOffset now)
    {
        RefuseOtherContainers("Chain", chainBytes);
        byte[] plain = TextBytes.Unwrap(chainBytes, "CERTIFICATE CHAIN") ?? [];
        if (!BCertChain.TryRead(plain, out BCertChain? chain, out BCertFault fault)) throw PlayReadyError.Credential($"Chain: {fault.Reason}");
        if (chain!.Leaf.Type == BCertType.Issuer)
            throw PlayReadyError.Credential("Chain: ends in a model (group) certificate; the key of a group belongs in manufacturing and must not reach a host");
        if (!chain.TryVerify(BCertType.Device, BCertUsage.IssuerDevice, options.Roots, now, out PlayReadyRoot? root, out fault))
            throw PlayReadyError.Credential($"Chain: {fault.Reason}", fault.Code);
        CheckLevel(chain.Leaf.SecurityLevel, options.Robustness);

        ECDsa? sign = null;
        ECDiffieHellman? encrypt = null;
        try
        {
            sign = ECDsa.Create();
            Import("SignKey", signBytes, sign);
            encrypt = ECDiffieHellman.Create();
            Import("EncryptKey", encryptBytes, encrypt);
            RequireUsage("SignKey", chain.Leaf, BCertUsage.Sign, sign);
            RequireUsage("EncryptKey", chain.Leaf, BCertUsage.EncryptKey, encrypt);
            return new PlayReadyCredential(chain, root!, sign, encrypt);
        }
        catch
        {
            sign?.Dispose();
            encrypt?.Dispose();
            throw;
        }
    }

    /// <summary>Signs with the device's key: r‖s.</summary>
    public byte[] Sign(ReadOnlySpan<byte> message)
    {
        lock (_signing) return P256.Sign(_signKey, message);
    }

    /// <summary>Unwraps what is wrapped to the device.</summary>
    /// <param name="wrapped">128 bytes.</param>
    /// <param name="x">32 bytes. Ownership: the caller's, who clears them.</param>
    public bool TryUnwrap(ReadOnlySpan<byte> wrapped, Span<byte> x)
    {
        lock (_unwrapping) return ElGamal.TryUnwrap(_encryptKey, wrapped, x);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _signKey.Dispose();
        _encryptKey.Dispose();
    }

    private static async ValueTask<IMemoryOwner<byte>> ReadAsync(ISecretReader secrets, string name, CancellationToken cancellationToken)
    {
        try
        {
            return await secrets.ReadAsync(name, cancellationToken).ConfigureAwait(false);
        }
        catch (SecretException cause)
        {
            throw PlayReadyError.Credential(cause.Message, cause: cause);
        }
    }

    private static void CheckLevel(uint level, int robustness)
    {
        if (level is not (150 or 2000 or 3000)) throw PlayReadyError.Credential($"Chain: security level {level} is not known");
        if (level > (uint)robustness)
            throw PlayReadyError.Credential(
                $"Chain: the credential is of security level {level}, and the host declares robustness {robustness}; only a host that keeps the rules of level {level} may set Robustness to it",
                PlayReadyCode.SecurityLevelTooLow);
    }

    private static void Import(string setting, ReadOnlySpan<byte> source, ECAlgorithm key)
    {
        RefuseOtherContainers(setting, source);
        byte[]? bytes = TextBytes.Unwrap(source, "PRIVATE KEY");
        try
        {
            if (bytes is null) throw PlayReadyError.Credential($"{setting}: is not PKCS#8");
            key.ImportPkcs8PrivateKey(bytes, out int read);
            if (read != bytes.Length) throw PlayReadyError.Credential($"{setting}: bytes follow the PKCS#8 key");
            if (!P256.IsOnCurve(key)) throw PlayReadyError.Credential($"{setting}: is not a key on P-256");
        }
        catch (CryptographicException cause)
        {
            throw PlayReadyError.Credential($"{setting}: is not an unencrypted PKCS#8 key of an elliptic curve", cause: cause);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private static void RequireUsage(string setting, BCert leaf, BCertUsage usage, ECAlgorithm key)
    {
        if (leaf.KeyFor(usage) is not BCertKey expected)
            throw PlayReadyError.Credential($"Chain: the leaf has not exactly one key for the use '{usage}'", PlayReadyCode.CertificateNoKeyForUsage);
        if (!expected.Point.Span.SequenceEqual(P256.PublicKey(key)))
            throw PlayReadyError.Credential($"{setting}: does not belong to the certificate chain's key for the use '{usage}'");
    }

    /// <summary>Names the containers that people try, and that are not read: some hold keys that must never reach a host.</summary>
    private static void RefuseOtherContainers(string setting, ReadOnlySpan<byte> bytes)
    {
        string? label = TextBytes.PemLabel(bytes);
        string? found =
            bytes.IsEmpty ? "is empty" :
            bytes.StartsWith("PRD"u8) ? "is a PRD device file" :
            bytes.StartsWith("WVD"u8) ? "is a WVD device file of another system" :
            bytes.StartsWith("PK\u0003\u0004"u8) ? "is a ZIP archive" :
            label is "EC PRIVATE KEY" ? "is a SEC 1 key (EC PRIVATE KEY)" :
            label is "ENCRYPTED PRIVATE KEY" ? "is an encrypted key" :
            label is "CERTIFICATE" ? "is an X.509 certificate" :
            label is not null and not ("PRIVATE KEY" or "CERTIFICATE CHAIN") ? "is PEM of another kind" :
            setting != "Chain" && bytes.Length is (32 or 64 or 96) && label is null ? "is a raw key" :
            setting != "Chain" && BCertChain.LooksLikeChain(bytes) ? "is a certificate chain" :
            IsPkcs12(bytes) ? "is a PKCS#12 store" : null;
        if (found is not null)
            throw PlayReadyError.Credential($"{setting}: {found}; a credential is a certificate chain (CHAI) and two PKCS#8 keys, three secrets");
    }

    // SEQUENCE, long form, then the version of PFX, 3 (RFC 7292, 4).
    private static bool IsPkcs12(ReadOnlySpan<byte> bytes) => bytes.Length > 8 && bytes[0] == 0x30 && bytes[1] == 0x82 && bytes[4..].StartsWith((ReadOnlySpan<byte>)[2, 1, 3]);
}

using System.Buffers;
using System.Security.Cryptography;
using Keyway.Licensing;
using Keyway.Plugins;

namespace Keyway.ClearKey;

/// <summary>The keys that configuration gives. Each is read where it is needed and cleared at once; none is kept.</summary>
/// <param name="options">Which keys there are.</param>
/// <param name="secrets">Where they are.</param>
internal sealed class ConfiguredKeys(ClearKeyOptions options, ISecretReader secrets)
{
    /// <summary>Whether configuration gives a key.</summary>
    /// <param name="id">The key.</param>
    /// <returns>Whether it does.</returns>
    public bool Has(KeyId id) => options.Keys.ContainsKey(id);

    /// <summary>Reads every key once, so that a wrong one is found at start-up and not in the middle of a film.</summary>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>A task that ends when all are good.</returns>
    /// <exception cref="LicenseServiceException">With <see cref="LicenseErrorKind.CredentialInvalid"/>.</exception>
    public async ValueTask CheckAsync(CancellationToken cancellationToken)
    {
        foreach (KeyId id in options.Keys.Keys)
            await UseAsync(id, static (_, _) => { }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Hands a key to the framework.</summary>
    /// <param name="id">The key. Configuration gives it.</param>
    /// <param name="host">The framework's half of the session.</param>
    /// <param name="policy">What may be done with it.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>A task that ends when it is handed over.</returns>
    /// <exception cref="LicenseServiceException">With <see cref="LicenseErrorKind.CredentialInvalid"/>.</exception>
    public ValueTask ImportAsync(KeyId id, ISessionHost host, KeyPolicy policy, CancellationToken cancellationToken) =>
        UseAsync(id, (known, key) => host.Import(known, key, policy), cancellationToken);

    private async ValueTask UseAsync(KeyId id, Action<KeyId, ReadOnlySpan<byte>> use, CancellationToken cancellationToken)
    {
        IMemoryOwner<byte> secret;
        try
        {
            secret = await secrets.ReadAsync(options.Keys[id], cancellationToken).ConfigureAwait(false);
        }
        catch (SecretException e)
        {
            throw ClearKeyError.ConfiguredKey(id, e.Message, e);
        }

        using (secret) Use(id, secret.Memory.Span, use);
    }

    private static void Use(KeyId id, Span<byte> secret, Action<KeyId, ReadOnlySpan<byte>> use)
    {
        Span<byte> key = stackalloc byte[ClearKeyConstants.KeyLength];
        try
        {
            if (!TryReadKey(secret, key)) throw ClearKeyError.ConfiguredKey(id, "the secret is neither 16 bytes nor 32 hexadecimal digits nor base64url of 16 bytes");
            use(id, key);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private static bool TryReadKey(Span<byte> secret, Span<byte> key)
    {
        if (secret.Length == key.Length)
        {
            secret.CopyTo(key);
            return true;
        }

        Span<byte> text = secret.Trim(" \t\r\n"u8);   // an editor ends a file with a line
        return text.Length == 2 * key.Length
            ? Convert.FromHexString(text, key, out _, out _) == OperationStatus.Done
            : Base64Text.TryDecode(text, key, out int length) && length == key.Length;
    }
}

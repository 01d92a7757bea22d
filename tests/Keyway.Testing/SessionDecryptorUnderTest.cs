using Keyway.Decryption;

namespace Keyway.Testing;

/// <summary>What <see cref="SessionDecryptorConformance"/> is told of a session's own decryptor.</summary>
public sealed record SessionDecryptorUnderTest
{
    /// <summary>The decryptor, of a session that holds the key.</summary>
    public required ISessionDecryptor Decryptor { get; init; }

    /// <summary>The key's identifier.</summary>
    public required KeyId KeyId { get; init; }

    /// <summary>The key: 16 bytes, by which the answers are checked.</summary>
    public required ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>The schemes that it opens.</summary>
    public IReadOnlyList<ProtectionScheme> Schemes { get; init; } = [ProtectionScheme.Cenc, ProtectionScheme.Cens, ProtectionScheme.Cbc1, ProtectionScheme.Cbcs];
}

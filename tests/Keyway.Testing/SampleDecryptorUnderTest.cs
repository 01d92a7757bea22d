using Keyway.Decryption;

namespace Keyway.Testing;

/// <summary>What <see cref="SampleDecryptorConformance"/> is told of a decryptor of samples.</summary>
public sealed record SampleDecryptorUnderTest
{
    /// <summary>The decryptor. It holds the key.</summary>
    public required ISampleDecryptor Decryptor { get; init; }

    /// <summary>The key's identifier.</summary>
    public required KeyId KeyId { get; init; }

    /// <summary>The key: 16 bytes, by which the answers are checked.</summary>
    public required ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>The schemes that it opens.</summary>
    public IReadOnlyList<ProtectionScheme> Schemes { get; init; } = [ProtectionScheme.Cenc, ProtectionScheme.Cens, ProtectionScheme.Cbc1, ProtectionScheme.Cbcs];

    /// <summary>Whether it may be called from several threads at once, as the contract says unless who made it says otherwise.</summary>
    public bool AnyThread { get; init; } = true;

    /// <summary>Whether its calls allocate nothing, as the contract says. A native decryptor that has to may say so.</summary>
    public bool AllocatesNothing { get; init; } = true;
}

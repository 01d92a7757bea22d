namespace Keyway.Cpix;

/// <summary>Something that is encrypted (<c>pskc:EncryptedValue</c>, RFC 6030, 6.1; XML Encryption 1.1, 3).</summary>
internal sealed record EncryptedValue
{
    /// <summary>Where in the document.</summary>
    public required string Path { get; init; }

    /// <summary>The algorithm (<c>EncryptionMethod/@Algorithm</c>) as written; <see langword="null"/> where none is said.</summary>
    public string? Algorithm { get; init; }

    /// <summary>What the algorithm is told besides (<c>DigestMethod</c>, <c>MGF</c>, <c>OAEPparams</c>), where it is not what <c>rsa-oaep-mgf1p</c> means without it.</summary>
    public string? Parameter { get; init; }

    /// <summary>The bytes of <c>CipherValue</c>.</summary>
    public required byte[] Cipher { get; init; }

    /// <summary>The message authentication code over them (<c>pskc:ValueMAC</c>); <see langword="null"/> where there is none.</summary>
    public byte[]? Mac { get; init; }
}

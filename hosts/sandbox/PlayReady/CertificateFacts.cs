namespace Keyway.Sandbox.PlayReady;

/// <summary>What kind of thing a certificate is for.</summary>
internal enum CertificateType : uint
{
    Pc = 1,
    Device = 2,
    Domain = 3,
    Issuer = 4,
    CrlSigner = 5,
    Server = 11,
}

/// <summary>What a key in a certificate may do.</summary>
internal enum KeyUsage : uint
{
    Sign = 1,
    EncryptKey = 2,
    IssueAll = 4,
    IssueDevice = 6,
    IssueDomain = 8,
    IssueCrl = 11,
    IssueServer = 15,
    SignResponse = 20,
}

/// <summary>A key in a certificate.</summary>
/// <param name="Point">The public key, x and y.</param>
/// <param name="Usages">What it may do.</param>
internal sealed record CertifiedKey(byte[] Point, IReadOnlyList<KeyUsage> Usages);

/// <summary>What a certificate says.</summary>
internal sealed record CertificateFacts
{
    /// <summary>The expiry of what never ends.</summary>
    public const uint Never = 0xFFFFFFFF;

    /// <summary>The identifier, 16 bytes.</summary>
    public required byte[] Id { get; init; }

    /// <summary>The type.</summary>
    public required CertificateType Type { get; init; }

    /// <summary>The security level.</summary>
    public uint Level { get; init; }

    /// <summary>SHA-256 of the first key.</summary>
    public byte[] Digest { get; init; } = [];

    /// <summary>When it ends, in Unix seconds.</summary>
    public uint Expires { get; init; } = Never;

    /// <summary>The client identifier, 16 bytes.</summary>
    public byte[] ClientId { get; init; } = new byte[16];

    /// <summary>The features.</summary>
    public IReadOnlyList<uint> Features { get; init; } = [];

    /// <summary>The keys, the one for signing first.</summary>
    public required IReadOnlyList<CertifiedKey> Keys { get; init; }

    /// <summary>Manufacturer, model name and model number; none, where there is no such attribute.</summary>
    public IReadOnlyList<string> Manufacturer { get; init; } = [];

    /// <summary>The key with a usage.</summary>
    /// <param name="usage">The usage.</param>
    /// <returns>The key, or <see langword="null"/>.</returns>
    public CertifiedKey? Find(KeyUsage usage) => Keys.FirstOrDefault(key => key.Usages.Contains(usage));
}

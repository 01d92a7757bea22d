namespace Keyway.Cpix;

/// <summary>A <c>MACMethod</c>: how changes are noticed, and the key for it, encrypted for one recipient (RFC 6030, 6.1.1).</summary>
internal sealed record MacMethod
{
    /// <summary>Where in the document.</summary>
    public required string Path { get; init; }

    /// <summary>The algorithm as written.</summary>
    public string? Algorithm { get; init; }

    /// <summary>The key; <see langword="null"/> where there is none.</summary>
    public EncryptedValue? Key { get; init; }
}

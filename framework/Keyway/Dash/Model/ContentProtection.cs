using Keyway.Decryption;

namespace Keyway.Dash;

/// <summary>A <c>ContentProtection</c> element (ISO/IEC 23009-1, 5.8.4.1; ISO/IEC 23001-7, 11.2).</summary>
public sealed record ContentProtection
{
    /// <summary>The scheme that says "Common Encryption", and with which of its schemes and keys.</summary>
    public const string Mp4Protection = "urn:mpeg:dash:mp4protection:2011";

    /// <summary>Where in the manifest.</summary>
    public required string Path { get; init; }

    /// <summary>Where the element around it is.</summary>
    public required string At { get; init; }

    /// <summary>Its scheme as written.</summary>
    public required string SchemeIdUri { get; init; }

    /// <summary>Its value as written. With <see cref="Mp4Protection"/>: a protection scheme.</summary>
    public string? Value { get; init; }

    /// <summary>The protection system, if the scheme names one.</summary>
    public SystemId? System { get; init; }

    /// <summary>The protection scheme, if this element names one that is known.</summary>
    public ProtectionScheme Scheme { get; init; }

    /// <summary><c>cenc:default_KID</c> as written.</summary>
    public string? DefaultKeyIdText { get; init; }

    /// <summary>The key identifiers in <c>cenc:default_KID</c>.</summary>
    public IReadOnlyList<KeyId> DefaultKeyIds { get; init; } = [];

    /// <summary>Its <c>cenc:pssh</c> elements.</summary>
    public IReadOnlyList<PsshElement> Pssh { get; init; } = [];

    /// <summary>Its <c>mspr:pro</c> elements: PlayReady objects.</summary>
    public IReadOnlyList<ProElement> Pro { get; init; } = [];

    /// <summary>The licence servers that it names. Content is not trusted: whether they are used is decided elsewhere.</summary>
    public IReadOnlyList<LicenseUrlElement> LicenseUrls { get; init; } = [];

    /// <summary>Its other children, for people.</summary>
    public IReadOnlyList<OtherElement> Others { get; init; } = [];

    /// <summary>The name under which other elements refer to it (<c>refId</c>).</summary>
    public string? RefId { get; init; }

    /// <summary>The element that it refers to (<c>ref</c>) and whose content it took over.</summary>
    public string? Ref { get; init; }

    /// <summary>The robustness that it asks for.</summary>
    public string? Robustness { get; init; }
}

using Keyway.Decryption;
using Keyway.Protection;

namespace Keyway.Timeline;

/// <summary>What one place of a manifest says about the protection of a rendition.</summary>
public sealed record RenditionProtection
{
    /// <summary>Where it says so.</summary>
    public required ProtectionSource Source { get; init; }

    /// <summary>The protection system that it is about; <see langword="null"/>: any, or none that is named.</summary>
    public SystemId? System { get; init; }

    /// <summary>The scheme, if this place names one that is known.</summary>
    public ProtectionScheme Scheme { get; init; }

    /// <summary>The keys that it names.</summary>
    public IReadOnlyList<KeyId> KeyIds { get; init; } = [];

    /// <summary>Of a key that is a file at an address (HLS): the address for people, without user name and query, <c>data:</c> where it stands in the playlist itself; <see langword="null"/>: of any other.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Whether it says that segments are encrypted as a whole (AES-128 of HLS), and not their samples.</summary>
    public bool IsOfSegments { get; init; }

    /// <summary>Whether it says that samples are encrypted, as the schemes and systems that are known do.</summary>
    public bool IsStatement { get; init; }

    /// <summary>Its protection headers.</summary>
    public IReadOnlyList<HeaderStatement> Headers { get; init; } = [];

    /// <summary>The licence servers that it names. Content is not trusted: whether they are used is decided elsewhere.</summary>
    public IReadOnlyList<LicenseUrlStatement> LicenseUrls { get; init; } = [];
}

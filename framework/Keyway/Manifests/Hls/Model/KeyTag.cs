using Keyway.Manifests.Hls.Text;
using Keyway.Timeline;

namespace Keyway.Manifests.Hls.Model;

/// <summary>An <c>EXT-X-KEY</c> or <c>EXT-X-SESSION-KEY</c> (RFC 8216bis, 4.4.4.4 and 4.4.6.5).</summary>
internal sealed record KeyTag
{
    /// <summary>The key format of the method of the same name, whose URI is a key identifier.</summary>
    public const string CommonEncryption = "ISO-23001-7";

    private Uri? _uri;

    /// <summary>Where it stands.</summary>
    public required PlaylistLine Line { get; init; }

    /// <summary>The same with the name of the playlist.</summary>
    public required string Place { get; init; }

    /// <summary>The method.</summary>
    public required KeyMethod Method { get; init; }

    /// <summary>The method as written.</summary>
    public required string MethodText { get; init; }

    /// <summary>The URI as written, variables expanded; empty where there is none.</summary>
    public string UriText { get; init; } = "";

    /// <summary>Against what the URI is resolved.</summary>
    public required Uri Base { get; init; }

    /// <summary>Who understands the URI.</summary>
    public string Format { get; init; } = SegmentKey.Identity;

    /// <summary>Its versions as written: any of them.</summary>
    public string FormatVersions { get; init; } = "1";

    /// <summary>The initialisation vector, 16 bytes; empty where none is given.</summary>
    public ReadOnlyMemory<byte> Vector { get; init; }

    /// <summary>The key that it names itself (<c>KEYID</c>, of no edition).</summary>
    public KeyId? KeyId { get; init; }

    /// <summary>Why nothing under it can be opened; <see langword="null"/>: nothing is wrong with it.</summary>
    public string? Problem { get; init; }

    /// <summary>Whether the URI leads to the key itself.</summary>
    public bool IsIdentity => Format.Equals(SegmentKey.Identity, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether the URI leads to a key that can be fetched. One packager writes there what it was given for other formats: such a key is named, and no more.</summary>
    public bool IsKeyFile => IsIdentity && Uri is { } uri && (uri.Scheme is "http" or "https" or "data" || uri.IsFile);

    /// <summary>Whether segments are encrypted as a whole, and not their samples.</summary>
    public bool IsOfSegments => Method is KeyMethod.Aes128 or KeyMethod.OtherSegment;

    /// <summary>
    /// Whether what stands there in the place of a key is the identifier of one that another statement in force names: a packager writes that where it was given no address, beside key
    /// systems that have the key.
    /// </summary>
    /// <param name="beside">The keys in force.</param>
    public bool IsIdentifierOf(IReadOnlyList<KeyTag> beside)
    {
        if (!IsIdentity || UriText.Length > KeyFileLimits.DataUri || !DataUri.TryRead(UriText, out byte[] content) || content.Length != Keyway.KeyId.Size) return false;
        return Keyway.KeyId.TryRead(content, out KeyId id) && beside.Any(other => !ReferenceEquals(other, this) && other.KeyId == id);
    }

    /// <summary>The absolute URI; <see langword="null"/>: what stands there is none.</summary>
    public Uri? Uri => _uri ??= System.Uri.TryCreate(Base, UriText, out Uri? uri) ? uri : null;
}

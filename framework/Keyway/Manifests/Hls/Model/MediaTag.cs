using Keyway.Manifests.Hls.Text;
using Keyway.Timeline;

namespace Keyway.Manifests.Hls.Model;

/// <summary>An <c>EXT-X-MEDIA</c>: one rendition of a group (RFC 8216bis, 4.4.6.1).</summary>
internal sealed record MediaTag
{
    /// <summary>Where it stands.</summary>
    public required PlaylistLine Line { get; init; }

    /// <summary>What it is; <see cref="MediaKind.Other"/> of closed captions, which are in the video.</summary>
    public required MediaKind Kind { get; init; }

    /// <summary>Its group.</summary>
    public required string Group { get; init; }

    /// <summary>Its name for people.</summary>
    public string Name { get; init; } = "";

    /// <summary>Its playlist; <see langword="null"/>: it is in the segments of the variants.</summary>
    public Uri? Address { get; init; }

    /// <summary>The language.</summary>
    public string? Language { get; init; }

    /// <summary>Whether it is played where the user has not chosen.</summary>
    public bool IsDefault { get; init; }

    /// <summary>Whether it may be chosen without the user.</summary>
    public bool IsAutoSelect { get; init; }

    /// <summary>Whether its texts are meant to be seen by everybody.</summary>
    public bool IsForced { get; init; }

    /// <summary>What is particular about it: uniform type identifiers.</summary>
    public IReadOnlyList<string> Characteristics { get; init; } = [];

    /// <summary>Audio channels and what they are, as written.</summary>
    public string? Channels { get; init; }

    /// <summary>Samples per second, as written.</summary>
    public string? SampleRate { get; init; }

    /// <summary>Its name that lasts.</summary>
    public string? StableId { get; init; }
}

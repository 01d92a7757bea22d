using Keyway.Manifests.Hls.Text;
using Keyway.Sources;

namespace Keyway.Manifests.Hls.Model;

/// <summary>An <c>EXT-X-MAP</c>: the initialisation segment of what follows it.</summary>
internal sealed record MapTag
{
    /// <summary>Where it stands.</summary>
    public required PlaylistLine Line { get; init; }

    /// <summary>Where it is.</summary>
    public required Uri Address { get; init; }

    /// <summary>The part of it that is meant; <see langword="null"/>: all.</summary>
    public ByteRange? Range { get; init; }

    /// <summary>The keys in force where it stands.</summary>
    public required IReadOnlyList<KeyTag> Keys { get; init; }
}

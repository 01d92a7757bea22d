using Keyway.Manifests.Hls.Text;

namespace Keyway.Manifests.Hls.Model;

/// <summary>An <c>EXT-X-PRELOAD-HINT</c>: what will probably be wanted next.</summary>
internal sealed record PreloadHint
{
    /// <summary>Where it stands.</summary>
    public required PlaylistLine Line { get; init; }

    /// <summary>Whether it is an initialisation segment, and no part.</summary>
    public bool IsMap { get; init; }

    /// <summary>Its address as written, variables expanded.</summary>
    public required string Address { get; init; }

    /// <summary>Its first byte.</summary>
    public ulong First { get; init; }

    /// <summary>How many bytes; <see langword="null"/>: to the end.</summary>
    public ulong? Length { get; init; }
}

using Keyway.Manifests.Hls.Text;

namespace Keyway.Manifests.Hls.Model;

/// <summary>An <c>EXT-X-PART</c>: a piece of a segment that may be loaded before the whole is there.</summary>
internal sealed record PartTag
{
    /// <summary>Where it stands.</summary>
    public required PlaylistLine Line { get; init; }

    /// <summary>Its address as written, variables expanded.</summary>
    public required string Address { get; init; }

    /// <summary>How long it is.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>The bytes of the resource that it is; <see langword="null"/>: all.</summary>
    public (long Length, long? Offset)? Bytes { get; init; }

    /// <summary>Whether it begins with a sync sample.</summary>
    public bool IsIndependent { get; init; }

    /// <summary>Whether it is not there.</summary>
    public bool IsGap { get; init; }
}

using Keyway.Manifests.Hls.Text;
using Keyway.Sources;

namespace Keyway.Manifests.Hls.Model;

/// <summary>One segment as its playlist names it.</summary>
internal sealed record HlsSegment
{
    /// <summary>Where its address stands.</summary>
    public required PlaylistLine Line { get; init; }

    /// <summary>Its address as written, variables expanded. It has been resolved once, and can be.</summary>
    public required string Address { get; init; }

    /// <summary>The part that it is; <see langword="null"/>: all.</summary>
    public ByteRange? Range { get; init; }

    /// <summary>How long it is.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Its initialisation segment; <see langword="null"/>: it has none.</summary>
    public MapTag? Map { get; init; }

    /// <summary>The keys in force; none: it is clear.</summary>
    public IReadOnlyList<KeyTag> Keys { get; init; } = [];

    /// <summary>Whether it does not go on from the segment before it.</summary>
    public bool IsDiscontinuity { get; init; }

    /// <summary>Whether it is not to be loaded, and only its time passes.</summary>
    public bool IsGap { get; init; }

    /// <summary>When it begins on the wall clock, where that is said of this very segment.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>The parts that it was published in.</summary>
    public IReadOnlyList<PartTag> Parts { get; init; } = [];
}

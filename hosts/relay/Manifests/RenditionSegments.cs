using Keyway.Relay.Serving;
using Keyway.Timeline;

namespace Keyway.Relay.Manifests;

/// <summary>A rendition as a manifest that is made anew has it: what its media is, and its segments.</summary>
internal sealed record RenditionSegments
{
    public required MediaFacts Facts { get; init; }

    public required IReadOnlyList<TimelineSegment> Segments { get; init; }

    /// <summary>Its codecs, with those of what is in the same segments; <see langword="null"/>: nothing says them.</summary>
    public string? Codecs { get; init; }

    /// <summary>Bits per second, where no manifest says them; 0: that is not known.</summary>
    public long Estimate { get; init; }
}

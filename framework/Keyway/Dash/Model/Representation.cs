using Keyway.Timeline;

namespace Keyway.Dash;

/// <summary>One version of a track (ISO/IEC 23009-1, 5.3.5).</summary>
public sealed record Representation
{
    /// <summary>Where in the manifest.</summary>
    public required string Path { get; init; }

    /// <summary>Its identifier, empty when the manifest gives none.</summary>
    public string Id { get; init; } = "";

    /// <summary>What it is for.</summary>
    public MediaKind Kind { get; init; }

    /// <summary>Bits per second.</summary>
    public long Bandwidth { get; init; }

    /// <summary>Width in pixels.</summary>
    public int? Width { get; init; }

    /// <summary>Height in pixels.</summary>
    public int? Height { get; init; }

    /// <summary>Frames per second, as written: <c>25</c>, <c>30000/1001</c>.</summary>
    public string? FrameRate { get; init; }

    /// <summary>Samples per second, as written.</summary>
    public string? AudioSamplingRate { get; init; }

    /// <summary>The codecs (RFC 6381).</summary>
    public string? Codecs { get; init; }

    /// <summary>The container.</summary>
    public string? MimeType { get; init; }

    /// <summary>The language of its set.</summary>
    public string? Language { get; init; }

    /// <summary>The protection that applies to it: its own, and what it inherits from its set for schemes that it does not name itself.</summary>
    public IReadOnlyList<ContentProtection> ContentProtections { get; init; } = [];

    /// <summary>
    /// The scheme of an <c>EssentialProperty</c> of its own or of its set that is not understood; such a representation is not played (ISO/IEC 23009-1, 5.8.4.8).
    /// </summary>
    public string? UnknownEssential { get; init; }

    /// <summary>Where its segments are.</summary>
    public required RepresentationSegments Segments { get; init; }
}

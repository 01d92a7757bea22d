using Keyway.Timeline;

namespace Keyway.Dash;

/// <summary>Interchangeable versions of one track (ISO/IEC 23009-1, 5.3.3).</summary>
public sealed record AdaptationSet
{
    /// <summary>The descriptor of sets for trick mode only (DASH-IF IOP 4.3, 3.2.9).</summary>
    public const string TrickModeScheme = "http://dashif.org/guidelines/trickmode";

    /// <summary>Where in the manifest.</summary>
    public required string Path { get; init; }

    /// <summary>Its identifier.</summary>
    public string? Id { get; init; }

    /// <summary>What it is for.</summary>
    public MediaKind Kind { get; init; }

    /// <summary>Its language (RFC 5646).</summary>
    public string? Language { get; init; }

    /// <summary>Its label.</summary>
    public string? Label { get; init; }

    /// <summary>Its roles of the DASH scheme (<c>urn:mpeg:dash:role:2011</c>): <c>main</c>, <c>alternate</c>, <c>commentary</c> …</summary>
    public IReadOnlyList<string> Roles { get; init; } = [];

    /// <summary>Whether it is for trick mode only.</summary>
    public bool IsTrickMode { get; init; }

    /// <summary>The protection that stands in the set itself, or is inherited from above.</summary>
    public IReadOnlyList<ContentProtection> ContentProtections { get; init; } = [];

    /// <summary>The versions.</summary>
    public IReadOnlyList<Representation> Representations { get; init; } = [];
}

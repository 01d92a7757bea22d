using Keyway.Timeline;

namespace Keyway.Relay.Serving;

/// <summary>A period under our own name.</summary>
internal sealed record ServedPeriod
{
    /// <summary>Its number. Never another's.</summary>
    public required int Number { get; init; }

    /// <summary>When it begins, from the beginning of the presentation.</summary>
    public required TimeSpan Start { get; init; }

    /// <summary>Its length, where that is known.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>The period, as the newest manifest has it.</summary>
    public required TimelinePeriod Period { get; init; }

    /// <summary>Its renditions, served or not, in the manifest's order.</summary>
    public required IReadOnlyList<ServedRendition> Renditions { get; init; }
}

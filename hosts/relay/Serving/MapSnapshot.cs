using Keyway.Timeline;

namespace Keyway.Relay.Serving;

/// <summary>What is served at one moment. All manifests that are made of one agree with each other.</summary>
internal sealed record MapSnapshot
{
    /// <summary>Which one it is: they count up.</summary>
    public required int Version { get; init; }

    /// <summary>What it was made of.</summary>
    public required PresentationTimeline Timeline { get; init; }

    /// <summary>Its periods in order.</summary>
    public required IReadOnlyList<ServedPeriod> Periods { get; init; }

    /// <summary>Whether segments are still being added.</summary>
    public required bool IsLive { get; init; }

    /// <summary>All renditions of all periods.</summary>
    public IEnumerable<ServedRendition> Renditions => Periods.SelectMany(static period => period.Renditions);

    /// <summary>The period of a number; <see langword="null"/>: there is none, or no more.</summary>
    public ServedPeriod? Find(int period) => Periods.FirstOrDefault(each => each.Number == period);

    /// <summary>The rendition of two numbers; <see langword="null"/>: there is none, or no more.</summary>
    public ServedRendition? Find(int period, int rendition) => Find(period)?.Renditions.FirstOrDefault(each => each.Number == rendition);
}

using Keyway.Protection;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Content;

/// <summary>Content that was found and understood, before anybody asked for a key.</summary>
internal sealed record OpenedContent
{
    public required ContentOrigin Origin { get; init; }

    public required ContentKind Kind { get; init; }

    /// <summary>Its periods and renditions, as they were when it was opened.</summary>
    public required PresentationTimeline Timeline { get; init; }

    /// <summary>Every track; the chosen ones come first, in the order in which they are played.</summary>
    public required IReadOnlyList<ContentTrack> Tracks { get; init; }

    /// <summary>Its periods with what is chosen of each.</summary>
    public required IReadOnlyList<PeriodRow> Periods { get; init; }

    /// <summary>What was said about protection, to be merged where headers can be decoded.</summary>
    public required ProtectionMapBuilder Protection { get; init; }

    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Whether it is one file, which all its tracks are in.</summary>
    public bool IsOneFile => Timeline.Periods is [{ Renditions: [{ TrackId: not null }, ..] }];

    /// <summary>The renditions of a chosen track in the periods that have it.</summary>
    public IReadOnlyList<Rendition> RenditionsOf(int track) =>
        [.. Periods.Select(row => row.Tracks[track]).OfType<TrackPeriod>().Select(static period => period.Rendition)];
}

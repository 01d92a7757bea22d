using Keyway.Sources;

namespace Keyway.Timeline;

/// <summary>A presentation as its manifest describes it at one moment: periods, their renditions, and the segments of each. A file has one period.</summary>
public sealed record PresentationTimeline
{
    /// <summary>Where it came from.</summary>
    public required ContentOrigin Origin { get; init; }

    /// <summary>Its periods in order.</summary>
    public required IReadOnlyList<TimelinePeriod> Periods { get; init; }

    /// <summary>Its length, if it says so.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Of a live presentation: when what of it is there; <see langword="null"/>: it is complete.</summary>
    public LiveTiming? Live { get; init; }

    /// <summary>What is not as it should be.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>
    /// The DASH manifest that it was read from, as it was fetched, with the parts of it that stand in documents of their own (xlink) in their places: <see cref="Rendition.Path"/> counts elements
    /// in it. Empty for whatever else it came from.
    /// </summary>
    public ReadOnlyMemory<byte> Document { get; init; }

    /// <summary>Whether another one may follow.</summary>
    public bool MayChange => Live is { UpdatePeriod: not null };

    /// <summary>Key files that will be needed sooner or later, and may be asked for at once.</summary>
    internal IReadOnlyList<SegmentKey> KeysAhead { get; init; } = [];

    /// <summary>Those of the notes that report something missing.</summary>
    internal IReadOnlyList<string> LeftOut { get; init; } = [];

    /// <summary>What reads it again; <see langword="null"/> for a file.</summary>
    internal ITimelineSource? Source { get; init; }
}

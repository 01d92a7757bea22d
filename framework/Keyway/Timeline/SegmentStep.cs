namespace Keyway.Timeline;

/// <summary>What there is where a reader looks for a segment.</summary>
public enum SegmentStepKind
{
    /// <summary>There is none.</summary>
    None = 0,

    /// <summary>It is there.</summary>
    Ready,

    /// <summary>It will be there at a known time.</summary>
    Later,

    /// <summary>The manifest does not name it yet.</summary>
    Unlisted,

    /// <summary>The rendition is over.</summary>
    Ended,
}

/// <summary>One step along a rendition.</summary>
public readonly record struct SegmentStep
{
    /// <summary>What there is.</summary>
    public required SegmentStepKind Kind { get; init; }

    /// <summary>The segment, of <see cref="SegmentStepKind.Ready"/> and <see cref="SegmentStepKind.Later"/>.</summary>
    public TimelineSegment Segment { get; init; }

    /// <summary>Of a live presentation: when it is, or was, there.</summary>
    public DateTimeOffset Available { get; init; }

    internal static SegmentStep Ready(TimelineSegment segment) => new() { Kind = SegmentStepKind.Ready, Segment = segment };
}

namespace Keyway.Dash;

/// <summary>What becomes of a segment that a reader of a growing presentation looks for.</summary>
internal enum SegmentStepKind
{
    /// <summary>There is none.</summary>
    None = 0,

    /// <summary>It is there.</summary>
    Ready,

    /// <summary>It will be there at a known time.</summary>
    Later,

    /// <summary>The manifest does not name it yet.</summary>
    Unlisted,

    /// <summary>The period is over.</summary>
    Ended,
}

/// <summary>One step along a growing presentation.</summary>
/// <param name="Kind">What there is.</param>
/// <param name="Segment">The segment, of <see cref="SegmentStepKind.Ready"/> and <see cref="SegmentStepKind.Later"/>.</param>
/// <param name="Available">When it is, or was, there.</param>
internal readonly record struct SegmentStep(SegmentStepKind Kind, MediaSegment Segment, DateTimeOffset Available);

namespace Keyway.Timeline;

/// <summary>The timing of a live presentation: which segments are available when.</summary>
public sealed record LiveTiming
{
    /// <summary>The wall-clock time of its beginning.</summary>
    public DateTimeOffset? AvailabilityStart { get; init; }

    /// <summary>When its manifest was made, by the clock of its service.</summary>
    public DateTimeOffset? PublishTime { get; init; }

    /// <summary>How far back segments stay available; <see langword="null"/>: to the beginning.</summary>
    public TimeSpan? TimeShiftBuffer { get; init; }

    /// <summary>After which time the manifest should be read again; <see langword="null"/>: it does not change any more.</summary>
    public TimeSpan? UpdatePeriod { get; init; }

    /// <summary>How far behind the live edge it wants to be played.</summary>
    public TimeSpan? SuggestedDelay { get; init; }

    /// <summary>How far the clock of its server was ahead of ours when it was fetched, by the answer's date.</summary>
    internal TimeSpan? ServerAhead { get; init; }
}

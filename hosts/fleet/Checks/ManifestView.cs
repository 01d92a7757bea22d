namespace Keyway.Fleet.Checks;

/// <summary>What is known of a manifest.</summary>
internal readonly record struct ManifestView
{
    /// <summary>When it was last asked for; <see langword="null"/>: never yet.</summary>
    public DateTimeOffset? AskedAt { get; init; }

    /// <summary>Why it could not be had or read the last time; <see langword="null"/>: it could.</summary>
    public string? Failure { get; init; }

    /// <summary>Since when.</summary>
    public DateTimeOffset? FailingSince { get; init; }

    /// <summary>When it last could.</summary>
    public DateTimeOffset? ReadAt { get; init; }

    /// <summary>Whether it is of something that goes on.</summary>
    public bool IsLive { get; init; }

    /// <summary>After which time it says that it should be read again.</summary>
    public TimeSpan? UpdatePeriod { get; init; }

    /// <summary>How long its segments are.</summary>
    public TimeSpan SegmentLength { get; init; }

    /// <summary>When the newest segment that it lists became another one, by our clock; <see langword="null"/>: it lists none.</summary>
    public DateTimeOffset? AdvancedAt { get; init; }

    /// <summary>What of it went back, the last time that something did.</summary>
    public string? Regression { get; init; }

    public DateTimeOffset? RegressedAt { get; init; }

    /// <summary>How far the clock that it names is ahead of ours; <see langword="null"/>: nobody tells.</summary>
    public TimeSpan? ClockAhead { get; init; }

    /// <summary>What is missing between segments that it lists.</summary>
    public string? Gap { get; init; }

    public DateTimeOffset? GapAt { get; init; }
}

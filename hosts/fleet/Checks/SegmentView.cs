namespace Keyway.Fleet.Checks;

/// <summary>What is known of segments.</summary>
internal readonly record struct SegmentView
{
    /// <summary>When one was last asked for; <see langword="null"/>: never yet.</summary>
    public DateTimeOffset? AskedAt { get; init; }

    /// <summary>Which rendition it is of.</summary>
    public string? Rendition { get; init; }

    /// <summary>Why it could not be had; <see langword="null"/>: it came.</summary>
    public string? Failure { get; init; }

    /// <summary>How many times in a row none came.</summary>
    public int Failures { get; init; }

    /// <summary>How long it plays.</summary>
    public TimeSpan Length { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan Took { get; init; }

    public long Bytes { get; init; }

    /// <summary>How much too late the last one was there that was not there when its manifest said so; zero: none was.</summary>
    public TimeSpan Late { get; init; }

    public DateTimeOffset? LateAt { get; init; }
}

namespace Keyway.Timeline;

/// <summary>A segment that is whole and fits its rendition.</summary>
internal sealed class CheckedSegment : IAsyncDisposable
{
    public required TimelineSegment Segment { get; init; }

    /// <summary>Its boxes, and nothing but boxes; of a very large one its beginning.</summary>
    public required Memory<byte> Bytes { get; init; }

    /// <summary>Of one that is larger than what is read whole: what comes after <see cref="Bytes"/>, and is checked as it passes.</summary>
    public Stream? Rest { get; init; }

    /// <summary>When its first sample is decoded, on the clock of the media; <see langword="null"/>: it does not say.</summary>
    public TimeSpan? Time { get; init; }

    /// <summary>How long its samples are together.</summary>
    public TimeSpan Length { get; init; }

    /// <summary>Where its counter of initialisation vectors begins and ends; <see langword="null"/>: they are not counted.</summary>
    public (UInt128 First, UInt128 Last)? Vectors { get; init; }

    /// <summary>Places among its bytes of offsets that count from the beginning of the file (<c>tfhd</c>), and what they say.</summary>
    public IReadOnlyList<(int Place, long Offset)> AbsoluteOffsets { get; init; } = [];

    /// <summary>What is odd about it and does no harm.</summary>
    public string? Note { get; init; }

    public ValueTask DisposeAsync() => Rest?.DisposeAsync() ?? ValueTask.CompletedTask;
}

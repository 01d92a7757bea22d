using System.Buffers;
using Keyway.MediaUnits;

namespace Keyway.Timeline;

/// <summary>A segment that is whole and fits its rendition.</summary>
internal sealed class CheckedSegment : IAsyncDisposable
{
    private bool _isHandedOn;

    public required TimelineSegment Segment { get; init; }

    /// <summary>Its boxes, and nothing but boxes; of a very large one its beginning.</summary>
    public required Memory<byte> Bytes { get; init; }

    /// <summary>Of one that is larger than what is read whole: what comes after <see cref="Bytes"/>, and is checked as it passes.</summary>
    public Stream? Rest { get; init; }

    /// <summary>When its first sample is decoded, on the clock of the media; <see langword="null"/>: it does not say.</summary>
    public TimeSpan? Time { get; init; }

    /// <summary>When its first sync sample is decoded, on the clock of the media; <see langword="null"/>: it has none, or does not say when.</summary>
    public TimeSpan? FirstSync { get; init; }

    /// <summary>How long its samples are together.</summary>
    public TimeSpan Length { get; init; }

    /// <summary>Where its counter of initialisation vectors begins and ends; <see langword="null"/>: they are not counted.</summary>
    public (UInt128 First, UInt128 Last)? Vectors { get; init; }

    /// <summary>The shared array that holds the bytes; <see langword="null"/>: they are in one of their own.</summary>
    public byte[]? Pooled { get; init; }

    /// <summary>It as it was, where it was put into another container to be read; empty where it was not. Valid as long as this.</summary>
    public ReadOnlyMemory<byte> Original { get; init; }

    /// <summary>What is unusual about it but harmless.</summary>
    public string? Note { get; set; }

    /// <summary>How many bytes were read of it so far.</summary>
    public long Size => Bytes.Length;

    /// <summary>It as the next unit of its track. Ownership: all of it is the unit's from now on.</summary>
    /// <param name="place">When it is played.</param>
    public MediaUnit ToUnit(SamplePlace? place)
    {
        _isHandedOn = true;
        long origin = Segment.Range?.First ?? 0;
        // What is encrypted as a whole is clear by now.
        SegmentKey? key = Segment.Key is { Method: not SegmentKeyMethod.Aes128 } said ? said : null;
        return Rest is null
            ? MediaUnit.Segment(Bytes, Segment.Name, place, Pooled, origin, Segment.IsDiscontinuity, key)
            : MediaUnit.Segment(new PassingStream(Bytes, Rest, Segment.Name), Segment.Name, place, origin, Segment.IsDiscontinuity, key);
    }

    public async ValueTask DisposeAsync()
    {
        if (_isHandedOn) return;
        _isHandedOn = true;
        if (Rest is not null) await Rest.DisposeAsync().ConfigureAwait(false);
        if (Pooled is not null) ArrayPool<byte>.Shared.Return(Pooled);
    }
}

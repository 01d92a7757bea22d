using Keyway.Sources;

namespace Keyway.Timeline;

/// <summary>One media segment of a rendition: the unit in which a presentation is fetched, checked and handed on. Also an initialisation segment, which has no time.</summary>
public readonly record struct TimelineSegment
{
    private readonly ulong _timescale;

    /// <summary>Where it is.</summary>
    public required Uri Address { get; init; }

    /// <summary>The part of it that is the segment; <see langword="null"/>: all.</summary>
    public ByteRange? Range { get; init; }

    /// <summary>Where else it is: other servers that the manifest names for the same content.</summary>
    public IReadOnlyList<Uri>? Alternatives { get; init; }

    /// <summary>Its number.</summary>
    public ulong Number { get; init; }

    /// <summary>When it begins, in units of <see cref="Timescale"/>, on the clock of the media.</summary>
    public ulong Time { get; init; }

    /// <summary>Its duration in the same units; 0 when the manifest does not say, nor <see cref="Time"/>.</summary>
    public ulong Duration { get; init; }

    /// <summary>Units per second of <see cref="Time"/> and <see cref="Duration"/>.</summary>
    public ulong Timescale
    {
        get => _timescale == 0 ? 1 : _timescale;
        init => _timescale = value;
    }

    /// <summary>The keys that its samples need, where the manifest says so of this segment; <see langword="null"/>: those of its rendition.</summary>
    public IReadOnlyList<KeyId>? KeyIds { get; init; }

    /// <summary>Whether its timestamps, or what it is, do not go on from the segment before it.</summary>
    public bool IsDiscontinuity { get; init; }

    /// <summary>Whether it is not there, and its manifest says so: only its time passes.</summary>
    internal bool IsGap { get; init; }

    /// <summary>When it begins, on the clock of the media.</summary>
    public TimeSpan Start => MediaTime.Span(Time, Timescale);

    /// <summary>How long it is; zero: that is not said.</summary>
    public TimeSpan Length => MediaTime.Span(Duration, Timescale);

    /// <summary>Its name for messages: the address without its query, and the bytes where it is a part of a file.</summary>
    public string Name => Part.Name;

    /// <summary>What it is encrypted with, where the playlist says so of this segment; <see langword="null"/>: nothing but what its own boxes say.</summary>
    internal SegmentKey? Key { get; init; }

    /// <summary>What makes of the bytes that are at the address those that are meant, where the reader of its manifest knows it; <see langword="null"/>: they are the same.</summary>
    internal ISegmentOpening? Opening { get; init; }

    /// <summary>What its playlist says of other segments that may explain what this one is, where it is nothing that is known; <see langword="null"/>: nothing.</summary>
    internal string? Hint { get; init; }

    /// <summary>What knows where else it is; <see langword="null"/>: nothing.</summary>
    internal ISegmentMirrors? Mirrors { get; init; }

    /// <summary>Where it is, and as what it is fetched. What is encrypted as a whole cannot be opened by it.</summary>
    internal SegmentPart Part => PartFor(null, null);

    /// <summary>How it is fetched as media.</summary>
    /// <param name="keys">What opens segments that are encrypted as a whole; <see langword="null"/>: nothing does, and one that is cannot be had.</param>
    /// <param name="origin">Where its manifest came from; without it nothing that is encrypted as a whole can be had either.</param>
    internal SegmentPart PartFor(ISegmentKeys? keys, ContentOrigin? origin) => new(Address, Range, IsMedia: true, Alternatives)
    {
        Mirrors = MirrorsOf(this),
        Opening = Key is { Method: SegmentKeyMethod.Aes128 } key ? new SegmentOpening(key, keys, origin) : Opening,
    };

    private static Func<CancellationToken, ValueTask<IReadOnlyList<Uri>>>? MirrorsOf(TimelineSegment segment) => segment.Mirrors is { } mirrors ? cancellationToken => mirrors.FindAsync(segment, cancellationToken) : null;
}

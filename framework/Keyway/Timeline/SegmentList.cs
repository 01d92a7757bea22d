using Keyway.Sources;

namespace Keyway.Timeline;

/// <summary>Where the segments of one rendition are, and when they are played: of a presentation that is complete and of a live one alike.</summary>
/// <remarks>
/// <para>Segments are worked out when they are asked for. Times of a period count from its beginning, <see cref="TimelineSegment.Time"/> on the clock of the media:
/// the two are <see cref="MediaOffset"/> apart.</para>
/// <para>Where only an index in the file tells where segments are (<see cref="IsIndexed"/>), the list has to be read before it answers
/// (<c>Presentation.SegmentsAsync</c>).</para>
/// Threads: any.
/// </remarks>
public abstract class SegmentList
{
    /// <summary>Where the rendition stands in its manifest, for messages.</summary>
    public abstract string Path { get; }

    /// <summary>Whether segments are added to it while it is played.</summary>
    public virtual bool IsLive => false;

    /// <summary>Units per second of times and durations.</summary>
    public abstract ulong Timescale { get; }

    /// <summary>How far the clock of the media is ahead of the period's (<c>@presentationTimeOffset</c>).</summary>
    public TimeSpan MediaOffset => MediaTime.Span(MediaOffsetUnits, Timescale);

    /// <summary>The same, exact: in units of <see cref="Timescale"/>.</summary>
    public virtual ulong MediaOffsetUnits => 0;

    /// <summary>The initialisation segment; <see langword="null"/> where there is none of its own.</summary>
    /// <exception cref="ManifestException">The manifest says it in a way that cannot be understood.</exception>
    public abstract TimelineSegment? Initialization { get; }

    /// <summary>Whether an index in the file has to be read before it is known where segments are.</summary>
    public virtual bool IsIndexed => false;

    /// <summary>Whether it is one file, and nothing says where its segments are.</summary>
    public abstract bool IsWholeFile { get; }

    /// <summary>The segments that the period plays, in order, as they are asked for. Those of a live presentation that are there at a time.</summary>
    /// <param name="now">Of a live presentation: the time.</param>
    /// <returns>The segments: without those that end before the period begins, or begin when it has ended (ISO/IEC 23009-1, 7.2.1).</returns>
    /// <exception cref="ManifestException">The manifest says it in a way that cannot be understood, or there are more than are read.</exception>
    public abstract IEnumerable<TimelineSegment> Played(DateTimeOffset? now = null);

    /// <summary>How many segments the period plays; <see langword="null"/> where only an index can tell.</summary>
    /// <param name="now">Of a live presentation: the time.</param>
    /// <returns>The number.</returns>
    /// <exception cref="ManifestException">As for <see cref="Played"/>.</exception>
    public virtual long? CountPlayed(DateTimeOffset? now = null) => Played(now).LongCount();

    /// <summary>The segment after one.</summary>
    /// <param name="after">When that one begins, on the clock of the media, in units of <see cref="Timescale"/>; <see langword="null"/>: the first that there is.</param>
    /// <param name="now">Of a live presentation: the time.</param>
    /// <returns>The segment, or why there is none.</returns>
    /// <exception cref="ManifestException">As for <see cref="Played"/>.</exception>
    public virtual SegmentStep Next(ulong? after, DateTimeOffset now)
    {
        foreach (TimelineSegment segment in Played(now))
            if (after is not { } time || segment.Time > time) return SegmentStep.Ready(segment);
        return new SegmentStep { Kind = SegmentStepKind.Ended };
    }

    /// <summary>The segment at a time, or the newest before it that is there.</summary>
    /// <param name="sinceStart">The time, from the beginning of the period.</param>
    /// <param name="now">Of a live presentation: the time.</param>
    /// <returns>The segment; none where there is none yet.</returns>
    /// <exception cref="ManifestException">As for <see cref="Played"/>.</exception>
    public virtual SegmentStep At(TimeSpan sinceStart, DateTimeOffset now)
    {
        SegmentStep found = default;
        foreach (TimelineSegment segment in Played(now))
        {
            if (found.Kind == SegmentStepKind.Ready && StartOf(segment) > sinceStart) break;
            found = SegmentStep.Ready(segment);
        }

        return found;
    }

    /// <summary>The segment of a number.</summary>
    /// <param name="number">Its number (<see cref="TimelineSegment.Number"/>).</param>
    /// <param name="now">Of a live presentation: the time.</param>
    /// <returns>The segment, or why there is none.</returns>
    /// <exception cref="ManifestException">As for <see cref="Played"/>.</exception>
    public virtual SegmentStep Numbered(ulong number, DateTimeOffset now)
    {
        foreach (TimelineSegment segment in Played(now))
            if (segment.Number == number) return SegmentStep.Ready(segment);
        return new SegmentStep { Kind = IsLive ? SegmentStepKind.Unlisted : SegmentStepKind.None };
    }

    /// <summary>The newest segment that is there; of what is complete the last one.</summary>
    /// <param name="now">Of a live presentation: the time.</param>
    /// <returns>The segment; none where there is none yet.</returns>
    /// <exception cref="ManifestException">As for <see cref="Played"/>.</exception>
    public SegmentStep Newest(DateTimeOffset now) => At(TimeSpan.MaxValue, now);

    /// <summary>The segments that have something to play between two times.</summary>
    /// <param name="from">From when, from the beginning of the period.</param>
    /// <param name="until">Until when, not included; <see langword="null"/>: until the end.</param>
    /// <param name="now">Of a live presentation: the time.</param>
    /// <returns>The segments in order. One that does not say its time is among them.</returns>
    /// <exception cref="ManifestException">As for <see cref="Played"/>.</exception>
    public virtual IEnumerable<TimelineSegment> Range(TimeSpan from, TimeSpan? until, DateTimeOffset? now = null)
    {
        foreach (TimelineSegment segment in Played(now))
        {
            if (segment.Duration > 0 && StartOf(segment) + segment.Length <= from) continue;
            if (segment.Duration > 0 && StartOf(segment) >= until) yield break;
            yield return segment;
        }
    }

    /// <summary>When a segment begins, from the beginning of the period; zero where it begins before.</summary>
    /// <param name="segment">The segment, of this rendition.</param>
    /// <returns>The time.</returns>
    public TimeSpan StartOf(TimelineSegment segment) => SinceStart(segment.Time);

    /// <summary>The file of a rendition that is in one.</summary>
    internal abstract SegmentPart WholeFile { get; }

    /// <summary>Whether it is one file, its initialisation segment a part of it. One in another file has to be put before it.</summary>
    internal abstract bool IsInOneFile { get; }

    /// <summary>The bytes of the index in the file.</summary>
    internal virtual ByteRange? Index => null;

    /// <summary>Whether segments are named one by one or by a rule that goes on: what has ended can be read to its end.</summary>
    internal virtual bool IsEnumerable => false;

    /// <summary>Of a live presentation: when the first listed segment begins and the last one ends; <see langword="null"/> where none is listed, or the last is open.</summary>
    internal virtual (DateTimeOffset FirstStart, DateTimeOffset LastEnd)? ListedSpan => null;

    /// <summary>Of a live presentation: how much of the period is past.</summary>
    internal virtual TimeSpan Elapsed(DateTimeOffset now) => TimeSpan.Zero;

    /// <summary>Of segments that an index names, those that the period plays.</summary>
    internal virtual IEnumerable<TimelineSegment> Within(IEnumerable<TimelineSegment> segments) => segments;

    /// <summary>Whether there is, or may be, an index to be read.</summary>
    internal virtual bool MayHaveIndex => IsIndexed;

    /// <summary>Whether its list stands in a document of its own, which has not been read: <see cref="OpenAsync"/> does.</summary>
    internal virtual bool IsElsewhere => false;

    /// <summary>Whether its container is one that is read, as far as its own document says.</summary>
    internal virtual bool IsReadable => true;

    /// <summary>What finds the beginning of the media's clock, where the manifest names durations only; <see langword="null"/>: times are those of the media.</summary>
    internal virtual MediaAnchor? Anchor => null;

    /// <summary>Whether samples before and behind the period are not played. Where the manifest names durations only, they are rounded, and every sample belongs to the period of its segment.</summary>
    internal virtual bool IsCutToPeriod => true;

    /// <summary>What its document says about protection, where that has been read with it.</summary>
    internal virtual IReadOnlyList<RenditionProtection> OwnProtection => [];

    /// <summary>Makes the list answer: of one with an index that is read.</summary>
    /// <returns>The list itself where nothing is to be read; one that is a whole file where the index names nothing.</returns>
    /// <exception cref="MediaFormatException">The index is malformed.</exception>
    /// <exception cref="SourceException">The index cannot be reached.</exception>
    internal virtual ValueTask<SegmentList> OpenAsync(MediaSources sources, ContentOrigin origin, CancellationToken cancellationToken) =>
        IsIndexed ? IndexedSegmentList.ReadAsync(sources, origin, this, cancellationToken) : new(this);

    private protected TimeSpan SinceStart(UInt128 time) => time <= MediaOffsetUnits ? TimeSpan.Zero : MediaTime.Span(time - MediaOffsetUnits, Timescale);
}

using Keyway.Sources;

namespace Keyway.Timeline;

/// <summary>The segments of a rendition in one file, as the index in that file names them.</summary>
internal sealed class IndexedSegmentList : SegmentList
{
    private readonly SegmentList _named;
    private readonly TimelineSegment[] _segments;

    private IndexedSegmentList(SegmentList named, TimelineSegment[] all)
    {
        _named = named;
        _segments = [.. named.Within(all)];
        // The first has the scale of all.
        Timescale = all[0].Timescale;
        MediaOffsetUnits = (ulong)UInt128.Min(MediaTime.Units(named.MediaOffset, Timescale), ulong.MaxValue);
        TimelineSegment? initialization = named.Initialization;
        bool own = initialization is null || initialization.Value.Address == all[0].Address;
        // What stands before the first segment describes it, unless the manifest says which part of it does.
        TimelineSegment before = new() { Address = all[0].Address, Range = new ByteRange(0, all[0].Range!.Value.First - 1), Alternatives = all[0].Alternatives };
        Initialization = own && initialization?.Range is null ? all[0].Range!.Value.First > 0 ? before : null : initialization;
    }

    public override string Path => _named.Path;

    public override ulong Timescale { get; }

    public override ulong MediaOffsetUnits { get; }

    public override TimelineSegment? Initialization { get; }

    public override bool IsWholeFile => false;

    internal override bool IsInOneFile => false;

    internal override bool IsEnumerable => true;

    internal override SegmentPart WholeFile => _named.WholeFile;

    /// <summary>Reads the index of a list.</summary>
    /// <exception cref="MediaFormatException">The index is malformed.</exception>
    /// <exception cref="SourceException">The index cannot be reached.</exception>
    public static async ValueTask<SegmentList> ReadAsync(MediaSources sources, ContentOrigin origin, SegmentList list, CancellationToken cancellationToken)
    {
        IReadOnlyList<TimelineSegment> all = await SegmentIndex.ReadAsync(sources, origin, list, cancellationToken).ConfigureAwait(false);
        return all.Count > 0 ? new IndexedSegmentList(list, [.. all]) : list;
    }

    public override IEnumerable<TimelineSegment> Played(DateTimeOffset? now = null) => _segments;

    public override long? CountPlayed(DateTimeOffset? now = null) => _segments.Length;

    public override SegmentStep Next(ulong? after, DateTimeOffset now)
    {
        int next = after is { } time ? IndexAt(time) + 1 : 0;
        return next < _segments.Length ? SegmentStep.Ready(_segments[next]) : new SegmentStep { Kind = SegmentStepKind.Ended };
    }

    public override SegmentStep At(TimeSpan sinceStart, DateTimeOffset now)
    {
        if (_segments.Length == 0) return default;
        UInt128 wanted = MediaOffsetUnits + MediaTime.Units(sinceStart, Timescale);
        return SegmentStep.Ready(_segments[Math.Max(0, IndexAt((ulong)UInt128.Min(wanted, ulong.MaxValue)))]);
    }

    // The last that does not begin after a time; -1: none.
    private int IndexAt(ulong time)
    {
        int low = 0, high = _segments.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_segments[middle].Time <= time) low = middle + 1;
            else high = middle;
        }

        return low - 1;
    }
}

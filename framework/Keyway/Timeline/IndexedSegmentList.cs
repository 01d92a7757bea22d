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

    /// <summary>Makes a list answer: of one with an index that is read.</summary>
    /// <returns>The list itself where nothing is to be read; one that is a whole file where the index names nothing.</returns>
    /// <exception cref="MediaFormatException">The index is malformed.</exception>
    /// <exception cref="SourceException">The index cannot be reached.</exception>
    public static async ValueTask<SegmentList> OpenAsync(MediaSources sources, ContentOrigin origin, SegmentList list, CancellationToken cancellationToken)
    {
        if (!list.IsIndexed) return list;
        IReadOnlyList<TimelineSegment> all = await SegmentIndex.ReadAsync(sources, origin, list, cancellationToken).ConfigureAwait(false);
        return all.Count > 0 ? new IndexedSegmentList(list, [.. all]) : list;
    }

    public override IEnumerable<TimelineSegment> Played(DateTimeOffset? now = null) => _segments;

    public override long? CountPlayed(DateTimeOffset? now = null) => _segments.Length;
}

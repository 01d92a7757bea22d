using Keyway.Sources;

namespace Keyway.Timeline;

/// <summary>The segments of a file that is a presentation of its own: as its index names them, or the file.</summary>
internal sealed class FileSegments(Uri file, string path, ByteRange? index, ByteRange? initialization) : SegmentList
{
    public override string Path => path;

    public override ulong Timescale => 1;

    public override bool IsIndexed => index is not null;

    public override bool IsWholeFile => index is null;

    public override TimelineSegment? Initialization => initialization is { } range ? new TimelineSegment { Address = file, Range = range } : null;

    public override IEnumerable<TimelineSegment> Played(DateTimeOffset? now = null) => [new TimelineSegment { Address = file }];

    public override long? CountPlayed(DateTimeOffset? now = null) => index is null ? 1 : null;

    internal override ByteRange? Index => index;

    internal override SegmentPart WholeFile => new(file, null, IsMedia: true);

    internal override bool IsInOneFile => true;
}

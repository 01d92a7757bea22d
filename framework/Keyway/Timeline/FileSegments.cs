using Keyway.Sources;

namespace Keyway.Timeline;

/// <summary>The segments of a file that is a presentation of its own: those that its index names, or the file.</summary>
internal sealed class FileSegments(Uri file, string path, ByteRange? index = null) : SegmentList
{
    public override string Path => path;

    public override ulong Timescale => 1;

    public override bool IsIndexed => index is not null;

    public override bool IsWholeFile => index is null;

    internal override bool MayHaveIndex => true;

    public override TimelineSegment? Initialization => null;

    internal override ByteRange? Index => index;

    internal override SegmentPart WholeFile => new(file, null, IsMedia: true);

    internal override bool IsInOneFile => true;

    public override IEnumerable<TimelineSegment> Played(DateTimeOffset? now = null) => [new TimelineSegment { Address = file }];

    public override long? CountPlayed(DateTimeOffset? now = null) => index is null ? 1 : null;

    /// <summary>Looks whether the file has an index, and reads it.</summary>
    internal override async ValueTask<SegmentList> OpenAsync(MediaSources sources, ContentOrigin origin, CancellationToken cancellationToken)
    {
        ByteRange? found = index ?? await FileIndex.FindAsync(new AlternativeSource(sources, origin), WholeFile, cancellationToken).ConfigureAwait(false);
        return found is null ? this : await IndexedSegmentList.ReadAsync(sources, origin, new FileSegments(file, path, found), cancellationToken).ConfigureAwait(false);
    }
}

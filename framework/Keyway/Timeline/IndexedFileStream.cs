using Keyway.Sources;

namespace Keyway.Timeline;

/// <summary>A file with an index, as it is: no byte moves, so every offset in it stays true. Reports how many segments were read.</summary>
internal sealed class IndexedFileStream(Stream inner, IReadOnlyList<TimelineSegment> segments, IProgress<SegmentProgress>? progress) : DelegatingStream(inner)
{
    private long _read;
    private long _forward;
    private int _segments;

    public SegmentProgress Progress => new(_segments, segments.Count, _read);

    public override int Read(Span<byte> buffer) => Count(Inner.Read(buffer));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Count(await Inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false));

    private int Count(int read)
    {
        if (read == 0) return 0;
        _read += read;
        _forward = Inner.CanSeek ? Math.Max(_forward, Inner.Position) : _read;
        int before = _segments;
        while (_segments < segments.Count && segments[_segments].Range!.Value.Last < _forward) _segments++;
        if (_segments != before) progress?.Report(Progress);
        return read;
    }
}

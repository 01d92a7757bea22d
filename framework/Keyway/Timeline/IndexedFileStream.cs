using Keyway.Sources;

namespace Keyway.Timeline;

/// <summary>A file with an index, as it is: no byte moves, so every offset in it stays true. Tells how many segments were read.</summary>
internal sealed class IndexedFileStream(Stream inner, IReadOnlyList<TimelineSegment> segments, IProgress<SegmentProgress>? progress) : Stream
{
    private long _read;
    private long _forward;
    private int _segments;

    public SegmentProgress Progress => new(_segments, segments.Count, _read);

    public override bool CanRead => inner.CanRead;

    public override bool CanSeek => inner.CanSeek;

    public override bool CanWrite => false;

    public override long Length => inner.Length;

    public override long Position
    {
        get => inner.Position;
        set => inner.Position = value;
    }

    public override int Read(byte[] buffer, int offset, int count) => Count(inner.Read(buffer, offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Count(await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }

    private int Count(int read)
    {
        if (read == 0) return 0;
        _read += read;
        _forward = inner.CanSeek ? Math.Max(_forward, inner.Position) : _read;
        int before = _segments;
        while (_segments < segments.Count && segments[_segments].Range!.Value.Last < _forward) _segments++;
        if (_segments != before) progress?.Report(Progress);
        return read;
    }
}

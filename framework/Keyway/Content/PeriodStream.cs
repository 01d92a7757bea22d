using Keyway.Dash;
using Keyway.Sources;

namespace Keyway.Content;

/// <summary>One track of several periods, one after the other, and when what each describes is played.</summary>
/// <remarks>Threads: one reader.</remarks>
internal sealed class PeriodStream(MediaSources sources, ContentOrigin origin, IReadOnlyList<PeriodRow> rows, int track, TimeSpan beginning, DateTimeOffset now, Action<long, long>? tell) : Stream
{
    private readonly List<(long Offset, TimeSpan Shift)> _shifts = [];
    private Stream? _current;
    private int _next;
    private long _position;
    private long _segments;
    private long _segmentsBefore;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    /// <summary>How much later a period's samples are played than they say.</summary>
    public static TimeSpan ShiftOf(PeriodRow row, TrackPeriod period) => (row.Period.Start ?? TimeSpan.Zero) - period.Representation.Segments.MediaOffset;

    /// <summary>The shift of what a box at this place describes.</summary>
    public TimeSpan ShiftAt(long offset) => _shifts.FindLast(each => each.Offset <= offset).Shift;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            if (_current is null)
            {
                while (_next < rows.Count && rows[_next].Tracks[track] is null) _next++;
                if (_next == rows.Count) return 0;
                TrackPeriod period = rows[_next].Tracks[track]!;
                _shifts.Add((_position, ShiftOf(rows[_next], period) - beginning));
                _next++;
                _current = await RepresentationStream.OpenAsync(sources, origin, [period.Representation], now, new Teller(Tell), cancellationToken).ConfigureAwait(false);
            }

            int read = await _current.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            _position += read;
            if (read > 0) return read;
            await _current.DisposeAsync().ConfigureAwait(false);
            _current = null;
            _segmentsBefore = _segments;
        }

        return 0;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override async ValueTask DisposeAsync()
    {
        if (_current is not null) await _current.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _current?.Dispose();
        base.Dispose(disposing);
    }

    private void Tell(SegmentProgress progress)
    {
        _segments = _segmentsBefore + progress.Segments;
        tell?.Invoke(_segments, _position);
    }

    private sealed class Teller(Action<SegmentProgress> tell) : IProgress<SegmentProgress>
    {
        public void Report(SegmentProgress value) => tell(value);
    }
}

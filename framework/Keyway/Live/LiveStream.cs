using System.IO.Pipelines;

namespace Keyway.Live;

/// <summary>One track of a growing presentation as a stream that only goes forward: it waits where the next segment has yet to come.</summary>
/// <remarks>Threads: one reader.</remarks>
internal sealed class LiveStream : Stream
{
    private readonly Pipe _pipe = new(new PipeOptions(pauseWriterThreshold: LiveLimits.ReadAhead, resumeWriterThreshold: LiveLimits.ReadAhead / 2, minimumSegmentSize: 64 << 10, useSynchronizationContext: false));
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _gate = new();
    private readonly List<(long Offset, TimeSpan Shift)> _shifts = [];
    private readonly Stream _reader;
    private readonly TaskCompletionSource<bool> _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task<bool>? _writing;
    private long _written;

    public LiveStream() => _reader = _pipe.Reader.AsStream();

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>What is written into it. It ends when that ends, and fails when that fails.</summary>
    public void Begin(Func<LiveStream, CancellationToken, Task<bool>> write) => _writing = Task.Run(async () =>
    {
        try
        {
            bool more = await write(this, _end.Token).ConfigureAwait(false);
            _begun.TrySetResult(false);
            await _pipe.Writer.CompleteAsync().ConfigureAwait(false);
            return more;
        }
        catch (Exception exception)
        {
            // Whatever it was, the reader is the one to hear of it.
            _begun.TrySetResult(true);
            await _pipe.Writer.CompleteAsync(exception).ConfigureAwait(false);
            return false;
        }
    });

    /// <summary>Waits for the first bytes.</summary>
    /// <returns><see langword="false"/>: it ended without any.</returns>
    public Task<bool> HasBegunAsync(CancellationToken cancellationToken) => _begun.Task.WaitAsync(cancellationToken);

    /// <summary>Whether more of the track follows, in another file. Known when the stream has ended.</summary>
    public async ValueTask<bool> HasMoreAsync(CancellationToken cancellationToken)
    {
        if (_writing is null) return false;
        return await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes an initialisation segment, and how much later than they say the samples behind it are played.</summary>
    public ValueTask WriteInitializationAsync(ReadOnlyMemory<byte> bytes, TimeSpan shift, CancellationToken cancellationToken)
    {
        lock (_gate) _shifts.Add((_written, shift));
        return WriteSegmentAsync(bytes, cancellationToken);
    }

    /// <summary>Writes a segment.</summary>
    public async ValueTask WriteSegmentAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        _written += bytes.Length;
        _begun.TrySetResult(true);
        await _pipe.Writer.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The shift of what a box at this place describes.</summary>
    public TimeSpan ShiftAt(long offset)
    {
        lock (_gate) return _shifts.FindLast(each => each.Offset <= offset).Shift;
    }

    public override int Read(byte[] buffer, int offset, int count) => _reader.Read(buffer, offset, count);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => _reader.ReadAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => _reader.ReadAsync(buffer, offset, count, cancellationToken);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await _reader.DisposeAsync().ConfigureAwait(false);
        if (_writing is not null) await _writing.ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            // The writer sees it and ends.
            _end.Cancel();
            _reader.Dispose();
        }

        base.Dispose(disposing);
    }
}

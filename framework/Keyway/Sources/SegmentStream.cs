using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;

namespace Keyway.Sources;

/// <summary>Initialisation and media segments, one after the other, as one stream that only goes forward.</summary>
/// <remarks>
/// Reads ahead: at most <see cref="ReadAhead"/> bytes wait in memory, and while one segment is read the next one is already asked for.
/// Segments are taken from their sequence one by one, so that a sequence may be as long as it likes.
/// Threads: one reader.
/// </remarks>
internal sealed class SegmentStream : ForwardStream
{
    /// <summary>How many bytes may wait for the reader.</summary>
    public const int ReadAhead = SourceLimits.ReadAhead;

    private readonly Func<SegmentPart, CancellationToken, ValueTask<Stream>> _open;
    private readonly IEnumerable<SegmentPart> _parts;
    private readonly long? _total;
    private readonly IProgress<SegmentProgress>? _progress;
    private readonly Pipe _pipe = new(new PipeOptions(pauseWriterThreshold: ReadAhead, resumeWriterThreshold: ReadAhead / 2, minimumSegmentSize: 64 << 10, useSynchronizationContext: false));
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<(long End, bool IsMedia)> _ends = new();
    private Task? _pump;
    private long _position;
    private long _segments;
    private bool _disposed;

    /// <summary>Makes a stream; nothing is fetched before it is read.</summary>
    /// <param name="sources">What opens the pieces.</param>
    /// <param name="origin">Where the manifest came from.</param>
    /// <param name="parts">The pieces in order; enumerated once, as far as is read.</param>
    /// <param name="total">How many media segments there are, if that is known.</param>
    /// <param name="progress">Called at the end of each segment.</param>
    public SegmentStream(MediaSources sources, ContentOrigin origin, IEnumerable<SegmentPart> parts, long? total = null, IProgress<SegmentProgress>? progress = null)
        : this(new AlternativeSource(sources, origin).OpenAsync, parts, total, progress)
    {
    }

    internal SegmentStream(Func<SegmentPart, CancellationToken, ValueTask<Stream>> open, IEnumerable<SegmentPart> parts, long? total, IProgress<SegmentProgress>? progress)
    {
        _open = open;
        _parts = parts;
        _total = total;
        _progress = progress;
    }

    /// <summary>How far it has been read.</summary>
    public SegmentProgress Progress => new(_segments, _total, _position);

    /// <inheritdoc/>
    public override bool CanRead => !_disposed;

    /// <inheritdoc/>
    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (buffer.IsEmpty) return 0;
        _pump ??= Task.Run(() => PumpAsync(_stop.Token), CancellationToken.None);
        ReadResult result = await _pipe.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        ReadOnlySequence<byte> waiting = result.Buffer;
        int read = (int)Math.Min(buffer.Length, waiting.Length);
        waiting.Slice(0, read).CopyTo(buffer.Span);
        _pipe.Reader.AdvanceTo(waiting.GetPosition(read));
        _position += read;
        Count();
        return read;
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (!_disposed)
        {
            _disposed = true;
            await _stop.CancelAsync().ConfigureAwait(false);
            await _pipe.Reader.CompleteAsync().ConfigureAwait(false);
            if (_pump is not null) await _pump.ConfigureAwait(false);
            _stop.Dispose();
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;

            // The pump sees the cancellation and cleans up behind itself; it never faults.
            _stop.Cancel();
            _pipe.Reader.Complete();
        }

        base.Dispose(disposing);
    }

    private void Count()
    {
        bool told = false;
        while (_ends.TryPeek(out (long End, bool IsMedia) first) && first.End <= _position && _ends.TryDequeue(out _))
        {
            if (!first.IsMedia) continue;
            _segments++;
            told = true;
        }

        if (told) _progress?.Report(Progress);
    }

    private async Task PumpAsync(CancellationToken stop)
    {
        Exception? failure = null;
        Task<Stream>? next = null;
        try
        {
            using IEnumerator<SegmentPart> parts = _parts.GetEnumerator();
            long written = 0;
            bool more = parts.MoveNext();
            SegmentPart part = more ? parts.Current : default;
            if (more) next = _open(part, stop).AsTask();
            while (more)
            {
                bool isMedia = part.IsMedia;
                Stream current = await next!.ConfigureAwait(false);
                next = null;
                await using (current.ConfigureAwait(false))
                {
                    more = parts.MoveNext();
                    if (more)
                    {
                        part = parts.Current;
                        next = _open(part, stop).AsTask();
                    }

                    while (true)
                    {
                        int read = await current.ReadAsync(_pipe.Writer.GetMemory(64 << 10), stop).ConfigureAwait(false);
                        if (read == 0) break;
                        _pipe.Writer.Advance(read);
                        written += read;
                        FlushResult flushed = await _pipe.Writer.FlushAsync(stop).ConfigureAwait(false);
                        if (flushed.IsCompleted) return;
                    }

                    _ends.Enqueue((written, isMedia));
                }
            }
        }
        catch (Exception e)
        {
            // Whatever it was, it is reported to the reader.
            failure = e;
        }
        finally
        {
            if (next is not null)
            {
                await _stop.CancelAsync().ConfigureAwait(false);
                await DropAsync(next).ConfigureAwait(false);
            }

            await _pipe.Writer.CompleteAsync(failure).ConfigureAwait(false);
        }
    }

    private static async Task DropAsync(Task<Stream> opening)
    {
        try
        {
            Stream stream = await opening.ConfigureAwait(false);
            await stream.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // Nobody asked for this segment yet, so nobody misses it.
        }
    }
}

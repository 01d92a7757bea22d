using System.Buffers.Binary;
using System.IO.Pipelines;
using Keyway.Mp4.Samples;

namespace Keyway.Timeline;

/// <summary>One track as a stream that only goes forward: initialisation segments, the segments behind each, and when what they describe is played. It waits where the next segment has yet to come.</summary>
/// <remarks>Threads: one reader.</remarks>
internal sealed class TrackStream : ForwardStream
{
    private readonly Pipe _pipe;
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _gate = new();
    private readonly List<(long Offset, SamplePlace Place)> _places = [];
    private readonly Stream _reader;
    private readonly TaskCompletionSource<bool> _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task<bool>? _writing;
    private long _written;

    /// <param name="readAhead">How many bytes may wait for the reader.</param>
    public TrackStream(int readAhead)
    {
        _pipe = new(new PipeOptions(pauseWriterThreshold: readAhead, resumeWriterThreshold: readAhead / 2, minimumSegmentSize: 64 << 10, useSynchronizationContext: false));
        _reader = _pipe.Reader.AsStream();
    }

    /// <summary>What is written into it. It ends when that ends, and fails when that fails.</summary>
    public void Begin(Func<TrackStream, CancellationToken, Task<bool>> write) => _writing = Task.Run(async () =>
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

    /// <summary>Writes an initialisation segment, and when what stands behind it is played.</summary>
    public ValueTask WriteInitializationAsync(ReadOnlyMemory<byte> bytes, SamplePlace place, CancellationToken cancellationToken)
    {
        SetPlace(place);
        return PutAsync(bytes, cancellationToken);
    }

    /// <summary>Writes a segment that was checked. Of one that is larger than memory should be the rest is checked while it passes.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="place">When it is played, where that has changed.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>How many bytes it has.</returns>
    /// <exception cref="MediaFormatException">The rest of a large segment is not whole.</exception>
    public async ValueTask<long> WriteSegmentAsync(CheckedSegment segment, SamplePlace? place, CancellationToken cancellationToken)
    {
        if (place is not null) SetPlace(place);
        long start = _written;
        foreach ((int at, long offset) in segment.AbsoluteOffsets) BinaryPrimitives.WriteInt64BigEndian(segment.Bytes.Span[at..], start + offset);
        for (int at = 0; at < segment.Bytes.Length; at += TimelineLimits.Piece)
            await PutAsync(segment.Bytes.Slice(at, Math.Min(TimelineLimits.Piece, segment.Bytes.Length - at)), cancellationToken).ConfigureAwait(false);
        if (segment.Rest is { } rest)
        {
            PassingBoxes boxes = new(segment.Segment.Name);
            boxes.Pass(segment.Bytes.Span);
            byte[] buffer = new byte[TimelineLimits.Piece];
            while (await rest.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is var read and > 0)
            {
                boxes.Pass(buffer.AsSpan(0, read));
                await PutAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            }

            boxes.Finish();
        }

        return _written - start;
    }

    /// <summary>Writes a file of one rendition as it is.</summary>
    public async ValueTask WriteFileAsync(Stream file, SamplePlace place, CancellationToken cancellationToken)
    {
        SetPlace(place);
        byte[] buffer = new byte[TimelineLimits.Piece];
        while (await file.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is var read and > 0)
            await PutAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>When what begins at a place of the stream is played. Places only go forward.</summary>
    public SamplePlace? PlaceAt(long offset)
    {
        lock (_gate)
        {
            int current = _places.FindLastIndex(each => each.Offset <= offset);
            if (current > 0) _places.RemoveRange(0, current);
            return current < 0 ? null : _places[0].Place;
        }
    }

    private void SetPlace(SamplePlace place)
    {
        lock (_gate) _places.Add((_written, place));
    }

    private async ValueTask PutAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (bytes.IsEmpty) return;
        _written += bytes.Length;
        _begun.TrySetResult(true);
        await _pipe.Writer.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
    }

    public override int Read(byte[] buffer, int offset, int count) => _reader.Read(buffer, offset, count);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => _reader.ReadAsync(buffer, cancellationToken);

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

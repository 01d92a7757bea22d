using System.Buffers.Binary;
using Keyway.Mp4.Boxes;
using Keyway.Sources;

namespace Keyway.Timeline;

/// <summary>
/// An initialisation segment and the segments after it as one stream, each read on its own: its boxes end where it ends, and its samples lie in it. What is
/// wrong with one is an error that names it, and never changes how the next is read.
/// </summary>
/// <remarks>
/// Every byte keeps its place: a last box of size 0 gets its true size, and bytes that are no box become a <c>free</c> box, where there are enough of them.
/// While one segment is read the next one is fetched. Threads: one reader.
/// </remarks>
public sealed class JoinedSegmentStream : ForwardStream
{
    private readonly MediaSources _sources;
    private readonly ContentOrigin _origin;
    private readonly IReadOnlyList<Uri> _addresses;
    private readonly CancellationTokenSource _stop = new();
    private Task<Memory<byte>>? _next;
    private Memory<byte> _current;
    private RenditionCheck? _check;
    private int _opened;
    private bool _disposed;

    /// <summary>Makes a stream; nothing is fetched before it is read.</summary>
    /// <param name="sources">What opens addresses.</param>
    /// <param name="origin">Where the first was named.</param>
    /// <param name="addresses">The initialisation segment and the segments in order; or segments that begin with what describes them.</param>
    public JoinedSegmentStream(MediaSources sources, ContentOrigin origin, IReadOnlyList<Uri> addresses)
    {
        ArgumentNullException.ThrowIfNull(sources);
        ArgumentNullException.ThrowIfNull(origin);
        ArgumentNullException.ThrowIfNull(addresses);
        (_sources, _origin, _addresses) = (sources, origin, addresses);
    }

    /// <inheritdoc/>
    public override bool CanRead => !_disposed;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        while (_current.IsEmpty)
        {
            _next ??= FetchNext();
            if (_next is null || buffer.IsEmpty) return 0;
            _current = await _next.WaitAsync(cancellationToken).ConfigureAwait(false);
            _next = FetchNext();
        }

        int read = Math.Min(buffer.Length, _current.Length);
        _current[..read].CopyTo(buffer);
        _current = _current[read..];
        return read;
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (!_disposed)
        {
            _disposed = true;
            await _stop.CancelAsync().ConfigureAwait(false);
            if (_next is not null) await ((Task)_next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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

            // What is being fetched sees it, and nobody waits for it.
            _stop.Cancel();
        }

        base.Dispose(disposing);
    }

    private Task<Memory<byte>>? FetchNext() => _opened < _addresses.Count ? FetchAsync(_addresses[_opened++]) : null;

    private async Task<Memory<byte>> FetchAsync(Uri address)
    {
        ReadOnlyMemory<byte> found = await _sources.ReadAsync(_origin, address, null, TimelineLimits.JoinedBytes, _stop.Token).ConfigureAwait(false);
        byte[] bytes = found.ToArray();
        int end;
        if (_check is null)
        {
            _check = RenditionCheck.Of(bytes, SourceText.Of(address), out end, out _);
        }
        else
        {
            end = _check.Examine(new TimelineSegment { Address = address }, bytes).Bytes.Length;
        }

        if (end == bytes.Length) return bytes;
        if (bytes.Length - end < 8)
            throw new MediaFormatException(SourceText.Of(address), new FormatError($"{bytes.Length - end} bytes behind the last box are no box, and too few to be made one", "", end));
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(end), bytes.Length - end);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(end + 4), FourCc.Free);
        return bytes;
    }
}

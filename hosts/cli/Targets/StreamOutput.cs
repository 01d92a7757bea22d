using System.IO.Pipelines;

namespace Keyway.Cli.Targets;

/// <summary>Writes to a stream at once and without a copy what is handed over whole; what is written piece by piece is gathered first.</summary>
/// <remarks>The platform's own does the same and is compiled when it is first used, which takes longer than a short file.</remarks>
internal sealed class StreamOutput(Stream stream) : PipeWriter
{
    private const int Enough = 128 << 10;

    private byte[] _buffer = [];
    private int _length;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        int wanted = _length + Math.Max(sizeHint, 1);
        if (wanted > _buffer.Length) Array.Resize(ref _buffer, Math.Max(Math.Max(wanted, Enough), Math.Min(2 * _buffer.Length, Array.MaxLength)));
        return _buffer.AsMemory(_length);
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, _buffer.Length - _length);
        _length += bytes;
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => WriteAsync(ReadOnlyMemory<byte>.Empty, cancellationToken);

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        if (_length == 0)
        {
            ValueTask written = source.IsEmpty ? default : stream.WriteAsync(source, cancellationToken);
            if (written.IsCompletedSuccessfully) return new(new FlushResult(isCanceled: false, isCompleted: false));
            return WaitAsync(written);
        }

        return WriteAllAsync(source, cancellationToken);
    }

    public override void CancelPendingFlush() => throw new NotSupportedException();

    public override void Complete(Exception? exception = null)
    {
        if (exception is null && _length > 0) throw new InvalidOperationException("what was written last was not flushed");
    }

    public override ValueTask CompleteAsync(Exception? exception = null)
    {
        Complete(exception);
        return default;
    }

    private static async ValueTask<FlushResult> WaitAsync(ValueTask written)
    {
        await written.ConfigureAwait(false);
        return new FlushResult(isCanceled: false, isCompleted: false);
    }

    private async ValueTask<FlushResult> WriteAllAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(_buffer.AsMemory(0, _length), cancellationToken).ConfigureAwait(false);
        _length = 0;
        if (!source.IsEmpty) await stream.WriteAsync(source, cancellationToken).ConfigureAwait(false);
        return new FlushResult(isCanceled: false, isCompleted: false);
    }
}

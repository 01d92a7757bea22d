namespace Keyway.Timeline;

/// <summary>A segment that is too large to be read whole: its beginning, and the rest as it comes, whose boxes are checked while they pass.</summary>
/// <param name="beginning">What was read of it.</param>
/// <param name="rest">What follows. Ownership: this object's.</param>
/// <param name="name">The segment's name for messages.</param>
internal sealed class PassingStream(ReadOnlyMemory<byte> beginning, Stream rest, string name) : ForwardStream
{
    private readonly PassingBoxes _boxes = new(name);
    private ReadOnlyMemory<byte> _beginning = beginning;
    private bool _isOver;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty || _isOver) return 0;
        int read = Math.Min(buffer.Length, _beginning.Length);
        if (read > 0)
        {
            _beginning[..read].CopyTo(buffer);
            _beginning = _beginning[read..];
        }
        else
        {
            read = await rest.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }

        if (read > 0)
        {
            _boxes.Pass(buffer.Span[..read]);
            return read;
        }

        _isOver = true;
        _boxes.Finish();
        return 0;
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await rest.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) rest.Dispose();
        base.Dispose(disposing);
    }
}

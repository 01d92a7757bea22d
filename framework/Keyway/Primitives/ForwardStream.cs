namespace Keyway;

/// <summary>A stream that only goes forward: what is left to its makers is <see cref="ReadAsync(Memory{byte}, CancellationToken)"/>.</summary>
/// <remarks>Threads: one reader. It is read asynchronously; a synchronous read is refused where its maker has none.</remarks>
public abstract class ForwardStream : PlainStream
{
    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public sealed override bool CanSeek => false;

    /// <inheritdoc/>
    public sealed override bool CanWrite => false;

    /// <inheritdoc/>
    public abstract override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default);
}

namespace Keyway.Mp4;

/// <summary>Files one after another, as a player reads an initialisation segment and the segments after it. Cannot seek.</summary>
internal sealed class Joined(IEnumerable<string> paths) : Stream
{
    private readonly Queue<string> _paths = new(paths);
    private FileStream? _current;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(Span<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            if (_current is null && !_paths.TryPeek(out _)) return 0;
            _current ??= File.OpenRead(_paths.Dequeue());
            int got = _current.Read(buffer);
            if (got > 0) return got;
            _current.Dispose();
            _current = null;
        }

        return 0;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) _current?.Dispose();
        base.Dispose(disposing);
    }
}

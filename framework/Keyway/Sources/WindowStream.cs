namespace Keyway.Sources;

/// <summary>A part of a seekable stream as a stream of its own, which is there whole or is an error.</summary>
internal sealed class WindowStream : DelegatingStream
{
    private readonly long _start;
    private readonly string _name;
    private long _position;

    public WindowStream(Stream inner, long start, long length, string name)
        : base(inner)
    {
        _name = name;
        _start = start;
        Length = length;
        inner.Position = start;
    }

    public override long Length { get; }

    public override long Position
    {
        get => _position;
        set => Seek(value, SeekOrigin.Begin);
    }

    public override int Read(Span<byte> buffer)
    {
        int read = Inner.Read(buffer[..(int)Math.Min(buffer.Length, Math.Max(0, Length - _position))]);
        return Count(read, buffer.Length);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read = await Inner.ReadAsync(buffer[..(int)Math.Min(buffer.Length, Math.Max(0, Length - _position))], cancellationToken).ConfigureAwait(false);
        return Count(read, buffer.Length);
    }

    public override long Seek(long offset, SeekOrigin origin)
    {
        long target = origin switch { SeekOrigin.Begin => offset, SeekOrigin.Current => _position + offset, _ => Length + offset };
        ArgumentOutOfRangeException.ThrowIfNegative(target, nameof(offset));
        Inner.Position = _start + target;
        return _position = target;
    }

    private int Count(int read, int wanted)
    {
        _position += read;
        if (read == 0 && wanted > 0 && _position < Length) throw new SourceException(_name, $"it became shorter while it was read: {Length - _position} bytes are missing after byte {_start + _position}");
        return read;
    }
}

namespace Keyway.Containers.TransportStream;

/// <summary>Bytes that come a few at a time.</summary>
internal sealed class SlowStream(byte[] bytes, int size) : ForwardStream
{
    private int _at;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count = Math.Min(Math.Min(size, buffer.Length), bytes.Length - _at);
        bytes.AsMemory(_at, count).CopyTo(buffer);
        _at += count;
        return new(count);
    }
}

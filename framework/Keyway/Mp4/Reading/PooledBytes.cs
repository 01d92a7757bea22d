using System.Buffers;

namespace Keyway.Mp4.Reading;

/// <summary>Memory of several fragments that goes back to the pool when the last of them does.</summary>
/// <param name="bytes">An array of <see cref="ArrayPool{T}.Shared"/>.</param>
internal sealed class PooledBytes(byte[] bytes)
{
    private int _holders = 1;

    public byte[] Array => bytes;

    public void Hold() => Interlocked.Increment(ref _holders);

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0 && bytes.Length > 0) ArrayPool<byte>.Shared.Return(bytes);
    }
}

using System.Buffers;
using System.Security.Cryptography;

namespace Keyway.Licensing.Secrets;

/// <summary>
/// A buffer of any length for bytes that must not stay behind: challenges, answers, tokens. It is pinned, so that the collector leaves no copy, and
/// zeroed when it is enlarged and when it is disposed.
/// </summary>
internal sealed class SecretBuffer : IBufferWriter<byte>, IDisposable
{
    private byte[] _bytes = [];
    private int _written;

    /// <summary>What was written. Valid until the next write or the end of the buffer.</summary>
    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _written);

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _bytes.Length - _written);
        _written += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsMemory(_written);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>Zeroes what was written and starts again.</summary>
    public void Clear()
    {
        CryptographicOperations.ZeroMemory(_bytes);
        _written = 0;
    }

    public void Dispose()
    {
        Clear();
        _bytes = [];
    }

    private void Reserve(int sizeHint)
    {
        int needed = checked(_written + Math.Max(sizeHint, 1));
        if (needed <= _bytes.Length) return;
        byte[] larger = GC.AllocateArray<byte>((int)Math.Min(Array.MaxLength, Math.Max(needed, Math.Max(512L, 2L * _bytes.Length))), pinned: true);
        _bytes.AsSpan(0, _written).CopyTo(larger);
        CryptographicOperations.ZeroMemory(_bytes);
        _bytes = larger;
    }
}

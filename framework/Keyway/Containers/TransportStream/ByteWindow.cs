using System.Buffers;

namespace Keyway.Containers.TransportStream;

/// <summary>What has been read and is needed yet, in one piece of pooled memory.</summary>
/// <remarks>
/// <code>
/// │ done │ held by units that go on │ read, not looked at │ room │
///        Start                            Next                  End
/// </code>
/// Threads: one at a time.
/// </remarks>
internal sealed class ByteWindow : IDisposable
{
    private const int First = 4 << 20;
    private const int Least = 256 << 10;
    private const int Most = 1 << 20;

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(First);
    private int _start, _next, _end;

    /// <summary>Everything in it, places counted from its beginning.</summary>
    public Span<byte> Bytes => _bytes.AsSpan(0, _end);

    /// <summary>What has not been looked at begins here.</summary>
    public int Next => _next;

    /// <summary>How many bytes have not been looked at.</summary>
    public int Rest => _end - _next;

    /// <summary>What nobody needs any more before a place, and where it goes next: out.</summary>
    /// <param name="held">The first place that is needed.</param>
    public ReadOnlyMemory<byte> Done(int held) => _bytes.AsMemory(_start, Math.Max(0, Math.Min(held, _next) - _start));

    /// <summary>So many bytes more have been looked at.</summary>
    public void Advance(int count) => _next += count;

    /// <summary>So many bytes from the first on are gone.</summary>
    public void Release(int count) => _start += count;

    /// <summary>Whether what is in it moves when room is made.</summary>
    public bool Moves => _bytes.Length - _end < Least;

    /// <summary>Makes room to read into, at the end.</summary>
    /// <param name="shift">How many bytes earlier everything lies then.</param>
    /// <returns>The room; empty where as much is held as may be.</returns>
    public Memory<byte> Room(out int shift)
    {
        shift = 0;
        if (Moves)
        {
            shift = _start;
            int length = _end - _start;
            if (length > TransportStreamLimits.HeldBytes) return default;
            byte[] larger = length > _bytes.Length / 2 ? ArrayPool<byte>.Shared.Rent(2 * _bytes.Length) : _bytes;
            _bytes.AsSpan(_start, length).CopyTo(larger);
            if (larger != _bytes) ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
            (_start, _next, _end) = (0, _next - shift, length);
        }

        return _bytes.AsMemory(_end, Math.Min(_bytes.Length - _end, Most));
    }

    /// <summary>So many bytes were read into the room.</summary>
    public void Filled(int count) => _end += count;

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        _start = _next = _end = 0;
    }
}

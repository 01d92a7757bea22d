using System.Buffers.Binary;
using System.Security.Cryptography;
using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Child;

/// <summary>Reads frames one after the other, as many at once as have come.</summary>
/// <remarks>Threads: one.</remarks>
internal sealed class FrameStream(Stream stream)
{
    private byte[] _buffer = new byte[32 << 10];
    private int _begin;
    private int _end;

    /// <summary>Waits for the next frame.</summary>
    /// <param name="head">How it begins.</param>
    /// <param name="fields">Its fields. Valid until the next call.</param>
    /// <returns><see langword="false"/>: the stream has ended, between two frames.</returns>
    /// <exception cref="ChildProtocolException">What comes is no frame, or the stream ends within one.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public bool TryRead(out FrameHead head, out ReadOnlySpan<byte> fields)
    {
        head = default;
        fields = default;
        if (!Fill(WireLimits.Header)) return false;
        ReadOnlySpan<byte> bytes = _buffer.AsSpan(_begin, WireLimits.Header);
        if (!FrameHead.TryRead(bytes, out head)) throw new ChildProtocolException($"a frame of {BinaryPrimitives.ReadUInt32LittleEndian(bytes)} bytes");
        if (!Fill(WireLimits.Header + head.Length)) return false;
        fields = _buffer.AsSpan(_begin + WireLimits.Header, head.Length);
        _begin += WireLimits.Header + head.Length;
        return true;
    }

    /// <summary>Forgets what has been read: messages and licences of sessions.</summary>
    public void Clear()
    {
        CryptographicOperations.ZeroMemory(_buffer.AsSpan(0, _begin));
        if (_begin != _end) return;
        _begin = _end = 0;
    }

    private bool Fill(int wanted)
    {
        if (_end - _begin >= wanted) return true;
        if (_buffer.Length - _begin < wanted)
        {
            // A frame that is said to be long has its memory as it comes, not as it says.
            byte[] target = wanted <= _buffer.Length ? _buffer : new byte[Math.Min(Math.Max(wanted, _buffer.Length), WireLimits.Header + WireLimits.Frame)];
            _buffer.AsSpan(_begin, _end - _begin).CopyTo(target);
            if (target != _buffer) CryptographicOperations.ZeroMemory(_buffer);
            (_buffer, _end, _begin) = (target, _end - _begin, 0);
        }

        while (_end - _begin < wanted)
        {
            int count = stream.Read(_buffer, _end, _buffer.Length - _end);
            if (count > 0) _end += count;
            else return _end == _begin ? false : throw new ChildProtocolException("the stream ends within a frame");
        }

        return true;
    }
}

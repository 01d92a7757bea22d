using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Keyway.Cdm.Wire;

/// <summary>Writes one frame after the other into memory that it keeps.</summary>
/// <remarks>Threads: one at a time.</remarks>
internal sealed class FrameWriter
{
    private byte[] _bytes = new byte[512];
    private int _length;

    /// <summary>Begins a frame.</summary>
    public void Begin(FrameType type, uint id)
    {
        _length = 4;
        U16((ushort)type);
        U32(id);
    }

    /// <summary>The frame. Valid until the next begins.</summary>
    /// <exception cref="InvalidOperationException">It is larger than <see cref="WireLimits.Frame"/>: whoever wrote it should have looked.</exception>
    public ReadOnlyMemory<byte> End()
    {
        if (_length > WireLimits.Header + WireLimits.Frame) throw new InvalidOperationException($"a frame of {_length} bytes, more than {WireLimits.Frame}");
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes, (uint)_length - 4);
        return _bytes.AsMemory(0, _length);
    }

    /// <summary>Forgets what was written: challenges and licences are secrets.</summary>
    public void Clear() => CryptographicOperations.ZeroMemory(_bytes.AsSpan(0, _length));

    public void U8(byte value) => Room(1)[0] = value;

    public void Flag(bool value) => U8(value ? (byte)1 : (byte)0);

    public void U16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Room(2), value);

    public void U32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Room(4), value);

    public void U64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Room(8), value);

    public void F64(double value) => BinaryPrimitives.WriteDoubleLittleEndian(Room(8), value);

    /// <summary>Bytes without their length.</summary>
    public void Raw(ReadOnlySpan<byte> value) => value.CopyTo(Room(value.Length));

    /// <summary>Length and bytes.</summary>
    public void Bytes(ReadOnlySpan<byte> value)
    {
        U32((uint)value.Length);
        Raw(value);
    }

    /// <summary>Length and UTF-8, cut at so many letters.</summary>
    public void Text(string value, int limit = WireLimits.Text / 3)
    {
        ReadOnlySpan<char> letters = value.Length > limit ? value.AsSpan(0, limit) : value;
        int length = Encoding.UTF8.GetByteCount(letters);
        U32((uint)length);
        Encoding.UTF8.GetBytes(letters, Room(length));
    }

    private Span<byte> Room(int count)
    {
        if (_bytes.Length - _length < count)
        {
            byte[] more = new byte[Math.Max(_bytes.Length * 2, _length + count)];
            _bytes.AsSpan(0, _length).CopyTo(more);
            Clear();
            _bytes = more;
        }

        Span<byte> room = _bytes.AsSpan(_length, count);
        _length += count;
        return room;
    }
}

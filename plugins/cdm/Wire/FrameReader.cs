using System.Buffers.Binary;
using System.Text;

namespace Keyway.Cdm.Wire;

/// <summary>
/// Reads the fields of one frame. Whoever sent it may have written anything: what is not there, is too long or is left over makes the whole frame wrong, which
/// <see cref="IsWhole"/> says after the last field. Until then wrong fields read as 0 and empty.
/// </summary>
/// <param name="fields">The fields.</param>
internal ref struct FrameReader(ReadOnlySpan<byte> fields)
{
    private ReadOnlySpan<byte> _rest = fields;
    private bool _wrong;

    /// <summary>Whether all fields were there, and nothing else.</summary>
    public readonly bool IsWhole => !_wrong && _rest.IsEmpty;

    /// <summary>The bytes that are left.</summary>
    public readonly int Left => _rest.Length;

    public byte U8() => Take(1) is [byte value] ? value : (byte)0;

    /// <summary>0 or 1.</summary>
    public bool Flag()
    {
        byte value = U8();
        _wrong |= value > 1;
        return value == 1;
    }

    public uint U32() => Take(4) is { Length: 4 } bytes ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : 0;

    public ulong U64() => Take(8) is { Length: 8 } bytes ? BinaryPrimitives.ReadUInt64LittleEndian(bytes) : 0;

    public double F64() => Take(8) is { Length: 8 } bytes ? BinaryPrimitives.ReadDoubleLittleEndian(bytes) : 0;

    /// <summary>Bytes without a length before them.</summary>
    public ReadOnlySpan<byte> Raw(int count) => Take(count);

    /// <summary>Bytes with their length before them.</summary>
    /// <param name="limit">How many there may be.</param>
    public ReadOnlySpan<byte> Bytes(int limit)
    {
        uint length = U32();
        if (length <= limit) return Take((int)length);
        _wrong = true;
        return default;
    }

    /// <summary>UTF-8; what is none is replaced.</summary>
    public string Text(int limit = WireLimits.Text) => Encoding.UTF8.GetString(Bytes(limit));

    /// <summary>A count of things that follow, each of which takes so many bytes at least: more cannot be there.</summary>
    public int Count(int size, int limit)
    {
        uint count = U32();
        if (count <= limit && count * (ulong)size <= (ulong)_rest.Length) return (int)count;
        _wrong = true;
        return 0;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (_wrong || count > _rest.Length)
        {
            _wrong = true;
            return default;
        }

        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}

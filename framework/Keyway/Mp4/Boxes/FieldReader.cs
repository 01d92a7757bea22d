using System.Buffers.Binary;

namespace Keyway.Mp4.Boxes;

/// <summary>Reads the fields of a box in order. What is not there reads as zero, and <see cref="Ok"/> says so at the end.</summary>
internal ref struct FieldReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Whether every field was there.</summary>
    public bool Ok { get; private set; } = true;

    /// <summary>How many bytes were read.</summary>
    public int Position { get; private set; }

    public readonly int Remaining => _bytes.Length - Position;

    public byte U8() => Take(1) is [byte value] ? value : (byte)0;

    public ushort U16() => Take(2) is { Length: 2 } field ? BinaryPrimitives.ReadUInt16BigEndian(field) : (ushort)0;

    public uint U24() => Take(3) is [byte a, byte b, byte c] ? ((uint)a << 16) | ((uint)b << 8) | c : 0;

    public uint U32() => Take(4) is { Length: 4 } field ? BinaryPrimitives.ReadUInt32BigEndian(field) : 0;

    public ulong U64() => Take(8) is { Length: 8 } field ? BinaryPrimitives.ReadUInt64BigEndian(field) : 0;

    /// <summary>32 bits in version 0 of a box, 64 in later ones.</summary>
    public ulong U32Or64(bool wide) => wide ? U64() : U32();

    public void Skip(int count) => Take(count);

    public ReadOnlySpan<byte> Take(int count)
    {
        if (!Ok || count > Remaining)
        {
            Ok = false;
            return default;
        }

        ReadOnlySpan<byte> field = _bytes.Slice(Position, count);
        Position += count;
        return field;
    }
}

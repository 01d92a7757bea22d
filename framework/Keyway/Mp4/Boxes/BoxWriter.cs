using System.Buffers.Binary;

namespace Keyway.Mp4.Boxes;

/// <summary>Writes boxes into memory. A size is filled in when its box ends.</summary>
internal sealed class BoxWriter
{
    private byte[] _bytes = new byte[4096];

    public int Length { get; private set; }

    public Memory<byte> Written => _bytes.AsMemory(0, Length);

    /// <summary>Begins a box.</summary>
    /// <returns>What <see cref="End"/> wants.</returns>
    public int Begin(uint type)
    {
        int start = Length;
        U32(0);
        U32(type);
        return start;
    }

    /// <summary>Begins a box with version and flags.</summary>
    public int Begin(uint type, byte version, uint flags)
    {
        int start = Begin(type);
        U32(((uint)version << 24) | flags);
        return start;
    }

    public void End(int start) => Set(start, (uint)(Length - start));

    public void U8(byte value) => Take(1)[0] = value;

    public void U16(ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Take(2), value);

    public void U32(uint value) => BinaryPrimitives.WriteUInt32BigEndian(Take(4), value);

    public void U64(ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Take(8), value);

    public void Bytes(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    /// <summary>Copies a box, with its size said in the ordinary way.</summary>
    public void Copy(in Box box)
    {
        int start = Begin(box.Type);
        Bytes(box.Content);
        End(start);
    }

    /// <summary>Overwrites what was written.</summary>
    public void Set(int at, uint value) => BinaryPrimitives.WriteUInt32BigEndian(_bytes.AsSpan(at), value);

    /// <summary>Overwrites what was written.</summary>
    public void Set(int at, ushort value) => BinaryPrimitives.WriteUInt16BigEndian(_bytes.AsSpan(at), value);

    public void Truncate(int length) => Length = length;

    private Span<byte> Take(int count)
    {
        if (Length + count > _bytes.Length) Array.Resize(ref _bytes, Math.Max(Length + count, 2 * _bytes.Length));
        Length += count;
        return _bytes.AsSpan(Length - count, count);
    }
}

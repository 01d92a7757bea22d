using System.Buffers.Binary;
using System.Text;
using Keyway.Mp4.Boxes;

namespace Keyway.Mp4;

/// <summary>Boxes made by hand, field by field as the standard draws them.</summary>
internal static class BoxBytes
{
    public static byte[] Box(string type, params byte[][] content) => Join(U32(8 + (uint)content.Sum(c => c.Length)), Code(type), Join(content));

    /// <summary>With a 64-bit size.</summary>
    public static byte[] Wide(string type, params byte[][] content) => Join(U32(1), Code(type), U64(16 + (ulong)content.Sum(c => c.Length)), Join(content));

    public static byte[] Full(string type, int version, int flags, params byte[][] content) => Box(type, U32(((uint)version << 24) | (uint)flags), Join(content));

    public static byte[] Uuid(Guid type, params byte[][] content) => Box("uuid", type.ToByteArray(bigEndian: true), Join(content));

    public static byte[] Code(string type) => Encoding.Latin1.GetBytes(type);

    public static byte[] Hex(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

    public static byte[] U8(int value) => [(byte)value];

    public static byte[] U16(int value) => [(byte)(value >> 8), (byte)value];

    public static byte[] U32(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    public static byte[] U64(ulong value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return bytes;
    }

    public static byte[] Zeros(int count) => new byte[count];

    public static byte[] Join(params byte[][] parts)
    {
        byte[] all = new byte[parts.Sum(p => p.Length)];
        int at = 0;
        foreach (byte[] part in parts)
        {
            part.CopyTo(all, at);
            at += part.Length;
        }

        return all;
    }

    /// <summary>The first box of a buffer, as a parser gets it.</summary>
    public static Box Parse(byte[] bytes, long origin = 0)
    {
        BoxWalker walker = new(bytes, 0, origin, BoxPath.Root);
        walker.MoveNext(out Box box).Should().BeTrue();
        return box;
    }
}

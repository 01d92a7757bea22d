using System.Buffers.Binary;

namespace Keyway.PlayReady.Issuer;

/// <summary>Big-endian numbers as bytes.</summary>
internal static class Big
{
    public static byte[] U16(int number)
    {
        byte[] bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)number);
        return bytes;
    }

    public static byte[] U32(long number)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)number);
        return bytes;
    }

    public static byte[] Guid(Guid id) => id.ToByteArray(bigEndian: false);

    public static byte[] Join(params IEnumerable<byte[]> parts) => [.. parts.SelectMany(part => part)];
}

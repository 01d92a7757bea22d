using System.Buffers.Binary;

namespace Keyway.Containers.TransportStream;

/// <summary>Makes ID3 tags.</summary>
internal static class Id3Maker
{
    public static byte[] Tag(params (string Name, byte[] Content)[] frames)
    {
        byte[] content = [.. frames.SelectMany(static frame => (byte[])[.. System.Text.Encoding.ASCII.GetBytes(frame.Name), .. Size(frame.Content.Length), 0, 0, .. frame.Content])];
        return [.. "ID3"u8, 4, 0, 0, .. Size(content.Length), .. content];
    }

    public static byte[] Time(long time)
    {
        byte[] bits = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bits, time);
        return [.. "com.apple.streaming.transportStreamTimestamp\0"u8, .. bits];
    }

    public static byte[] Description(string type, byte[] setup) => [.. "com.apple.streaming.audioDescription\0"u8, .. System.Text.Encoding.ASCII.GetBytes(type), 0, 0, 1, (byte)setup.Length, .. setup];

    private static byte[] Size(int size) => [(byte)((size >> 21) & 0x7F), (byte)((size >> 14) & 0x7F), (byte)((size >> 7) & 0x7F), (byte)(size & 0x7F)];
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Keyway.Containers.WebM;

/// <summary>Makes small WebM files by hand, and encrypts their frames with the platform's AES.</summary>
internal static class WebMMaker
{
    public const string Vp9 = "V_VP9", Vorbis = "A_VORBIS";

    public static readonly byte[] Kid = Convert.FromHexString("31323334353637383930313233343536");
    public static readonly byte[] Key = Convert.FromHexString("32333435363738393021323334353637");

    /// <summary>An element. Its size has as many bytes as it takes, or as are asked for; -1: it is unknown.</summary>
    public static byte[] Element(uint id, byte[] content, int sizeBytes = 0)
    {
        List<byte> bytes = [];
        for (int shift = 24; shift >= 0; shift -= 8)
            if (bytes.Count > 0 || (id >> shift) != 0) bytes.Add((byte)(id >> shift));
        bytes.AddRange(sizeBytes < 0 ? [0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF] : Size((ulong)content.Length, sizeBytes));
        return [.. bytes, .. content];
    }

    public static byte[] Element(uint id, params byte[][] children) => Element(id, Join(children));

    public static byte[] Number(uint id, ulong value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        int zeros = 0;
        while (zeros < 7 && bytes[zeros] == 0) zeros++;
        return Element(id, bytes[zeros..]);
    }

    public static byte[] Text(uint id, string text) => Element(id, Encoding.ASCII.GetBytes(text));

    public static byte[] Size(ulong value, int length = 0)
    {
        if (length == 0)
        {
            length = 1;
            while (length < 8 && value > (1UL << (7 * length)) - 2) length++;
        }

        byte[] bytes = new byte[length];
        for (int i = length - 1; i >= 0; i--, value >>= 8) bytes[i] = (byte)value;
        bytes[0] |= (byte)(0x80 >> (length - 1));
        return bytes;
    }

    public static byte[] Join(params byte[][] parts) => [.. parts.SelectMany(static part => part)];

    public static byte[] Header(string type = "webm", params byte[][] more) =>
        Element(0x1A45DFA3, [Number(0x4286, 1), Number(0x42F7, 1), Number(0x42F2, 4), Number(0x42F3, 8), Text(0x4282, type), Number(0x4287, 4), Number(0x4285, 2), .. more]);

    public static byte[] Info(ulong scale = 1_000_000) => Element(0x1549A966, [Number(0x2AD7B1, scale)]);

    /// <summary>How a track says that it is encrypted.</summary>
    public static byte[] Encryption(byte[]? keyId = null) =>
        Element(0x6D80, Element(0x6240, Number(0x5031, 0), Number(0x5032, 1), Number(0x5033, 1),
            Element(0x5035, Number(0x47E1, 5), Element(0x47E2, keyId ?? Kid), Element(0x47E7, Number(0x47E8, 1)))));

    public static byte[] Video(ulong number = 1, byte[]? encodings = null, string codec = Vp9, params byte[][] more) =>
        Element(0xAE, [Number(0xD7, number), Number(0x73C5, number), Number(0x83, 1), Text(0x86, codec), Element(0xE0, Number(0xB0, 64), Number(0xBA, 36)), encodings ?? [], .. more]);

    public static byte[] Audio(ulong number = 2, byte[]? encodings = null, string codec = Vorbis, params byte[][] more) =>
        Element(0xAE, [Number(0xD7, number), Number(0x83, 2), Text(0x86, codec), Element(0xE1, Number(0x9F, 2), Element(0xB5, BitConverter.GetBytes(48000f).Reverse().ToArray())), Element(0x63A2, [2, 1, 1, 1, 2, 3]), encodings ?? [], .. more]);

    public static byte[] Tracks(params byte[][] entries) => Element(0x1654AE6B, entries);

    public static byte[] BlockOf(ulong track, short time, byte flags, byte[] frame, int trackBytes = 0) =>
        [.. Size(track, trackBytes), (byte)(time >> 8), (byte)time, flags, .. frame];

    public static byte[] Simple(ulong track, short time, byte[] frame, byte flags = 0x80, int sizeBytes = 0) => Element(0xA3, BlockOf(track, time, flags, frame), sizeBytes);

    public static byte[] Group(ulong track, short time, byte[] frame, params byte[][] more) => Element(0xA0, [Element(0xA1, BlockOf(track, time, 0, frame), 0), .. more]);

    public static byte[] Cluster(ulong time, params byte[][] blocks) => Element(0x1F43B675, Join([Number(0xE7, time), .. blocks]), 8);

    public static byte[] Whole(byte[] tracks, params byte[][] rest) => Join(Header(), Element(0x18538067, Join([Info(), tracks, .. rest]), 8));

    /// <summary>Bytes that look like nothing, always the same.</summary>
    public static byte[] Bytes(int length, int seed = 1)
    {
        byte[] bytes = new byte[length];
        uint state = (uint)seed * 2654435761;
        for (int i = 0; i < length; i++) bytes[i] = (byte)((state = (state * 1664525) + 1013904223) >> 24);
        return bytes;
    }

    public static byte[] Bare(byte[] frame) => [0, .. frame];

    public static byte[] Encrypted(byte[] frame, ulong vector, byte[]? key = null) => [1, .. Vector(vector), .. Counter(frame, [(0, frame.Length)], vector, key)];

    /// <summary>A frame that is cut at offsets: clear and encrypted in turn.</summary>
    public static byte[] Partitioned(byte[] frame, ulong vector, params uint[] offsets)
    {
        List<(int, int)> hidden = [];
        for (int i = 0; i < offsets.Length; i += 2) hidden.Add(((int)offsets[i], (int)(i + 1 < offsets.Length ? offsets[i + 1] : (uint)frame.Length)));
        return [3, .. Vector(vector), (byte)offsets.Length, .. offsets.SelectMany(static offset => BitConverter.GetBytes(offset).Reverse()), .. Counter(frame, hidden, vector)];
    }

    private static byte[] Vector(ulong vector)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, vector);
        return bytes;
    }

    private static byte[] Counter(byte[] frame, List<(int Start, int End)> hidden, ulong vector, byte[]? key = null)
    {
        using Aes aes = Aes.Create();
        aes.Key = key ?? Key;
        byte[] result = [.. frame], stream = [];
        int used = 0;
        ulong counter = 0;
        foreach ((int start, int end) in hidden)
        {
            for (int i = start; i < end; i++, used++)
            {
                if (used % 16 == 0)
                {
                    byte[] block = [.. Vector(vector), .. Vector(counter++)];
                    stream = aes.EncryptEcb(block, PaddingMode.None);
                }

                result[i] ^= stream[used % 16];
            }
        }

        return result;
    }
}

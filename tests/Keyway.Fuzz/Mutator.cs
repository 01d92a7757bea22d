using System.Buffers.Binary;
using System.Text;

namespace Keyway.Fuzz;

/// <summary>Changes bytes: a few places at a time, in ways that parsers stumble over. One number gives one result, for ever.</summary>
internal sealed class Mutator(ulong seed)
{
    private static readonly uint[] Edges = [0, 1, 7, 8, 16, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFE, 0xFFFFFFFF];

    private static readonly string[] Texts = ["0", "-1", "9223372036854775807", "18446744073709551615", "18446744073709551616", "1e400", "P9999Y", "%04294967295d", "$Number$", "&amp;", "<", ">", "\"", "{", "[[[[[[[[", "\\ud800", "\0", "../..", "null"];

    private ulong _state = seed;

    /// <summary>Makes a changed copy.</summary>
    /// <param name="original">What is changed.</param>
    /// <param name="other">Another of its kind, of which a piece may come along.</param>
    public byte[] Mutate(byte[] original, byte[] other)
    {
        List<byte> bytes = [.. original];
        for (int changes = 1 + Below(4) * Below(4); changes > 0; changes--) Change(bytes, other);
        return [.. bytes];
    }

    public int Below(int end) => end <= 0 ? 0 : (int)(Next() % (ulong)end);

    private void Change(List<byte> bytes, byte[] other)
    {
        if (bytes.Count == 0)
        {
            bytes.Add((byte)Next());
            return;
        }

        int at = Place(bytes.Count);
        switch (Below(9))
        {
            case 0:
                bytes[at] ^= (byte)(1 << Below(8));
                break;
            case 1:
                bytes[at] = (byte)Next();
                break;
            case 2 or 3:
                Put(bytes, at, Edges[Below(Edges.Length)], Below(3));
                break;
            case 4:
                // A size or a count that is nearly right.
                if (at + 4 <= bytes.Count) Put(bytes, at, BinaryPrimitives.ReadUInt32BigEndian([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]) + (uint)(Below(33) - 16), 2);
                break;
            case 5:
                bytes.RemoveRange(at, Math.Min(bytes.Count - at, 1 + Below(Below(64) == 0 ? bytes.Count : 40)));
                break;
            case 6:
                bytes.InsertRange(at, bytes.GetRange(at, Math.Min(bytes.Count - at, 1 + Below(64))));
                break;
            case 7:
                int from = Place(other.Length);
                bytes.InsertRange(at, other[from..Math.Min(other.Length, from + 1 + Below(200))]);
                break;
            default:
                bytes.InsertRange(at, Encoding.UTF8.GetBytes(Texts[Below(Texts.Length)]));
                break;
        }
    }

    // What describes stands in front.
    private int Place(int length) => Below(2) == 0 ? Below(Math.Min(length, 2048)) : Below(length);

    private static void Put(List<byte> bytes, int at, uint value, int width)
    {
        for (int i = 0; i < 1 << width && at + i < bytes.Count; i++) bytes[at + i] = (byte)(value >> (8 * ((1 << width) - 1 - i)));
    }

    private ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}

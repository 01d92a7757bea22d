using System.Numerics;

namespace Keyway.Containers.WebM.Ebml;

/// <summary>Numbers whose first byte says how many bytes they have (RFC 8794, 4).</summary>
/// <remarks>
/// <code>
/// 1xxxxxxx · 01xxxxxx xxxxxxxx · … · 00000001 7 × xxxxxxxx       more bytes than are needed are allowed
/// </code>
/// </remarks>
internal static class Vint
{
    /// <summary>The longest one.</summary>
    public const int Most = 8;

    /// <summary>How many bytes a number has; 0 where its first byte begins none.</summary>
    public static int LengthOf(byte first) => first == 0 ? 0 : BitOperations.LeadingZeroCount(first) - 23;

    /// <summary>The largest value that so many bytes hold. One more, all ones, means <em>unknown</em>.</summary>
    public static ulong LargestOf(int length) => (1UL << (7 * length)) - 2;

    /// <summary>Reads a number without its marker.</summary>
    /// <param name="bytes">What is there.</param>
    /// <param name="value">The number; of all ones, <see cref="ulong.MaxValue"/>.</param>
    /// <returns>How many bytes it has; 0 where there is none, or not all of it.</returns>
    public static int TryRead(ReadOnlySpan<byte> bytes, out ulong value)
    {
        value = 0;
        int length = bytes.IsEmpty ? 0 : LengthOf(bytes[0]);
        if (length == 0 || length > bytes.Length) return 0;
        value = (ulong)(bytes[0] & ((1 << (8 - length)) - 1));
        for (int i = 1; i < length; i++) value = (value << 8) | bytes[i];
        if (value > LargestOf(length)) value = ulong.MaxValue;
        return length;
    }

    /// <summary>Writes a number into exactly the bytes that are given.</summary>
    public static void Write(Span<byte> bytes, ulong value)
    {
        for (int i = bytes.Length - 1; i >= 0; i--, value >>= 8) bytes[i] = (byte)value;
        bytes[0] |= (byte)(0x100 >> bytes.Length);
    }

    /// <summary>Overwrites bytes with an element that nobody reads (RFC 8794, 11.3.2). There are two at least.</summary>
    public static void WriteVoid(Span<byte> bytes)
    {
        bytes.Clear();
        bytes[0] = (byte)EbmlId.Void;
        int size = 1;
        while ((ulong)(bytes.Length - 1 - size) > LargestOf(size)) size++;
        Write(bytes.Slice(1, size), (ulong)(bytes.Length - 1 - size));
    }
}

using System.Buffers.Binary;

namespace Keyway;

/// <summary>How a box begins (ISO/IEC 14496-12, 4.2). This is the one place where it is read.</summary>
/// <remarks>
/// <code>
/// size:4 type:4 [ largesize:8 if size = 1 ]
/// </code>
/// What it says is not judged: a length may be smaller than the header, or larger than the file.
/// </remarks>
/// <param name="Type">The four-character code.</param>
/// <param name="Size">The length of the header: 8 or 16.</param>
/// <param name="Length">The length of the whole box as it is written. Negative where the highest of 64 bits is set.</param>
internal readonly record struct BoxHeader(uint Type, int Size, long Length)
{
    /// <summary>The shortest header.</summary>
    public const int Least = 8;

    /// <summary>The longest header.</summary>
    public const int Most = 16;

    private const uint Free = 0x66726565;

    /// <summary>Reads a header.</summary>
    /// <param name="bytes">What is there.</param>
    /// <param name="header">The header.</param>
    /// <returns><see langword="false"/> where more bytes are needed: so many as <see cref="Size"/> of <paramref name="header"/> then says. Its type is known from 8 bytes on.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out BoxHeader header)
    {
        header = new BoxHeader(0, Least, 0);
        if (bytes.Length < Least) return false;
        uint size = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        uint type = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]);
        header = size == 1 ? new BoxHeader(type, Most, 0) : new BoxHeader(type, Least, size);
        if (size != 1) return true;
        if (bytes.Length < Most) return false;
        header = header with { Length = BinaryPrimitives.ReadInt64BigEndian(bytes[8..]) };
        return true;
    }

    /// <summary>Whether it reaches to the end of what encloses it: a size of 0, which the longer field does not have.</summary>
    public bool ReachesToEnd => Length == 0 && Size == Least;

    /// <summary>The length of the box where so many bytes are left from its beginning on; -1 where it does not fit them, or its own header.</summary>
    public long Within(long left) => ReachesToEnd ? left : Length >= Size && Length <= left ? Length : -1;

    /// <summary>A <c>free</c> box that is smaller than its own header holds nothing: real files have it at their top, and a header is the only length it can mean.</summary>
    public BoxHeader Mended => Type == Free && Length is > 1 and < Least ? this with { Length = Least } : this;
}

using System.Buffers.Binary;

namespace Keyway.Containers.WebM.Ebml;

/// <summary>How an element begins (RFC 8794, 5 and 6). This is the one place where it is read.</summary>
/// <remarks>
/// <code>
/// id:1..4 size:1..8
/// </code>
/// What it says is not judged: a size may be larger than the file.
/// </remarks>
/// <param name="Id">Its identifier, with the marker.</param>
/// <param name="SizeAt">How long that is, and where the size begins.</param>
/// <param name="Length">How long both are.</param>
/// <param name="Size">How long its content is; -1: unknown.</param>
internal readonly record struct EbmlHead(uint Id, int SizeAt, int Length, long Size)
{
    /// <summary>The longest one.</summary>
    public const int Most = 12;

    /// <summary>Reads it.</summary>
    /// <param name="bytes">What is there.</param>
    /// <param name="head">The head.</param>
    /// <param name="wanted">How many bytes it takes, as far as is known; 0: no element begins so.</param>
    /// <returns><see langword="false"/> where more bytes are needed, or no element begins so.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out EbmlHead head, out int wanted)
    {
        head = default;
        wanted = 2;
        if (bytes.IsEmpty) return false;
        int id = Vint.LengthOf(bytes[0]);
        wanted = 0;
        if (id is 0 or > 4) return false;
        wanted = id + 1;
        if (bytes.Length < wanted) return false;
        int size = Vint.LengthOf(bytes[id]);
        wanted = size == 0 ? 0 : id + size;
        if (size == 0 || bytes.Length < wanted) return false;
        uint number = 0;
        foreach (byte b in bytes[..id]) number = (number << 8) | b;
        Vint.TryRead(bytes[id..], out ulong content);
        head = new EbmlHead(number, id, id + size, content == ulong.MaxValue ? -1 : (long)content);
        return true;
    }

    /// <summary>An unsigned number (RFC 8794, 7.2).</summary>
    /// <returns><see langword="false"/> where it has more than eight bytes.</returns>
    public static bool TryReadNumber(ReadOnlySpan<byte> content, out ulong value)
    {
        value = 0;
        if (content.Length > 8) return false;
        foreach (byte b in content) value = (value << 8) | b;
        return true;
    }

    /// <summary>A number with a point (RFC 8794, 7.3).</summary>
    public static bool TryReadFloat(ReadOnlySpan<byte> content, out double value)
    {
        value = content.Length switch
        {
            4 => BinaryPrimitives.ReadSingleBigEndian(content),
            8 => BinaryPrimitives.ReadDoubleBigEndian(content),
            _ => 0,
        };
        return content.Length is 0 or 4 or 8;
    }
}

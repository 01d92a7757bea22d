using System.Buffers.Binary;

namespace Keyway.Sandbox.PlayReady;

/// <summary>Reads numbers, the highest byte first, and bytes, and never beyond the end.</summary>
/// <param name="bytes">What to read.</param>
internal ref struct ByteReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>Whether all has been read.</summary>
    public readonly bool IsAtEnd => _rest.IsEmpty;

    /// <summary>Reads 16 bits.</summary>
    /// <returns>The number.</returns>
    public ushort U16() => BinaryPrimitives.ReadUInt16BigEndian(Bytes(2));

    /// <summary>Reads 32 bits.</summary>
    /// <returns>The number.</returns>
    public uint U32() => BinaryPrimitives.ReadUInt32BigEndian(Bytes(4));

    /// <summary>Reads bytes.</summary>
    /// <param name="count">How many.</param>
    /// <returns>The bytes.</returns>
    /// <exception cref="FormatException">There are fewer.</exception>
    public ReadOnlySpan<byte> Bytes(long count)
    {
        if (count < 0 || count > _rest.Length) throw new FormatException("it ends too early");
        ReadOnlySpan<byte> read = _rest[..(int)count];
        _rest = _rest[(int)count..];
        return read;
    }
}

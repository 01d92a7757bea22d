using System.Buffers.Binary;

namespace Keyway.Sandbox.PlayReady;

/// <summary>Writes numbers, the highest byte first, and bytes, one behind the other.</summary>
internal sealed class ByteWriter
{
    private readonly List<byte> _bytes = [];

    /// <summary>Writes 16 bits.</summary>
    /// <param name="value">The number.</param>
    /// <returns>The writer.</returns>
    public ByteWriter U16(int value)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, checked((ushort)value));
        return Bytes(bytes);
    }

    /// <summary>Writes 32 bits.</summary>
    /// <param name="value">The number.</param>
    /// <returns>The writer.</returns>
    public ByteWriter U32(long value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, checked((uint)value));
        return Bytes(bytes);
    }

    /// <summary>Writes bytes.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <returns>The writer.</returns>
    public ByteWriter Bytes(ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    /// <summary>What has been written.</summary>
    /// <returns>The bytes.</returns>
    public byte[] ToArray() => [.. _bytes];
}

using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Keyway.Decryption;

/// <summary>The counter of AES-CTR in Common Encryption (ISO/IEC 23001-7, 9.3).</summary>
/// <remarks>
/// <code>
/// byte  0 … 7    8 … 15
///       prefix   64-bit big-endian block counter: 2^64 - 1 is followed by 0, and nothing is carried into the prefix
///
/// IV of  8 bytes:  IV            0
/// IV of 16 bytes:  IV[0 … 8]     IV[8 … 16]
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Auto)]
internal struct CounterBlock
{
    /// <summary>Bytes 0 to 7, in memory order.</summary>
    public ulong Prefix;

    /// <summary>Bytes 8 to 15, as a number.</summary>
    public ulong Block;

    /// <summary>Starts at an initialisation vector.</summary>
    /// <param name="vector">8 or 16 bytes.</param>
    public CounterBlock(ReadOnlySpan<byte> vector)
    {
        Prefix = MemoryMarshal.Read<ulong>(vector);
        Block = vector.Length == 16 ? BinaryPrimitives.ReadUInt64BigEndian(vector[8..]) : 0;
    }
}

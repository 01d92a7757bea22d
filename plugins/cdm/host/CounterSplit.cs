using System.Buffers.Binary;
using Keyway.Cdm.Host.Interface;

namespace Keyway.Cdm.Host;

/// <summary>
/// Where the counter of <c>cenc</c> leaves 32 bits within a sample. ISO/IEC 23001-7, 9.3, counts blocks in 64 bits; there are modules that count in 32, and others in 128, and call what they make of such a sample a
/// success. To them it is two samples: the second begins with the vector that the counter has there, and in neither of them anything carries.
/// </summary>
internal static class CounterSplit
{
    private const int Block = 16;

    /// <summary>How many protected bytes come before the block at which the lower 32 bits of the counter are 0 again.</summary>
    /// <param name="vector">16 bytes.</param>
    /// <param name="protectedBytes">All protected bytes of the sample.</param>
    /// <returns>0: that is not in this sample.</returns>
    public static uint Before(ReadOnlySpan<byte> vector, ulong protectedBytes)
    {
        ulong before = ((1UL << 32) - BinaryPrimitives.ReadUInt32BigEndian(vector[12..])) * Block;
        return before < protectedBytes ? (uint)before : 0;
    }

    /// <summary>Moves a vector on by so many protected bytes, which are whole blocks. Its upper half stays.</summary>
    public static void Advance(Span<byte> vector, uint protectedBytes) =>
        BinaryPrimitives.WriteUInt64BigEndian(vector[8..], unchecked(BinaryPrimitives.ReadUInt64BigEndian(vector[8..]) + (protectedBytes / Block)));

    /// <summary>Cuts a map in two behind so many protected bytes: all before an entry and its first part, and what is left of that entry and all behind.</summary>
    /// <param name="map">The map. The entry that is cut has its first part afterwards.</param>
    /// <param name="protectedBytes">Fewer than the map has.</param>
    /// <param name="bytes">All bytes before the cut.</param>
    /// <param name="rest">What is left of the entry: it stands in its place in the second map.</param>
    /// <returns>Which entry is cut.</returns>
    public static int Cut(Span<SubsampleEntry> map, uint protectedBytes, out uint bytes, out SubsampleEntry rest)
    {
        bytes = 0;
        int cut = 0;
        for (; map[cut].Protected <= protectedBytes; cut++)
        {
            bytes += map[cut].Clear + map[cut].Protected;
            protectedBytes -= map[cut].Protected;
        }

        bytes += map[cut].Clear + protectedBytes;
        rest = new SubsampleEntry { Protected = map[cut].Protected - protectedBytes };
        map[cut].Protected = protectedBytes;
        return cut;
    }
}

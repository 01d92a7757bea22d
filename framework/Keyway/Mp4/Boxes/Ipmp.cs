using System.Buffers.Binary;

namespace Keyway.Mp4.Boxes;

/// <summary>Protection that no sample entry declares: an object descriptor stream that points to IPMP descriptors, as Marlin's files have it (ISO/IEC 14496-1, 7.2.5 and 7.2.6.14).</summary>
/// <remarks>
/// <code>
/// command:     tag:1 size:1..4 content              1 ObjectDescriptorUpdate, 5 IPMP_DescriptorUpdate
/// descriptor:  tag:1 size:1..4 content              11 IPMP_Descriptor: id:1 type:2 …      type A551: Marlin, with a sinf of its own
/// </code>
/// </remarks>
internal static class Ipmp
{
    /// <summary>The handler of a track of object descriptors.</summary>
    public const string Handler = "odsm";

    private const byte DescriptorUpdate = 5, Descriptor = 11;
    private const int Marlin = 0xA551;

    /// <summary>Looks into a sample of a track of object descriptors.</summary>
    /// <returns>What protects the streams that it describes; <see langword="null"/> where nothing does.</returns>
    public static string? Find(ReadOnlySpan<byte> sample)
    {
        while (TryTake(ref sample, out byte command, out ReadOnlySpan<byte> content))
        {
            if (command != DescriptorUpdate) continue;
            while (TryTake(ref content, out byte tag, out ReadOnlySpan<byte> descriptor))
            {
                if (tag != Descriptor || descriptor.Length < 3) continue;
                return BinaryPrimitives.ReadUInt16BigEndian(descriptor[1..]) == Marlin ? "Marlin" : "IPMP";
            }
        }

        return null;
    }

    private static bool TryTake(ref ReadOnlySpan<byte> from, out byte tag, out ReadOnlySpan<byte> content)
    {
        tag = 0;
        content = default;
        if (from.Length < 2) return false;
        tag = from[0];
        int at = 1, size = 0;
        for (int i = 0; i < 4; i++)
        {
            if (at >= from.Length) return false;
            byte part = from[at++];
            size = (size << 7) | (part & 0x7F);
            if (part < 0x80) break;
        }

        if (size > from.Length - at) return false;
        content = from.Slice(at, size);
        from = from[(at + size)..];
        return true;
    }
}

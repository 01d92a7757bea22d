using System.Buffers.Binary;

namespace Keyway.Mp4.Boxes;

/// <summary>The sample size boxes, <c>stsz</c> and <c>stz2</c> (ISO/IEC 14496-12, 8.7.3).</summary>
/// <remarks>
/// <code>
/// stsz: version:1 flags:3 sample_size:4 sample_count:4 [ size:4 × sample_count  if sample_size = 0 ]
/// stz2: version:1 flags:3 reserved:3 field_size:1 sample_count:4 size:4b|8b|16b × sample_count
/// </code>
/// </remarks>
internal readonly struct Stsz
{
    /// <summary>The size of every sample, or 0 when each has its own.</summary>
    public uint UniformSize { get; private init; }

    public uint Count { get; private init; }

    private int FieldBits { get; init; }

    private int EntriesStart { get; init; }

    public static bool TryRead(in Box box, out Stsz value, out FormatError error)
    {
        FieldReader fields = box.Fields();
        fields.Skip(4);
        uint first = fields.U32();
        uint count = fields.U32();
        bool compact = box.Type == FourCc.Stz2;
        int bits = compact ? (int)(first & 0xFF) : 32;
        value = new Stsz { UniformSize = compact ? 0 : first, Count = count, FieldBits = bits, EntriesStart = box.ContentStart + fields.Position };
        if (!fields.Ok) return box.Fail("the table of sample sizes is cut short", out error);
        if (bits is not (4 or 8 or 16 or 32)) return box.Fail($"sample sizes of {bits} bits", out error);
        if (value.UniformSize == 0 && (((ulong)count * (uint)bits) + 7) / 8 > (uint)fields.Remaining) return box.Fail($"{count} sample sizes do not fit the box", out error);
        error = default;
        return true;
    }

    public uint SizeOf(ReadOnlySpan<byte> buffer, uint sample)
    {
        if (UniformSize != 0) return UniformSize;
        return FieldBits switch
        {
            4 => (uint)(buffer[EntriesStart + (int)(sample / 2)] >> ((sample & 1) == 0 ? 4 : 0)) & 15,
            8 => buffer[EntriesStart + (int)sample],
            16 => BinaryPrimitives.ReadUInt16BigEndian(buffer[(EntriesStart + (2 * (int)sample))..]),
            _ => BinaryPrimitives.ReadUInt32BigEndian(buffer[(EntriesStart + (4 * (int)sample))..]),
        };
    }
}

using System.Buffers.Binary;

namespace Keyway.Mp4.Boxes;

/// <summary>The chunk offset boxes, <c>stco</c> and <c>co64</c> (ISO/IEC 14496-12, 8.7.5).</summary>
/// <remarks><code>version:1 flags:3 entry_count:4 chunk_offset:4|8 × entry_count</code></remarks>
internal readonly struct Stco
{
    public uint Count { get; private init; }

    private bool Wide { get; init; }

    private int EntriesStart { get; init; }

    public static bool TryRead(in Box box, out Stco value, out FormatError error)
    {
        FieldReader fields = box.Fields();
        fields.Skip(4);
        uint count = fields.U32();
        bool wide = box.Type == FourCc.Co64;
        value = new Stco { Count = count, Wide = wide, EntriesStart = box.ContentStart + fields.Position };
        if (!fields.Ok) return box.Fail("the table of chunk offsets is cut short", out error);
        if (count > (uint)fields.Remaining / (wide ? 8 : 4)) return box.Fail($"{count} chunk offsets do not fit the box", out error);
        error = default;
        return true;
    }

    public long OffsetOf(ReadOnlySpan<byte> buffer, uint chunk) => Wide
        ? BinaryPrimitives.ReadInt64BigEndian(buffer[(EntriesStart + (8 * (int)chunk))..])
        : BinaryPrimitives.ReadUInt32BigEndian(buffer[(EntriesStart + (4 * (int)chunk))..]);
}

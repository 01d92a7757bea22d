using System.Buffers.Binary;

namespace Keyway.Mp4.Boxes;

/// <summary>The sync sample box, <c>stss</c>; without it every sample is one (ISO/IEC 14496-12, 8.6.2).</summary>
/// <remarks><code>version:1 flags:3 entry_count:4 sample_number:4 × entry_count   ascending, from 1</code></remarks>
internal readonly struct Stss
{
    public uint Count { get; private init; }

    private int EntriesStart { get; init; }

    public static bool TryRead(in Box box, out Stss value, out FormatError error)
    {
        FieldReader fields = box.Fields();
        fields.Skip(4);
        uint count = fields.U32();
        value = new Stss { Count = count, EntriesStart = box.ContentStart + fields.Position };
        if (!fields.Ok) return box.Fail("stss is cut short", out error);
        if (count > (uint)fields.Remaining / 4) return box.Fail($"{count} entries do not fit the box", out error);
        error = default;
        return true;
    }

    public uint NumberAt(ReadOnlySpan<byte> buffer, uint index) => BinaryPrimitives.ReadUInt32BigEndian(buffer[(EntriesStart + (4 * (int)index))..]);
}

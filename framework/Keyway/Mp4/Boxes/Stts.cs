using System.Buffers.Binary;

namespace Keyway.Mp4.Boxes;

/// <summary>The run-length tables of times: <c>stts</c> (durations) and <c>ctts</c> (composition offsets) (ISO/IEC 14496-12, 8.6.1).</summary>
/// <remarks>
/// <code>
/// version:1 flags:3 entry_count:4 ( sample_count:4 value:4 ) × entry_count
/// </code>
/// The runs stay runs: two billion samples of one duration are eight bytes.
/// </remarks>
internal readonly struct Stts
{
    public uint Count { get; private init; }

    private int EntriesStart { get; init; }

    public static bool TryRead(in Box box, out Stts value, out FormatError error)
    {
        FieldReader fields = box.Fields();
        fields.Skip(4);
        uint count = fields.U32();
        value = new Stts { Count = count, EntriesStart = box.ContentStart + fields.Position };
        if (!fields.Ok) return box.Fail("a table of times is cut short", out error);
        if (count > (uint)fields.Remaining / 8) return box.Fail($"{count} entries do not fit the box", out error);
        error = default;
        return true;
    }

    public Run RunAt(ReadOnlySpan<byte> buffer, uint index) => new(
        BinaryPrimitives.ReadUInt32BigEndian(buffer[(EntriesStart + (8 * (int)index))..]),
        BinaryPrimitives.ReadUInt32BigEndian(buffer[(EntriesStart + (8 * (int)index) + 4)..]));

    public readonly record struct Run(uint Samples, uint Value);
}

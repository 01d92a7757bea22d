using System.Buffers.Binary;

namespace Keyway.Mp4.Boxes;

/// <summary>The sample to chunk box, <c>stsc</c>: runs of chunks with equally many samples (ISO/IEC 14496-12, 8.7.4).</summary>
/// <remarks>
/// <code>
/// version:1 flags:3 entry_count:4 ( first_chunk:4 samples_per_chunk:4 sample_description_index:4 ) × entry_count
/// </code>
/// </remarks>
internal readonly struct Stsc
{
    public uint Count { get; private init; }

    private int EntriesStart { get; init; }

    public static bool TryRead(in Box box, out Stsc value, out FormatError error)
    {
        FieldReader fields = box.Fields();
        fields.Skip(4);
        uint count = fields.U32();
        value = new Stsc { Count = count, EntriesStart = box.ContentStart + fields.Position };
        if (!fields.Ok) return box.Fail("stsc is cut short", out error);
        if (count > (uint)fields.Remaining / 12) return box.Fail($"{count} entries do not fit the box", out error);
        uint previous = 0;
        for (uint i = 0; i < count; i++)
        {
            uint first = fields.U32();
            fields.Skip(8);
            if (first <= previous || (i == 0 && first != 1)) return box.Fail("chunks are not counted upwards from 1", 8 + (12 * (int)i), out error);
            previous = first;
        }

        error = default;
        return true;
    }

    public Run RunAt(ReadOnlySpan<byte> buffer, uint index)
    {
        ReadOnlySpan<byte> entry = buffer.Slice(EntriesStart + (12 * (int)index), 12);
        return new Run(
            BinaryPrimitives.ReadUInt32BigEndian(entry),
            BinaryPrimitives.ReadUInt32BigEndian(entry[4..]),
            BinaryPrimitives.ReadUInt32BigEndian(entry[8..]));
    }

    public readonly record struct Run(uint FirstChunk, uint SamplesPerChunk, uint DescriptionIndex);
}

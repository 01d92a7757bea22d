using System.Buffers.Binary;

namespace Keyway.Mp4.Boxes;

/// <summary>The track fragment run box, <c>trun</c>: samples that lie one after another (ISO/IEC 14496-12, 8.8.8).</summary>
/// <remarks>
/// <code>
/// version:1 flags:3 sample_count:4 [ data_offset:4  0x01 ] [ first_sample_flags:4  0x04 ]
///   sample_count × [ duration:4 0x100 ] [ size:4 0x200 ] [ flags:4 0x400 ] [ composition_time_offset:4 0x800, signed from version 1 ]
/// </code>
/// The entries stay where they are: a run is a view of its box.
/// </remarks>
internal readonly struct Trun
{
    private const uint HasDuration = 0x100, HasSize = 0x200, HasFlags = 0x400, HasComposition = 0x800;

    public required uint Flags { get; init; }

    public required uint Count { get; init; }

    public int? DataOffset { get; init; }

    public uint? FirstSampleFlags { get; init; }

    /// <summary>Where the entries begin in the buffer.</summary>
    public required int EntriesStart { get; init; }

    /// <summary>Where the box begins in the file, for messages.</summary>
    public required long Offset { get; init; }

    /// <summary>Bytes of one entry; 0 when every sample is as the defaults say, and then no byte stands behind the count.</summary>
    public int EntrySize => (int)(4 * uint.PopCount(Flags & (HasDuration | HasSize | HasFlags | HasComposition)));

    public static bool TryRead(in Box box, out Trun value, out FormatError error)
    {
        value = default;
        FieldReader fields = box.Fields();
        fields.Skip(1);
        uint flags = fields.U24();
        uint count = fields.U32();
        int? dataOffset = (flags & 0x01) != 0 ? (int)fields.U32() : null;
        uint? firstFlags = (flags & 0x04) != 0 ? fields.U32() : null;
        if (!fields.Ok) return box.Fail("trun is cut short", out error);
        value = new Trun
        {
            Flags = flags,
            Count = count,
            DataOffset = dataOffset,
            FirstSampleFlags = firstFlags,
            EntriesStart = box.ContentStart + fields.Position,
            Offset = box.Offset,
        };
        if ((ulong)count * (uint)value.EntrySize > (uint)fields.Remaining) return box.Fail($"{count} samples do not fit the box", 4, out error);
        error = default;
        return true;
    }

    /// <summary>How many bytes the samples have together.</summary>
    public ulong TotalBytes(ReadOnlySpan<byte> buffer, uint defaultSize)
    {
        if ((Flags & HasSize) == 0) return (ulong)Count * defaultSize;
        int stride = EntrySize, at = EntriesStart + ((Flags & HasDuration) != 0 ? 4 : 0);
        ulong total = 0;
        for (uint i = 0; i < Count; i++, at += stride) total += BinaryPrimitives.ReadUInt32BigEndian(buffer[at..]);
        return total;
    }

    /// <summary>Reads one entry. What it leaves unsaid is in the header, and what that leaves unsaid in the defaults of the track.</summary>
    public Entry EntryAt(ReadOnlySpan<byte> buffer, uint index, in Tfhd header, in Trex defaults)
    {
        ReadOnlySpan<byte> entry = buffer.Slice(EntriesStart + ((int)index * EntrySize), EntrySize);
        int at = 0;
        uint duration = Field(entry, HasDuration, ref at) ?? header.Duration ?? defaults.Duration;
        uint size = Field(entry, HasSize, ref at) ?? header.Size ?? defaults.Size;
        uint? own = Field(entry, HasFlags, ref at);
        uint flags = (index == 0 ? FirstSampleFlags : null) ?? own ?? header.Flags ?? defaults.Flags;
        int composition = (int)(Field(entry, HasComposition, ref at) ?? 0);
        return new Entry(duration, size, flags, composition);
    }

    private uint? Field(ReadOnlySpan<byte> entry, uint flag, ref int at)
    {
        if ((Flags & flag) == 0) return null;
        at += 4;
        return BinaryPrimitives.ReadUInt32BigEndian(entry[(at - 4)..]);
    }

    public readonly record struct Entry(uint Duration, uint Size, uint Flags, int CompositionOffset);
}

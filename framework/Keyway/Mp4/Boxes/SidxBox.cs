using System.Buffers.Binary;

namespace Keyway.Mp4;

/// <summary>A segment index box, <c>sidx</c> (ISO/IEC 14496-12, 8.16.3).</summary>
/// <remarks>
/// <code>
/// size:4 'sidx' version:1 flags:3 reference_ID:4 timescale:4
/// version 0: earliest_presentation_time:4 first_offset:4     version 1: both :8
/// reserved:2 reference_count:2
///   [ reference_type:1bit referenced_size:31bit  subsegment_duration:4  starts_with_SAP:1bit SAP_type:3bit SAP_delta_time:28bit ] × reference_count
/// </code>
/// </remarks>
internal sealed record SidxBox
{
    /// <summary>The four-character code.</summary>
    public const uint Type = 0x73696478;

    /// <summary>Units per second.</summary>
    public required uint Timescale { get; init; }

    /// <summary>When the first subsegment begins.</summary>
    public ulong EarliestPresentationTime { get; init; }

    /// <summary>The distance from the end of this box to the first referenced byte.</summary>
    public ulong FirstOffset { get; init; }

    /// <summary>What it refers to, in order and without gaps.</summary>
    public IReadOnlyList<SidxReference> References { get; init; } = [];

    /// <summary>Finds and reads the first <c>sidx</c> among whole boxes.</summary>
    /// <param name="boxes">The bytes of the index range.</param>
    /// <param name="box">The box.</param>
    /// <param name="end">Where it ends, counted from the beginning of <paramref name="boxes"/>: offsets count from there.</param>
    /// <param name="error">Why not.</param>
    /// <returns><see langword="false"/> when there is none, or it is malformed.</returns>
    public static bool TryFind(ReadOnlySpan<byte> boxes, out SidxBox? box, out long end, out FormatError error)
    {
        box = null;
        end = 0;
        int at = 0;
        while (BoxHeader.TryRead(boxes[at..], out BoxHeader header))
        {
            long length = header.Within(boxes.Length - at);
            if (length < 0) return Fail($"box size {(ulong)header.Length} does not fit the {boxes.Length - at} bytes that are left", at, out error);
            end = at + length;
            if (header.Type == Type)
            {
                if (TryReadContent(boxes[(at + header.Size)..(int)end], out box, out error)) return true;
                error = error with { Offset = error.Offset + at + header.Size };
                return false;
            }

            at = (int)end;
        }

        return Fail("there is no sidx box", at, out error);
    }

    /// <summary>Where the first <c>sidx</c>, or what must be read to get to it, ends; <see langword="null"/> where no box begins.</summary>
    internal static long? EndOf(ReadOnlySpan<byte> boxes)
    {
        long at = 0;
        while (at < boxes.Length && BoxHeader.TryRead(boxes[(int)at..], out BoxHeader header))
        {
            if (header.ReachesToEnd || header.Within(int.MaxValue) < 0) return null;
            at += header.Length;
            if (header.Type == Type) return at;
        }

        return at + BoxHeader.Most;
    }

    /// <summary>Reads what follows the box header.</summary>
    /// <param name="content">The content of the box, without size and type.</param>
    /// <param name="box">The box.</param>
    /// <param name="error">Why not; its offset counts from the beginning of <paramref name="content"/>.</param>
    /// <returns><see langword="false"/> when the content is malformed.</returns>
    public static bool TryReadContent(ReadOnlySpan<byte> content, out SidxBox? box, out FormatError error)
    {
        box = null;
        if (content.Length < 4) return Fail("a sidx box needs at least 24 bytes of content", 0, out error);
        byte version = content[0];
        if (version > 1) return Fail($"sidx version {version} is not known", 0, out error);
        int times = version == 0 ? 4 : 8;
        int at = 12 + 2 * times + 4;
        if (content.Length < at) return Fail($"a sidx box of version {version} needs at least {at} bytes of content", 0, out error);
        uint timescale = BinaryPrimitives.ReadUInt32BigEndian(content[8..]);
        if (timescale == 0) return Fail("timescale is 0", 8, out error);
        ulong earliest = version == 0 ? BinaryPrimitives.ReadUInt32BigEndian(content[12..]) : BinaryPrimitives.ReadUInt64BigEndian(content[12..]);
        ulong first = version == 0 ? BinaryPrimitives.ReadUInt32BigEndian(content[16..]) : BinaryPrimitives.ReadUInt64BigEndian(content[20..]);
        int count = BinaryPrimitives.ReadUInt16BigEndian(content[(at - 2)..]);
        if (count > (content.Length - at) / 12) return Fail($"reference_count {count} does not fit the box", at - 2, out error);
        SidxReference[] references = new SidxReference[count];
        for (int i = 0; i < count; i++, at += 12)
        {
            uint size = BinaryPrimitives.ReadUInt32BigEndian(content[at..]);
            references[i] = new SidxReference(size >> 31 == 1, size & 0x7FFFFFFF, BinaryPrimitives.ReadUInt32BigEndian(content[(at + 4)..]));
        }

        box = new SidxBox { Timescale = timescale, EarliestPresentationTime = earliest, FirstOffset = first, References = references };
        error = default;
        return true;
    }

    private static bool Fail(string reason, long offset, out FormatError error)
    {
        error = new FormatError(reason, "sidx", offset);
        return false;
    }
}

namespace Keyway.Mp4.Boxes;

/// <summary>The track fragment header box, <c>tfhd</c> (ISO/IEC 14496-12, 8.8.7).</summary>
/// <remarks>
/// <code>
/// version:1 flags:3 track_ID:4 [ base_data_offset:8   0x01 ] [ sample_description_index:4   0x02 ] [ default_sample_duration:4   0x08 ]
///                              [ default_sample_size:4 0x10 ] [ default_sample_flags:4      0x20 ]   default-base-is-moof         0x020000
/// </code>
/// </remarks>
internal readonly record struct Tfhd(uint TrackId, ulong? BaseDataOffset, bool BaseIsMoof, uint? DescriptionIndex, uint? Duration, uint? Size, uint? Flags)
{
    /// <summary>Where the absolute offset stands in the content.</summary>
    public const int BaseDataOffsetAt = 8;

    public static bool TryRead(in Box box, out Tfhd value, out FormatError error)
    {
        FieldReader fields = box.Fields();
        fields.Skip(1);
        uint flags = fields.U24();
        value = new Tfhd(
            fields.U32(),
            (flags & 0x01) != 0 ? fields.U64() : null,
            (flags & 0x020000) != 0,
            (flags & 0x02) != 0 ? fields.U32() : null,
            (flags & 0x08) != 0 ? fields.U32() : null,
            (flags & 0x10) != 0 ? fields.U32() : null,
            (flags & 0x20) != 0 ? fields.U32() : null);
        error = default;
        return fields.Ok || box.Fail("tfhd is cut short", out error);
    }
}

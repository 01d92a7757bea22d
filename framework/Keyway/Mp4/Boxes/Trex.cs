namespace Keyway.Mp4.Boxes;

/// <summary>The track extends box, <c>trex</c>: what a fragment may leave unsaid (ISO/IEC 14496-12, 8.8.3).</summary>
/// <remarks>
/// <code>
/// version:1 flags:3 track_ID:4 sample_description_index:4 sample_duration:4 sample_size:4 sample_flags:4
/// </code>
/// </remarks>
internal readonly record struct Trex(uint TrackId, uint DescriptionIndex, uint Duration, uint Size, uint Flags)
{
    public static bool TryRead(in Box box, out Trex value, out FormatError error)
    {
        FieldReader fields = box.Fields(Math.Min(4, box.Content.Length));
        value = new Trex(fields.U32(), fields.U32(), fields.U32(), fields.U32(), fields.U32());
        error = default;
        return fields.Ok || box.Fail("trex is cut short", out error);
    }
}

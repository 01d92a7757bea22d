namespace Keyway.Mp4.Boxes;

/// <summary>The sample to group box, <c>sbgp</c> (ISO/IEC 14496-12, 8.9.2).</summary>
/// <remarks>
/// <code>
/// version:1 flags:3 grouping_type:4 [ grouping_type_parameter:4  version 1 ] entry_count:4 ( sample_count:4 group_description_index:4 ) × entry_count
/// </code>
/// </remarks>
internal static class Sbgp
{
    public static bool TryRead(in Box box, List<GroupRun> runs, out FormatError error)
    {
        FieldReader fields = box.Fields();
        byte version = fields.U8();
        fields.Skip(7);
        if (version >= 1) fields.Skip(4);
        uint count = fields.U32();
        if (!fields.Ok) return box.Fail("sbgp is cut short", out error);
        if (count > (uint)fields.Remaining / 8) return box.Fail($"{count} entries do not fit the box", out error);
        for (uint i = 0; i < count; i++) runs.Add(new GroupRun(fields.U32(), fields.U32()));
        error = default;
        return true;
    }
}

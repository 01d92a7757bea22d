namespace Keyway.Mp4.Boxes;

/// <summary>The track header box, <c>tkhd</c> (ISO/IEC 14496-12, 8.3.2).</summary>
/// <remarks>
/// <code>
/// version:1 flags:3 creation:4|8 modification:4|8 track_ID:4 reserved:4 duration:4|8 reserved:8 layer:2 group:2 volume:2 reserved:2 matrix:36 width:4 height:4
///                                                                                                                            16.16 fixed point
/// </code>
/// </remarks>
internal readonly record struct Tkhd(byte Version, uint TrackId, ulong Duration, int Width, int Height)
{
    public static bool TryRead(in Box box, out Tkhd value, out FormatError error)
    {
        FieldReader fields = box.Fields();
        byte version = fields.U8();
        fields.Skip(3);
        fields.Skip(version == 1 ? 16 : 8);
        uint id = fields.U32();
        fields.Skip(4);
        ulong duration = fields.U32Or64(version == 1);
        fields.Skip(52);
        uint width = fields.U32();
        uint height = fields.U32();
        value = new Tkhd(version, id, duration, (int)(width >> 16), (int)(height >> 16));
        if (!fields.Ok) return box.Fail("tkhd is cut short", out error);
        error = default;
        return id != 0 || box.Fail("track_ID is 0", out error);
    }
}

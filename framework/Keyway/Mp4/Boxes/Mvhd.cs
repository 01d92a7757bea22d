namespace Keyway.Mp4.Boxes;

/// <summary>The movie header box, <c>mvhd</c> (ISO/IEC 14496-12, 8.2.2).</summary>
/// <remarks>
/// <code>
/// version:1 flags:3 creation:4|8 modification:4|8 timescale:4 duration:4|8 … next_track_ID:4 (the last four bytes)
/// </code>
/// </remarks>
internal readonly record struct Mvhd(byte Version, uint Timescale, ulong Duration)
{
    public static bool TryRead(in Box box, out Mvhd value, out FormatError error)
    {
        FieldReader fields = box.Fields();
        byte version = fields.U8();
        fields.Skip(3);
        fields.Skip(version == 1 ? 16 : 8);
        value = new Mvhd(version, fields.U32(), fields.U32Or64(version == 1));
        error = default;
        return fields.Ok || box.Fail("mvhd is cut short", out error);
    }
}

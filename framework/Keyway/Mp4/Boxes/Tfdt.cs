namespace Keyway.Mp4.Boxes;

/// <summary>The track fragment decode time box, <c>tfdt</c> (ISO/IEC 14496-12, 8.8.12).</summary>
/// <remarks><code>version:1 flags:3 baseMediaDecodeTime:4|8</code></remarks>
internal static class Tfdt
{
    public static bool TryRead(in Box box, out ulong time, out FormatError error)
    {
        FieldReader fields = box.Fields();
        byte version = fields.U8();
        fields.Skip(3);
        time = fields.U32Or64(version != 0);
        error = default;
        return fields.Ok || box.Fail("tfdt is cut short", out error);
    }
}

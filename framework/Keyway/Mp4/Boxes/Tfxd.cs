namespace Keyway.Mp4.Boxes;

/// <summary>The <c>uuid</c> box with the absolute time of a fragment ([MS-SSTR], 2.2.4.4).</summary>
/// <remarks><code>usertype:16 version:1 flags:3 time:4|8 duration:4|8     64 bits in version 1</code></remarks>
internal static class Tfxd
{
    public static bool TryRead(in Box box, out FragmentTime value, out FormatError error)
    {
        FieldReader fields = box.Fields(16);
        byte version = fields.U8();
        fields.Skip(3);
        value = new FragmentTime(fields.U32Or64(version != 0), fields.U32Or64(version != 0));
        error = default;
        return fields.Ok || box.Fail("tfxd is cut short", out error);
    }
}

namespace Keyway.Mp4.Boxes;

/// <summary>The <c>uuid</c> box with the times of the fragments that follow one of a live stream ([MS-SSTR], 2.2.4.5).</summary>
/// <remarks><code>usertype:16 version:1 flags:3 count:1 ( time:4|8 duration:4|8 ) × count     64 bits in version 1</code></remarks>
internal static class Tfrf
{
    public static bool TryRead(in Box box, out IReadOnlyList<FragmentTime> value, out FormatError error)
    {
        FieldReader fields = box.Fields(16);
        byte version = fields.U8();
        fields.Skip(3);
        FragmentTime[] times = new FragmentTime[fields.U8()];
        for (int i = 0; i < times.Length; i++) times[i] = new FragmentTime(fields.U32Or64(version != 0), fields.U32Or64(version != 0));
        value = times;
        error = default;
        return fields.Ok || box.Fail("tfrf is cut short", out error);
    }
}

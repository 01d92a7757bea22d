namespace Keyway.Mp4.Boxes;

/// <summary>The media header box, <c>mdhd</c> (ISO/IEC 14496-12, 8.4.2).</summary>
/// <remarks>
/// <code>
/// version:1 flags:3 creation:4|8 modification:4|8 timescale:4 duration:4|8 pad:1b language:3 × 5b pre_defined:2
///                                                                               each letter less 0x60
/// </code>
/// </remarks>
internal readonly record struct Mdhd(byte Version, uint Timescale, ulong Duration, string Language)
{
    public static bool TryRead(in Box box, out Mdhd value, out FormatError error)
    {
        FieldReader fields = box.Fields();
        byte version = fields.U8();
        fields.Skip(3);
        fields.Skip(version == 1 ? 16 : 8);
        uint timescale = fields.U32();
        ulong duration = fields.U32Or64(version == 1);
        ushort language = fields.U16();
        value = new Mdhd(version, timescale, duration, LanguageOf(language));
        error = default;
        return fields.Ok || box.Fail("mdhd is cut short", out error);
    }

    private static string LanguageOf(ushort packed)
    {
        char a = (char)(0x60 + ((packed >> 10) & 31)), b = (char)(0x60 + ((packed >> 5) & 31)), c = (char)(0x60 + (packed & 31));
        return char.IsAsciiLetterLower(a) && char.IsAsciiLetterLower(b) && char.IsAsciiLetterLower(c) ? $"{a}{b}{c}" : "und";
    }
}

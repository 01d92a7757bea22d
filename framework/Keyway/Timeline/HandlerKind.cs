namespace Keyway.Timeline;

/// <summary>What a track of a file is for, by its handler (ISO/IEC 14496-12, 8.4.3).</summary>
internal static class HandlerKind
{
    public static MediaKind Of(string handler) => handler switch
    {
        "vide" => MediaKind.Video,
        "soun" => MediaKind.Audio,
        "text" or "subt" or "sbtl" or "subp" => MediaKind.Text,
        _ => MediaKind.Other,
    };
}

using System.Globalization;
using System.Text.RegularExpressions;

namespace Keyway.Relay.Serving;

/// <summary>What a segment is called in an address: by its time or its number, and in which container.</summary>
/// <param name="IsTime">Whether <paramref name="Value"/> is a time of the media.</param>
/// <param name="Value">The time, or the number.</param>
/// <param name="Extension">The ending.</param>
internal readonly partial record struct SegmentName(bool IsTime, ulong Value, string Extension)
{
    /// <summary>The ending of what is in MP4, or was put there, and of whatever a manifest does not tell apart.</summary>
    public const string Mp4 = "m4s";

    public static bool TryParse(string text, out SegmentName name)
    {
        name = default;
        if (text.Length > 40 || Form().Match(text) is not { Success: true } match || !ulong.TryParse(match.Groups[2].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value)) return false;
        name = new SegmentName(match.Groups[1].ValueSpan[0] == 't', value, match.Groups[3].Value);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(IsTime ? 't' : 'n')}{Value}.{Extension}");

    // One spelling for each: caches and logs know a segment by its name.
    [GeneratedRegex("^([nt])(0|[1-9][0-9]{0,19})\\.(m4s|ts|aac|webm|vtt|jpg)\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}

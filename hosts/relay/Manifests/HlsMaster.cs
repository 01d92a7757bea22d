using System.Globalization;
using System.Text;
using Keyway.Relay.Serving;
using Keyway.Timeline;

namespace Keyway.Relay.Manifests;

/// <summary>The multivariant playlist: every rendition that HLS has a way to name.</summary>
internal static class HlsMaster
{
    // Sound in several bit rates is a group for each; each with each picture: a table that stays small.
    private const int MostGroups = 4;

    /// <summary>Makes it.</summary>
    /// <param name="renditions">The renditions, with what they are: those of one period.</param>
    /// <param name="tracks">Their playlists.</param>
    public static string Write(IReadOnlyList<(ServedRendition Rendition, MediaFacts Facts)> renditions, HlsTracks tracks)
    {
        StringBuilder text = new("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n");
        (ServedRendition Rendition, MediaFacts Facts)[] video = [.. renditions.Where(static each => each.Rendition.Rendition is { Kind: MediaKind.Video, IsTrickMode: false })];
        (ServedRendition Rendition, MediaFacts Facts)[] inside = [.. renditions.Where(static each => each.Rendition.SharedWith is not null)];
        (ServedRendition Rendition, MediaFacts Facts)[] audio = [.. renditions.Where(each => each.Rendition.Rendition.Kind == MediaKind.Audio && !inside.Contains(each))];
        (ServedRendition Rendition, MediaFacts Facts)[] texts = [.. renditions.Where(static each => each.Rendition.Rendition.Kind == MediaKind.Text && each.Facts.Form == MediaForm.WebVtt)];

        List<(ServedRendition Rendition, MediaFacts Facts)[]> groups = Groups(audio);
        HashSet<string> names = new(StringComparer.Ordinal);
        for (int i = 0; i < groups.Count && video.Length > 0; i++)
        {
            names.Clear();
            foreach ((ServedRendition rendition, _) in groups[i]) AppendMedia("AUDIO", string.Create(CultureInfo.InvariantCulture, $"a{i}"), rendition, rendition == groups[i][0].Rendition);
        }

        names.Clear();
        foreach ((ServedRendition rendition, _) in texts) AppendMedia("SUBTITLES", "s", rendition, isDefault: false);
        foreach ((ServedRendition rendition, MediaFacts facts) in video)
        {
            string? mixed = inside.Where(each => each.Rendition.SharedWith == rendition.Number).Select(static each => each.Facts.Codecs).FirstOrDefault();
            if (groups.Count == 0) AppendVariant(rendition, mixed is null ? facts.Codecs : Joined(facts.Codecs, mixed), rendition.Rendition.Bandwidth, group: -1);
            for (int i = 0; i < groups.Count; i++)
            {
                // Beside sound of its own it takes part in every group.
                (ServedRendition first, MediaFacts sound) = groups[i][0];
                AppendVariant(rendition, Joined(facts.Codecs, sound.Codecs), rendition.Rendition.Bandwidth + first.Rendition.Bandwidth, i);
            }
        }

        // Sound alone is a variant itself.
        if (video.Length == 0) foreach ((ServedRendition rendition, MediaFacts facts) in audio) AppendVariant(rendition, facts.Codecs, rendition.Rendition.Bandwidth, group: -1);
        return text.ToString();

        void AppendMedia(string type, string group, ServedRendition served, bool isDefault)
        {
            Rendition rendition = served.Rendition;
            string name = Quoted(rendition.Label ?? rendition.Language ?? rendition.Id);
            if (name.Length == 0) name = type.ToLowerInvariant();
            string unique = name;
            for (int i = 2; !names.Add(unique); i++) unique = string.Create(CultureInfo.InvariantCulture, $"{name} {i}");
            text.Append(CultureInfo.InvariantCulture, $"#EXT-X-MEDIA:TYPE={type},GROUP-ID=\"{group}\",NAME=\"{unique}\"");
            if (rendition.Language is { Length: > 0 } language) text.Append(CultureInfo.InvariantCulture, $",LANGUAGE=\"{Quoted(language)}\"");
            text.Append(CultureInfo.InvariantCulture, $",DEFAULT={(isDefault ? "YES" : "NO")},AUTOSELECT={(isDefault || type == "AUDIO" ? "YES" : "NO")}");
            if (rendition.Roles.Contains("forced-subtitle")) text.Append(",FORCED=YES");
            text.Append(CultureInfo.InvariantCulture, $",URI=\"hls/{tracks.Of(served.Name).Number}.m3u8\"\n");
        }

        void AppendVariant(ServedRendition served, string? codecs, long bandwidth, int group)
        {
            Rendition rendition = served.Rendition;
            text.Append(CultureInfo.InvariantCulture, $"#EXT-X-STREAM-INF:BANDWIDTH={Math.Max(1, bandwidth)}");
            if (codecs is not null) text.Append(CultureInfo.InvariantCulture, $",CODECS=\"{Quoted(codecs)}\"");
            if (rendition is { Width: { } width, Height: { } height }) text.Append(CultureInfo.InvariantCulture, $",RESOLUTION={width}x{height}");
            if (FrameRate(rendition.FrameRate) is { } rate) text.Append(CultureInfo.InvariantCulture, $",FRAME-RATE={rate:0.000}");
            if (group >= 0) text.Append(CultureInfo.InvariantCulture, $",AUDIO=\"a{group}\"");
            if (texts.Length > 0) text.Append(",SUBTITLES=\"s\"");
            text.Append(CultureInfo.InvariantCulture, $"\nhls/{tracks.Of(served.Name).Number}.m3u8\n");
        }
    }

    /// <summary>Codecs of two that are in the same segments.</summary>
    public static string? Joined(string? one, string? other) => one is null || other is null ? null : string.Join(',', one.Split(',').Concat(other.Split(',')).Distinct(StringComparer.Ordinal));

    /// <summary>The same languages in several bit rates: a group for each bit rate, the highest first.</summary>
    private static List<(ServedRendition Rendition, MediaFacts Facts)[]> Groups((ServedRendition Rendition, MediaFacts Facts)[] audio)
    {
        List<List<(ServedRendition Rendition, MediaFacts Facts)>> groups = [];
        foreach (IGrouping<string, (ServedRendition Rendition, MediaFacts Facts)> alike in audio.GroupBy(static each => $"{each.Rendition.Rendition.Language} {each.Rendition.Rendition.Label} {string.Join(',', each.Rendition.Rendition.Roles)} {each.Facts.Codecs?.Split('.')[0]}"))
        {
            int at = 0;
            foreach ((ServedRendition Rendition, MediaFacts Facts) each in alike.OrderByDescending(static each => each.Rendition.Rendition.Bandwidth))
            {
                // Those of another codec are groups of their own, too.
                while (at < groups.Count && groups[at][0].Facts.Codecs?.Split('.')[0] != each.Facts.Codecs?.Split('.')[0]) at++;
                if (at == groups.Count) groups.Add([]);
                groups[at++].Add(each);
            }
        }

        // Who is chosen when nobody chooses comes first.
        return [.. groups.Take(MostGroups).Select(static group => group.OrderByDescending(static each => each.Rendition.IsChosen).ToArray())];
    }

    private static double? FrameRate(string? text)
    {
        string[] parts = text?.Split('/') ?? [];
        if (parts.Length is 0 or > 2 || !double.TryParse(parts[0], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double rate)) return null;
        double below = 1;
        if (parts.Length == 2 && !double.TryParse(parts[1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out below)) return null;
        return rate / below is > 0 and < 1000 and var result ? result : null;
    }

    // Attributes have no way to write a quotation mark.
    private static string Quoted(string text) => string.Concat(text.Where(static letter => letter is not '"' && !char.IsControl(letter)).Take(128));
}

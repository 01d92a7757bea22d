using System.Globalization;
using System.Text.Json;
using Keyway.Content;
using Keyway.Relay.Manifests;
using Keyway.Relay.Serving;
using Keyway.Timeline;

namespace Keyway.Relay.Endpoints;

/// <summary>What is served, for the page: periods, renditions, segments.</summary>
internal static class MapEndpoints
{
    public static async Task MapAsync(HttpContext context, RelayState state)
    {
        if (state.Served is not { } served)
        {
            await JsonText.AnswerAsync(context, json =>
            {
                json.WriteStartObject();
                json.WriteNumber("version", 0);
                json.WriteString("state", state.Failure is null ? "opening" : "failed");
                if (state.Failure is { } failure) WriteRefusal(json, "failure", failure);
                json.WriteMoment("now", state.Story.Now);
                json.WriteStartArray("periods");
                json.WriteEndArray();
                json.WriteEndObject();
            });
            return;
        }

        MapSnapshot map = served.Current;
        // What a rendition is is known of those of the newest period, once somebody has looked.
        foreach (ServedPeriod period in map.Periods) await Task.WhenAll(period.Renditions.Where(static each => each.Refusal is null).Select(each => TryLookAsync(served, each, context.RequestAborted)));
        LiveTimes? live = served.Manifests.Times(map);
        TimeSpan? length = live is null ? await served.Manifests.LengthAsync(map, context.RequestAborted) : null;
        await JsonText.AnswerAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("version", map.Version);
            json.WriteString("state", served.Nothing is not null ? "failed" : served.Admitted.IsCompleted ? "ready" : "opening");
            if (served.Nothing is { } failure) WriteRefusal(json, "failure", failure);
            json.WriteBoolean("live", map.IsLive);
            json.WriteBoolean("ended", served.Presentation.IsLive && !map.IsLive);
            json.WriteMoment("now", served.Now);
            if (live is not null)
            {
                TimeSpan edge = served.EdgeOf(map);
                json.WriteMoment("availabilityStartAt", served.AvailabilityStart);
                WriteWindow(json, edge > live.Window ? edge - live.Window : map.Periods.Count > 0 ? map.Periods[0].Start : TimeSpan.Zero, edge);
                json.WriteSeconds("delay", live.Delay ?? 3 * TimeSpan.FromSeconds(2));
                json.WriteSeconds("reloadAfter", live.UpdatePeriod);
            }
            else if (length is { } whole)
            {
                json.WriteSeconds("duration", whole);
                WriteWindow(json, TimeSpan.Zero, whole);
            }

            json.WriteStartArray("periods");
            foreach (ServedPeriod period in map.Periods) Write(json, period, served);
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    public static async Task SegmentsAsync(HttpContext context, ServedPresentation served, ServedPeriod period, ServedRendition rendition)
    {
        MapSnapshot map = served.Current;
        MediaFacts facts = await served.Desk.FactsAsync(rendition, context.RequestAborted);
        IReadOnlyList<TimelineSegment> segments = await served.Manifests.SegmentsAsync(map, period, rendition, context.RequestAborted);
        double? from = Number(context, "from"), until = Number(context, "until");
        List<KeyId> keys = [];
        // What does not change needs one key where it names one.
        KeyId[] own = [.. served.Presentation.KeyIdsOf(rendition.Rendition)];
        await JsonText.AnswerAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("version", map.Version);
            json.WriteStartArray("segments");
            foreach (TimelineSegment segment in segments)
            {
                TimeSpan start = period.Start + facts.StartOf(segment);
                if ((start + segment.Length).TotalSeconds <= from || start.TotalSeconds >= until) continue;
                json.WriteStartObject();
                json.WriteString("u", $"{rendition.Folder}/{(facts.IsWholeFile ? MediaEndpoints.File : HlsTrack.NameOf(segment, facts.Form == MediaForm.WebVtt ? facts.Extension : facts.Form == MediaForm.Image ? facts.Extension : SegmentName.Mp4).ToString())}");
                json.WriteNumber("n", segment.Number);
                json.WriteSeconds("s", start);
                json.WriteSeconds("d", segment.Length);
                KeyId? key = segment.KeyIds is [{ } first, ..] ? first : own is [var only] && !map.IsLive ? only : null;
                if (key is { } known)
                {
                    int at = keys.IndexOf(known);
                    if (at < 0)
                    {
                        at = keys.Count;
                        keys.Add(known);
                    }

                    json.WriteNumber("k", at);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteKeys("keys", keys);
            json.WriteEndObject();
        });
    }

    private static async Task TryLookAsync(ServedPresentation served, ServedRendition rendition, CancellationToken cancellationToken)
    {
        try
        {
            await served.Desk.FactsAsync(rendition, cancellationToken);
        }
        catch (KeywayException)
        {
            // The map says what the manifest says of it.
        }
    }

    private static void Write(Utf8JsonWriter json, ServedPeriod period, ServedPresentation served)
    {
        json.WriteStartObject();
        json.WriteString("id", string.Create(CultureInfo.InvariantCulture, $"p{period.Number}"));
        json.WriteString("name", period.Period.Name);
        json.WriteSeconds("start", period.Start);
        if (period.Duration is { } duration) json.WriteSeconds("duration", duration);
        json.WriteStartArray("renditions");
        List<string> sets = [];
        foreach (ServedRendition rendition in period.Renditions)
        {
            string set = SetOf(rendition);
            if (!sets.Contains(set)) sets.Add(set);
            Write(json, rendition, period, served, sets.IndexOf(set));
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ServedRendition served, ServedPeriod period, ServedPresentation presentation, int set)
    {
        Rendition rendition = served.Rendition;
        MediaFacts? facts = served.Media.Found;
        MediaForm form = facts is null ? MediaForm.Mp4 : facts.IsRepacked ? MediaForm.Mp4 : facts.Form;
        // What is in the same segments goes with it; a transport stream is taken apart.
        ServedRendition? within = facts is { IsRepacked: true } || served.SharedWith is not { } owner ? null : period.Renditions.FirstOrDefault(each => each.Number == owner);
        string? codecs = ManifestDesk.CodecsOf(period, served, facts);
        bool isFile = facts is { IsWholeFile: true } || IsFile(presentation.Facts.Kind);
        json.WriteStartObject();
        json.WriteString("id", served.Folder);
        json.WriteString("kind", rendition.Kind switch { MediaKind.Video => "video", MediaKind.Audio => "audio", MediaKind.Text => "text", MediaKind.Image => "image", _ => "other" });
        json.WriteString("mime", MediaEndpoints.TypeOf(rendition.Kind, form, rendition.MimeType));
        if (codecs is not null) json.WriteString("codecs", codecs);
        if (rendition.Width is { } width) json.WriteNumber("width", width);
        if (rendition.Height is { } height) json.WriteNumber("height", height);
        if (rendition.FrameRate is { } rate) json.WriteString("frameRate", rate);
        json.WriteNumber("bandwidth", rendition.Bandwidth);
        if (rendition.Language is { } language) json.WriteString("language", language);
        if (rendition.Label is { } label) json.WriteString("label", label);
        json.WriteTexts("roles", rendition.Roles);
        json.WriteBoolean("trickMode", rendition.IsTrickMode);
        json.WriteNumber("set", set);
        json.WriteBoolean("chosen", served.IsChosen);
        IReadOnlyList<KeyId> keys = presentation.Presentation.KeyIdsOf(rendition);
        json.WriteBoolean("protected", rendition.Protection.Count > 0 || keys.Count > 0);
        json.WriteKeys("keys", keys);
        json.WriteBoolean("served", served.Refusal is null);
        if (served.Refusal is { } refusal) WriteRefusal(json, "refused", refusal);
        if (within is not null) json.WriteString("within", within.Folder);
        if (facts is null || facts.HasInitialization || !facts.Initialization.IsEmpty) json.WriteString("init", $"{served.Folder}/{MediaEndpoints.Initialization}");
        json.WriteString("segments", $"{served.Folder}/segments");
        json.WriteString("media", isFile ? "file" : form is MediaForm.Mp4 or MediaForm.WebM ? rendition.Kind is MediaKind.Video or MediaKind.Audio ? "mse" : "other" : form == MediaForm.WebVtt ? "vtt" : "other");
        if (isFile || facts is { IsIndexed: true, Form: not MediaForm.WebM }) json.WriteString("file", $"{served.Folder}/{MediaEndpoints.File}");
        json.WriteSeconds("offset", period.Start - (facts?.MediaStart ?? rendition.Segments.MediaOffset));
        json.WriteEndObject();
    }

    /// <summary>What a player may switch between: manifests also tell sets apart that differ in their key alone.</summary>
    private static string SetOf(ServedRendition served) =>
        $"{served.Rendition.Kind} {served.Rendition.Language} {served.Rendition.Label} {served.Rendition.IsTrickMode} {string.Join(',', served.Rendition.Roles)} {(served.Media.Found?.Codecs ?? served.Rendition.Codecs)?.Split('.')[0]} {(served.Rendition.Kind == MediaKind.Audio ? served.Rendition.GroupIndex : 0)}";

    private static bool IsFile(ContentKind kind) => kind is ContentKind.FragmentedMp4 or ContentKind.ProgressiveMp4 or ContentKind.WebM;

    private static void WriteRefusal(Utf8JsonWriter json, string name, Refusal refusal)
    {
        json.WriteStartObject(name);
        json.WriteString("reason", refusal.Reason);
        json.WriteString("text", refusal.Text);
        if (refusal.Page is { } page) json.WriteString("page", page);
        if (refusal.Code is { } code) json.WriteString("code", code);
        if (refusal.Advice is { } advice) json.WriteString("advice", advice);
        json.WriteEndObject();
    }

    private static void WriteWindow(Utf8JsonWriter json, TimeSpan start, TimeSpan end)
    {
        json.WriteStartObject("window");
        json.WriteSeconds("start", start);
        json.WriteSeconds("end", end);
        json.WriteEndObject();
    }

    private static double? Number(HttpContext context, string name) =>
        double.TryParse(context.Request.Query[name], NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) ? number : null;
}

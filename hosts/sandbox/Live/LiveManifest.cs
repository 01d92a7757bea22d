using System.Globalization;
using System.Text;
using System.Xml.Linq;

namespace Keyway.Sandbox.Live;

/// <summary>Writes the channel's manifest as it is at a time.</summary>
/// <param name="variant">The variant.</param>
/// <param name="tracks">The tracks.</param>
/// <param name="host">The sandbox's own address: <c>http://127.0.0.1:8797</c>.</param>
internal sealed class LiveManifest(LiveVariant variant, IReadOnlyCollection<LiveSampleTrack> tracks, string host)
{
    /// <summary>How far back a client may go.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromSeconds(40);

    private const int SecondsPerKey = LiveTimes.SegmentSeconds * LiveChannel.SegmentsPerKey;
    private const int SecondsBehind = 12;   // three segments: what players in pages hold at least, said because they guess differently

    private static readonly XNamespace Mpd = "urn:mpeg:dash:schema:mpd:2011";
    private static readonly XNamespace Cenc = "urn:mpeg:cenc:2013";

    /// <summary>Writes it.</summary>
    /// <param name="start">When the presentation began.</param>
    /// <param name="time">What time it is.</param>
    /// <param name="end">How long the presentation is; <see langword="null"/>: without end.</param>
    /// <returns>The manifest in UTF-8.</returns>
    public byte[] Write(DateTimeOffset start, DateTimeOffset time, TimeSpan? end)
    {
        TimeSpan now = time - start;
        bool isOver = now >= end;
        TimeSpan until = isOver ? end!.Value : now;
        long newest = (long)(until.TotalSeconds / LiveTimes.SegmentSeconds) - 1;
        long oldest = isOver ? 0 : Math.Max(0, (long)((until - Kept).TotalSeconds / LiveTimes.SegmentSeconds));

        XElement mpd = new(
            Mpd + "MPD",
            new XAttribute(XNamespace.Xmlns + "cenc", Cenc),
            new XAttribute("profiles", "urn:mpeg:dash:profile:isoff-live:2011"),
            new XAttribute("minBufferTime", Text(LiveTimes.SegmentSeconds)),
            new XAttribute("availabilityStartTime", Text(start)),
            new XAttribute("publishTime", Text(time)),
            new XAttribute("type", isOver ? "static" : "dynamic"));
        if (isOver) mpd.Add(new XAttribute("mediaPresentationDuration", Text(until.TotalSeconds)));
        else mpd.Add(new XAttribute("minimumUpdatePeriod", Text(LiveTimes.SegmentSeconds)), new XAttribute("timeShiftBufferDepth", Text(Kept.TotalSeconds)));
        if (variant.IsForBrowsers && !isOver) mpd.Add(new XAttribute("suggestedPresentationDelay", Text(SecondsBehind)));
        mpd.Add(new XElement(Mpd + "UTCTiming", new XAttribute("schemeIdUri", "urn:mpeg:dash:utc:http-iso:2014"), new XAttribute("value", (variant.IsForBrowsers ? host : "") + "/live/time")));
        mpd.Add(variant.HasPeriods ? Periods(oldest, newest, isOver ? until : null) : Period(oldest, newest, isOver));
        return Encoding.UTF8.GetBytes($"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{mpd}\n");
    }

    /// <summary>A time as <c>xs:dateTime</c>.</summary>
    /// <param name="time">The time.</param>
    /// <returns>The text.</returns>
    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static string Text(double seconds) => string.Create(CultureInfo.InvariantCulture, $"PT{seconds}S");

    private XElement Period(long oldest, long newest, bool isOver)
    {
        // The keys of all that is on offer, and of the segment that is next, which a client that counts may fetch before it has this manifest again.
        // Where no moof announces a key, the manifest does so a whole key ahead.
        long last = isOver ? newest : variant.InMoof ? newest + 1 : newest + 1 + LiveChannel.SegmentsPerKey;
        return new XElement(
            Mpd + "Period",
            new XAttribute("id", "1"),
            new XAttribute("start", "PT0S"),
            tracks.Select(track => Set(track, Keys(track, oldest, Math.Max(0, last)), defaultKey: null, Segments(track, oldest, newest, 0, "init.mp4"))));
    }

    // Each says how long it is, and the next is there before it begins: no client takes a segment of one key for one of the key before.
    private IEnumerable<XElement> Periods(long oldest, long newest, TimeSpan? end)
    {
        long first = oldest / LiveChannel.SegmentsPerKey;
        long last = end is null ? (newest + 1) / LiveChannel.SegmentsPerKey + 1 : Math.Max(0, newest) / LiveChannel.SegmentsPerKey;
        for (long period = first; period <= last; period++)
        {
            long segment = period * LiveChannel.SegmentsPerKey;
            double seconds = end is { } over ? Math.Min(SecondsPerKey, over.TotalSeconds - period * SecondsPerKey) : SecondsPerKey;
            yield return new XElement(
                Mpd + "Period",
                new XAttribute("id", period + 1),
                new XAttribute("start", Text(period * SecondsPerKey)),
                new XAttribute("duration", Text(seconds)),
                tracks.Select(track => Set(track, Keys(track, segment, segment), LiveChannel.KeyOf(track, (ulong)segment), Segments(track, segment, newest, segment, $"init-{period + 1}.mp4"))));
        }
    }

    private static IEnumerable<ContentKey> Keys(LiveSampleTrack track, long from, long to)
    {
        for (long period = from / LiveChannel.SegmentsPerKey; period <= to / LiveChannel.SegmentsPerKey; period++) yield return LiveChannel.KeyOf(track, (ulong)(period * LiveChannel.SegmentsPerKey));
    }

    private XElement Set(LiveSampleTrack track, IEnumerable<ContentKey> keys, ContentKey? defaultKey, XElement segments)
    {
        string type = track.Name == "audio" ? "audio" : "video";
        XElement set = new(
            Mpd + "AdaptationSet",
            new XAttribute("contentType", type),
            new XAttribute("mimeType", type + "/mp4"),
            new XAttribute("lang", "en"),
            new XAttribute("segmentAlignment", "true"),
            new XAttribute("startWithSAP", "1"));
        XElement scheme = Protection("urn:mpeg:dash:mp4protection:2011");
        scheme.Add(new XAttribute("value", "cenc"));
        if (defaultKey is not null) scheme.Add(new XAttribute(Cenc + "default_KID", new Guid(Convert.FromHexString(defaultKey.Kid), bigEndian: true)));
        set.Add(scheme);
        if (variant.IsForBrowsers) set.Add(DashIfClearKey.Make(host));
        foreach (Guid system in LiveHeaders.Systems)
        {
            XElement protection = Protection($"urn:uuid:{system}");
            if (variant.InManifest)
            {
                IEnumerable<byte[]> boxes = variant.HasOneHeader ? [LiveHeaders.Box(system, keys)] : keys.Select(key => LiveHeaders.Box(system, key));
                protection.Add(boxes.Select(box => new XElement(Cenc + "pssh", Convert.ToBase64String(box))));
            }

            set.Add(protection);
        }

        (string Name, string Value)[] about = track.Name switch
        {
            "audio" => [("bandwidth", "55118"), ("codecs", "mp4a.40.2"), ("audioSamplingRate", "48000")],
            "video-180" => [("bandwidth", "87620"), ("codecs", "avc1.4d400c"), ("width", "320"), ("height", "180"), ("frameRate", "25")],
            _ => [("bandwidth", "181560"), ("codecs", "avc1.64001e"), ("width", "640"), ("height", "360"), ("frameRate", "25")],
        };
        set.Add(new XElement(Mpd + "Representation", new XAttribute("id", track.Name), about.Select(each => new XAttribute(each.Name, each.Value)), segments));
        return set;
    }

    private static XElement Protection(string scheme) => new(Mpd + "ContentProtection", new XAttribute("schemeIdUri", scheme));

    private XElement Segments(LiveSampleTrack track, long oldest, long newest, long first, string initialization)
    {
        XElement template = new(
            Mpd + "SegmentTemplate",
            new XAttribute("timescale", track.Timescale),
            new XAttribute("initialization", $"$RepresentationID$/{initialization}"),
            new XAttribute("media", variant.HasTimeline ? "$RepresentationID$/t$Time$.m4s" : "$RepresentationID$/$Number$.m4s"));
        if (first > 0) template.Add(new XAttribute("presentationTimeOffset", LiveTimes.Of(track, (ulong)first)));
        if (!variant.HasTimeline)
        {
            template.Add(new XAttribute("duration", LiveTimes.SegmentSeconds * track.Timescale), new XAttribute("startNumber", first + 1));
            return template;
        }

        XElement timeline = new(Mpd + "SegmentTimeline");
        for (long number = oldest; number <= newest; number++)
        {
            ulong time = LiveTimes.Of(track, (ulong)number);
            timeline.Add(new XElement(Mpd + "S", new XAttribute("t", time), new XAttribute("d", LiveTimes.Of(track, (ulong)number + 1) - time)));
        }

        template.Add(timeline);
        return template;
    }
}

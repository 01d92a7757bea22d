using System.Globalization;
using System.Security;
using System.Text;

namespace Keyway.Sandbox.Live;

/// <summary>An answer of the channel.</summary>
/// <param name="Status">The status code.</param>
/// <param name="ContentType">The media type.</param>
/// <param name="Body">The body.</param>
internal sealed record LiveAnswer(int Status, string ContentType, byte[] Body);

/// <summary>The bundled sample over and over as a presentation that grows, its keys rotating every four segments.</summary>
/// <remarks>
/// Everything is worked out from the time and the address: nothing is stored, and the same address gives the same bytes at any time.
/// The pictures are addressed by number and duration, the sound by a timeline, so that a client meets both.
/// Threads: any.
/// </remarks>
internal sealed class LiveChannel
{
    /// <summary>How many segments a key lasts.</summary>
    public const int SegmentsPerKey = 4;

    /// <summary>What the front page says about it.</summary>
    public const string Help = """
        With --live: the sample as a presentation that grows, its keys rotating every four segments of 4 s
          GET /live/manifest.mpd       pssh of the crypto period in the manifest and in every moof
          GET /live/moof/manifest.mpd  pssh in moof only
          GET /live/mpd/manifest.mpd   pssh in the manifest only, with that of the period to come
          ?end=SECONDS                 the presentation is over so long after its beginning, and its manifest becomes static
          GET /live/time               the time that it goes by (UTCTiming)
          The services above know its keys.
        """;

    private const int SegmentSeconds = 4;
    private const int SampleSeconds = SegmentSeconds * LiveSampleTrack.SegmentCount;
    private const int FrameLength = 1024;
    private static readonly TimeSpan Before = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(40);
    private static readonly Guid Common = new("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b");
    private static readonly Guid Widevine = new("edef8ba9-79d6-4ace-a3c8-27dcd51d21ed");
    private static readonly Guid PlayReady = new("9a04f079-9840-4286-ab92-e65be0885f95");
    private static readonly string[] Pictures = ["video-180", "video-360"];
    private static readonly LiveAnswer NotHere = new(404, "text/plain", "There is nothing at this address at this time.\n"u8.ToArray());

    private readonly TimeProvider _clock;
    private readonly DateTimeOffset _start;
    private readonly Dictionary<string, LiveSampleTrack> _tracks;

    /// <summary>Makes the channel. It has been on the air for a minute.</summary>
    /// <param name="keys">The content keys, that of the sample among them. From now on they know those of the channel.</param>
    /// <param name="clock">The time that it goes by.</param>
    public LiveChannel(ContentKeys keys, TimeProvider clock)
    {
        _clock = clock;
        DateTimeOffset now = clock.GetUtcNow() - Before;
        _start = new DateTimeOffset(now.Ticks - now.Ticks % TimeSpan.TicksPerSecond, TimeSpan.Zero);
        _tracks = ((string[])["audio", .. Pictures]).Select(name => LiveSampleTrack.Read(name, keys)).ToDictionary(track => track.Name, StringComparer.Ordinal);
        keys.Further = kid => LiveKeys.Find(kid, _tracks.Keys);
    }

    /// <summary>When the presentation began.</summary>
    public DateTimeOffset Start => _start;

    /// <summary>Answers a request.</summary>
    /// <param name="path">What follows <c>/live/</c>.</param>
    /// <param name="end">How long the presentation is; <see langword="null"/>: without end.</param>
    /// <returns>The answer.</returns>
    public LiveAnswer Answer(string path, TimeSpan? end)
    {
        string[] parts = path.Split('/');
        if (parts is ["time"]) return new LiveAnswer(200, "text/plain", Encoding.ASCII.GetBytes(Text(_clock.GetUtcNow())));
        string where = parts[0] is "moof" or "mpd" ? parts[0] : "both";
        if (where != "both") parts = parts[1..];
        return parts switch
        {
            ["manifest.mpd"] => new LiveAnswer(200, "application/dash+xml", Encoding.UTF8.GetBytes(Manifest(where, end))),
            [var name, "init.mp4"] when _tracks.TryGetValue(name, out LiveSampleTrack? track) => new LiveAnswer(200, "video/mp4", track.Initialization),
            [var name, var file] when _tracks.TryGetValue(name, out LiveSampleTrack? track) && Number(track, file) is { } number && IsThere(track, number) =>
                new LiveAnswer(200, "video/mp4", Segment(track, number, inBand: where != "mpd")),
            _ => NotHere,
        };
    }

    /// <summary>When a segment begins, in units of its track.</summary>
    /// <param name="track">The track.</param>
    /// <param name="number">The segment, from 0.</param>
    /// <returns>The time.</returns>
    internal static ulong TimeOf(LiveSampleTrack track, ulong number)
    {
        (ulong round, ulong index) = Math.DivRem(number, LiveSampleTrack.SegmentCount);
        ulong time = RoundStart(track, round);
        for (int i = 0; i < (int)index; i++) time += Length(track.Segments[i]);
        return time;
    }

    private static ulong Length(IEnumerable<LiveSample> samples) => (ulong)samples.Sum(sample => sample.Duration);

    // Sound comes in frames that do not fit into twenty seconds: a round begins with the frame that is due, and its last segment is as long as that leaves.
    private static ulong RoundStart(LiveSampleTrack track, ulong round) => track.Name == "audio"
        ? round * SampleSeconds * track.Timescale / FrameLength * FrameLength
        : round * SampleSeconds * track.Timescale;

    private static IReadOnlyList<LiveSample> SamplesOf(LiveSampleTrack track, ulong number)
    {
        (ulong round, ulong index) = Math.DivRem(number, LiveSampleTrack.SegmentCount);
        IReadOnlyList<LiveSample> samples = track.Segments[(int)index];
        if (track.Name != "audio" || index < LiveSampleTrack.SegmentCount - 1) return samples;
        return [.. samples.Take((int)((RoundStart(track, round + 1) - TimeOf(track, number)) / FrameLength))];
    }

    private static byte[] Segment(LiveSampleTrack track, ulong number, bool inBand)
    {
        ContentKey key = KeyOf(track, number);
        return LiveSegmentWriter.Write(track.TrackId, number, TimeOf(track, number), SamplesOf(track, number), key, inBand ? Headers(key).Select(header => header.Box) : []);
    }

    private static ContentKey KeyOf(LiveSampleTrack track, ulong number) => LiveKeys.Of(track.Name, number / SegmentsPerKey);

    private static IEnumerable<(Guid System, byte[] Box)> Headers(ContentKey key)
    {
        byte[] kid = Convert.FromHexString(key.Kid);
        yield return (Common, LiveSegmentWriter.Pssh(Common, kid, []));
        yield return (Widevine, LiveSegmentWriter.Pssh(Widevine, null, [0x12, 16, .. kid]));   // WidevinePsshData.key_ids
        yield return (PlayReady, LiveSegmentWriter.Pssh(PlayReady, null, PlayReadyObject(kid)));
    }

    private static byte[] PlayReadyObject(byte[] kid)
    {
        string value = Convert.ToBase64String(new Guid(kid, bigEndian: true).ToByteArray(bigEndian: false));
        byte[] header = Encoding.Unicode.GetBytes(
            $"<WRMHEADER xmlns=\"http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader\" version=\"4.2.0.0\"><DATA><PROTECTINFO><KIDS><KID ALGID=\"AESCTR\" VALUE=\"{value}\"></KID></KIDS></PROTECTINFO></DATA></WRMHEADER>");
        byte[] whole = new byte[header.Length + 10];
        BitConverter.TryWriteBytes(whole, whole.Length);
        whole[4] = 1;   // one record
        whole[6] = 1;   // a rights management header
        BitConverter.TryWriteBytes(whole.AsSpan(8), (ushort)header.Length);
        header.CopyTo(whole, 10);
        return whole;
    }

    private static ulong? Number(LiveSampleTrack track, string file)
    {
        if (!file.EndsWith(".m4s", StringComparison.Ordinal) || !ulong.TryParse(file.AsSpan(0, file.Length - 4), NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) || value > 1UL << 40) return null;
        if (track.Name != "audio") return value > 0 ? value - 1 : null;
        // A time must be that of a segment to the unit.
        ulong guess = value / (SegmentSeconds * track.Timescale);
        for (ulong number = guess > 1 ? guess - 1 : 0; number <= guess + 1; number++)
            if (TimeOf(track, number) == value) return number;
        return null;
    }

    private bool IsThere(LiveSampleTrack track, ulong number)
    {
        TimeSpan now = _clock.GetUtcNow() - _start;
        return End(track, number) <= now && End(track, number) + Kept + TimeSpan.FromSeconds(SegmentSeconds * 2) > now;
    }

    private static TimeSpan End(LiveSampleTrack track, ulong number) => TimeSpan.FromSeconds((double)TimeOf(track, number + 1) / track.Timescale);

    private string Manifest(string where, TimeSpan? end)
    {
        TimeSpan now = _clock.GetUtcNow() - _start;
        bool over = now >= end;
        TimeSpan until = over ? end!.Value : now;
        TimeSpan from = over ? TimeSpan.Zero : until - Kept > TimeSpan.Zero ? until - Kept : TimeSpan.Zero;
        StringBuilder xml = new();
        xml.Append("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" xmlns:cenc=\"urn:mpeg:cenc:2013\" profiles=\"urn:mpeg:dash:profile:isoff-live:2011\" minBufferTime=\"PT4S\"");
        xml.Append(CultureInfo.InvariantCulture, $" availabilityStartTime=\"{Text(_start)}\" publishTime=\"{Text(_clock.GetUtcNow())}\"");
        if (over) xml.Append(CultureInfo.InvariantCulture, $" type=\"static\" mediaPresentationDuration=\"PT{until.TotalSeconds}S\">\n");
        else xml.Append(CultureInfo.InvariantCulture, $" type=\"dynamic\" minimumUpdatePeriod=\"PT{SegmentSeconds}S\" timeShiftBufferDepth=\"PT{Kept.TotalSeconds}S\">\n");
        xml.Append("  <UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:http-iso:2014\" value=\"/live/time\"/>\n  <Period id=\"1\" start=\"PT0S\">\n");
        foreach (LiveSampleTrack track in _tracks.Values)
        {
            ulong newest = Newest(track, until);
            bool sound = track.Name == "audio";
            xml.Append(CultureInfo.InvariantCulture, $"    <AdaptationSet contentType=\"{(sound ? "audio" : "video")}\" mimeType=\"{(sound ? "audio" : "video")}/mp4\" lang=\"en\" segmentAlignment=\"true\" startWithSAP=\"1\">\n");
            xml.Append("      <ContentProtection schemeIdUri=\"urn:mpeg:dash:mp4protection:2011\" value=\"cenc\"/>\n");
            ContentKey[] announced = where switch
            {
                "moof" => [],
                "mpd" => [.. new[] { KeyOf(track, newest), KeyOf(track, newest + 1), KeyOf(track, newest + SegmentsPerKey) }.DistinctBy(key => key.Kid)],
                _ => [KeyOf(track, newest)],
            };
            foreach (Guid system in (Guid[])[Common, Widevine, PlayReady])
            {
                xml.Append(CultureInfo.InvariantCulture, $"      <ContentProtection schemeIdUri=\"urn:uuid:{system}\">");
                foreach (ContentKey key in announced) xml.Append("<cenc:pssh>").Append(Convert.ToBase64String(Headers(key).Single(header => header.System == system).Box)).Append("</cenc:pssh>");
                xml.Append("</ContentProtection>\n");
            }

            string about = track.Name switch
            {
                "audio" => "bandwidth=\"55118\" codecs=\"mp4a.40.2\" audioSamplingRate=\"48000\"",
                "video-180" => "bandwidth=\"87620\" codecs=\"avc1.4d400c\" width=\"320\" height=\"180\" frameRate=\"25\"",
                _ => "bandwidth=\"181560\" codecs=\"avc1.64001e\" width=\"640\" height=\"360\" frameRate=\"25\"",
            };
            xml.Append(CultureInfo.InvariantCulture, $"      <Representation id=\"{SecurityElement.Escape(track.Name)}\" {about}>\n");
            if (!sound)
            {
                xml.Append(CultureInfo.InvariantCulture, $"        <SegmentTemplate timescale=\"{track.Timescale}\" duration=\"{SegmentSeconds * track.Timescale}\" startNumber=\"1\" initialization=\"$RepresentationID$/init.mp4\" media=\"$RepresentationID$/$Number$.m4s\"/>\n");
            }
            else
            {
                xml.Append(CultureInfo.InvariantCulture, $"        <SegmentTemplate timescale=\"{track.Timescale}\" initialization=\"$RepresentationID$/init.mp4\" media=\"$RepresentationID$/$Time$.m4s\">\n          <SegmentTimeline>\n");
                for (ulong number = 0; number <= newest; number++)
                    if (End(track, number) > from && End(track, number) <= until) xml.Append(CultureInfo.InvariantCulture, $"            <S t=\"{TimeOf(track, number)}\" d=\"{Length(SamplesOf(track, number))}\"/>\n");
                xml.Append("          </SegmentTimeline>\n        </SegmentTemplate>\n");
            }

            xml.Append("      </Representation>\n    </AdaptationSet>\n");
        }

        return xml.Append("  </Period>\n</MPD>\n").ToString();
    }

    private static ulong Newest(LiveSampleTrack track, TimeSpan until)
    {
        ulong number = (ulong)Math.Max(0, until.TotalSeconds / SegmentSeconds + 1);
        while (number > 0 && End(track, number) > until) number--;
        return number;
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}

using System.Globalization;
using System.Text;

namespace Keyway.Sandbox.Live;

/// <summary>Writes the channel's HLS playlists as they are at a time: the same segments that the manifest offers, protected as <c>SAMPLE-AES-CTR</c>.</summary>
/// <param name="tracks">The tracks.</param>
internal sealed class LivePlaylists(IReadOnlyCollection<LiveSampleTrack> tracks)
{
    /// <summary>Writes the multivariant playlist.</summary>
    /// <param name="end">How long the presentation is; <see langword="null"/>: without end.</param>
    /// <returns>The playlist in UTF-8.</returns>
    public byte[] Multivariant(TimeSpan? end)
    {
        string query = end is { } over ? string.Create(CultureInfo.InvariantCulture, $"?end={over.TotalSeconds}") : "";
        StringBuilder text = new("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n");
        text.Append(CultureInfo.InvariantCulture, $"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"English\",LANGUAGE=\"en\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"audio/media.m3u8{query}\"\n");
        foreach (LiveSampleTrack track in tracks.Where(static track => track.Name != "audio"))
        {
            string about = track.Name == "video-180" ? "BANDWIDTH=142738,CODECS=\"avc1.4d400c,mp4a.40.2\",RESOLUTION=320x180" : "BANDWIDTH=236678,CODECS=\"avc1.64001e,mp4a.40.2\",RESOLUTION=640x360";
            text.Append(CultureInfo.InvariantCulture, $"#EXT-X-STREAM-INF:{about},FRAME-RATE=25.000,AUDIO=\"audio\"\n{track.Name}/media.m3u8{query}\n");
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Writes a media playlist.</summary>
    /// <param name="track">Its track.</param>
    /// <param name="start">When the presentation began.</param>
    /// <param name="time">What time it is.</param>
    /// <param name="end">How long the presentation is; <see langword="null"/>: without end.</param>
    /// <returns>The playlist in UTF-8.</returns>
    public static byte[] Media(LiveSampleTrack track, DateTimeOffset start, DateTimeOffset time, TimeSpan? end)
    {
        TimeSpan now = time - start;
        bool isOver = now >= end;
        TimeSpan until = isOver ? end!.Value : now;
        long newest = (long)(until.TotalSeconds / LiveTimes.SegmentSeconds) - 1;
        long oldest = isOver ? 0 : Math.Max(0, (long)((until - LiveManifest.Kept).TotalSeconds / LiveTimes.SegmentSeconds));
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{LiveTimes.SegmentSeconds}\n#EXT-X-MEDIA-SEQUENCE:{oldest}\n");
        if (isOver) text.Append("#EXT-X-PLAYLIST-TYPE:VOD\n");
        text.Append("#EXT-X-INDEPENDENT-SEGMENTS\n");
        text.Append(CultureInfo.InvariantCulture, $"#EXT-X-PROGRAM-DATE-TIME:{LiveManifest.Text(start + TimeSpan.FromSeconds(oldest * LiveTimes.SegmentSeconds))}\n");
        long period = -1;
        for (long number = oldest; number <= newest; number++)
        {
            if (number / LiveChannel.SegmentsPerKey != period)
            {
                period = number / LiveChannel.SegmentsPerKey;
                AppendKey(text, LiveChannel.KeyOf(track, (ulong)number), period);
            }

            ulong from = LiveTimes.Of(track, (ulong)number);
            double seconds = (double)(LiveTimes.Of(track, (ulong)number + 1) - from) / track.Timescale;
            text.Append(CultureInfo.InvariantCulture, $"#EXTINF:{seconds:0.000000},\nt{from}.m4s\n");
        }

        if (isOver) text.Append("#EXT-X-ENDLIST\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    // Each key has an initialisation segment of its own, whose default_KID it is: what players in pages ask for.
    private static void AppendKey(StringBuilder text, ContentKey key, long period)
    {
        text.Append(CultureInfo.InvariantCulture, $"#EXT-X-MAP:URI=\"init-{period + 1}.mp4\"\n");
        text.Append(CultureInfo.InvariantCulture, $"#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"../keys/{key.Kid}.key\",KEYFORMAT=\"identity\"\n");
        foreach ((Guid system, string format) in ((Guid, string)[])[(LiveHeaders.Widevine, "urn:uuid:" + LiveHeaders.Widevine), (LiveHeaders.PlayReady, "com.microsoft.playready")])
        {
            string box = Convert.ToBase64String(LiveHeaders.Box(system, key));
            text.Append(CultureInfo.InvariantCulture, $"#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"data:text/plain;base64,{box}\",KEYID=0x{key.Kid},KEYFORMAT=\"{format}\",KEYFORMATVERSIONS=\"1\"\n");
        }
    }
}

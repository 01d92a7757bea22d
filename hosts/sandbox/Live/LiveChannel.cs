using System.Globalization;
using System.Text;
using Keyway.Sandbox.Vod;

namespace Keyway.Sandbox.Live;

/// <summary>The bundled sample over and over as a live presentation, its keys rotating every four segments.</summary>
/// <remarks>
/// Everything is worked out from the time and the address: nothing is stored, and the same address gives the same bytes at any time.
/// Threads: any.
/// </remarks>
internal sealed class LiveChannel
{
    /// <summary>How many segments a key lasts.</summary>
    public const int SegmentsPerKey = 4;

    /// <summary>What the front page says about it.</summary>
    public const string Help = """
        With --live: the sample as a presentation that grows, its keys rotating every four segments of 4 s. Each manifest announces the keys of all
        that it offers.
          GET /live/manifest.mpd          segments numbered; a Period for each key, which is its default_KID; pssh in the manifest, and in every moof
          GET /live/moof/manifest.mpd     segments by time; pssh in moof only
          GET /live/mpd/manifest.mpd      segments by time; pssh in the manifest only, with that of the crypto period to come
          GET /live/window/manifest.mpd   likewise, but one pssh of each system lists all keys on offer, and is another with each of them
          GET /live/periods/manifest.mpd  segments numbered; a Period for each key, which is its default_KID; pssh in the manifest only
        For players in web pages, with DASH-IF's ClearKey element (e2719d58…), whose Laurl is /clearkey here, beside the W3C header:
          GET /live/browser/manifest.mpd       as periods: Shaka Player and dash.js follow the keys
          GET /live/browser/moof/manifest.mpd  as moof: Shaka Player follows them; dash.js has Clear Key's keys from default_KID alone
        Of headers in a manifest, Shaka Player takes one for a Period, when it first sees it: what is announced there later it never asks for.
          ?end=SECONDS                 the presentation is over so long after its beginning, and its manifest becomes static
        As HLS, the same segments:
          GET /live/master.m3u8        fragmented MP4 as SAMPLE-AES-CTR; key files (KEYFORMAT identity, /live/keys/KID.key) beside Widevine and PlayReady
          GET /live/time               the time that it goes by (UTCTiming)
          The services above know its keys.
        """;

    private const ulong MostNumber = 1UL << 36;   // some eight thousand years
    private static readonly TimeSpan Before = TimeSpan.FromMinutes(1);
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
    /// <param name="host">The sandbox's own address: <c>http://127.0.0.1:8797</c>.</param>
    /// <returns>The answer.</returns>
    public LiveAnswer Answer(string path, TimeSpan? end, string host)
    {
        if (path == "time") return new LiveAnswer(200, "text/plain", Encoding.ASCII.GetBytes(LiveManifest.Text(_clock.GetUtcNow())));
        LiveVariant variant = LiveVariant.Of(path);
        string[] parts = path[variant.Path.Length..].Split('/');
        if (parts is ["manifest.mpd"]) return new LiveAnswer(200, "application/dash+xml", new LiveManifest(variant, _tracks.Values, host).Write(_start, _clock.GetUtcNow(), end));
        if (parts is ["master.m3u8"] && variant.Path.Length == 0) return new LiveAnswer(200, VodEndpoint.PlaylistType, new LivePlaylists(_tracks.Values).Multivariant(end));
        if (parts is ["keys", var wanted])
        {
            string kid = Path.GetFileNameWithoutExtension(wanted);
            bool isKey = wanted.EndsWith(".key", StringComparison.Ordinal) && kid.Length == 32 && kid.All(char.IsAsciiHexDigitLower);
            return isKey && LiveKeys.Find(kid, _tracks.Keys) is { } found ? new LiveAnswer(200, VodEndpoint.KeyType, found.Key) : NotHere;
        }

        if (parts is not [var name, var file] || !_tracks.TryGetValue(name, out LiveSampleTrack? track)) return NotHere;
        if (file == "media.m3u8") return new LiveAnswer(200, VodEndpoint.PlaylistType, LivePlaylists.Media(track, _start, _clock.GetUtcNow(), end));
        if (file == "init.mp4") return new LiveAnswer(200, "video/mp4", track.Initialization);
        if (Middle(file, "init-", ".mp4") is { } period && period > 0)
            return new LiveAnswer(200, "video/mp4", track.InitializationWith(Convert.FromHexString(LiveKeys.Of(track.Name, period - 1).Kid)));
        return Number(track, file) is { } number && IsThere(number) ? new LiveAnswer(200, "video/mp4", Segment(track, number, variant.InMoof)) : NotHere;
    }

    /// <summary>The key of a segment.</summary>
    /// <param name="track">Its track.</param>
    /// <param name="number">The segment, from 0.</param>
    /// <returns>The key.</returns>
    internal static ContentKey KeyOf(LiveSampleTrack track, ulong number) => LiveKeys.Of(track.Name, number / SegmentsPerKey);

    private static byte[] Segment(LiveSampleTrack track, ulong number, bool inMoof)
    {
        ContentKey key = KeyOf(track, number);
        return LiveSegmentWriter.Write(track.TrackId, number, LiveTimes.Of(track, number), LiveTimes.SamplesOf(track, number), key, inMoof ? LiveHeaders.Systems.Select(system => LiveHeaders.Box(system, key)) : []);
    }

    private static ulong? Number(LiveSampleTrack track, string file)
    {
        if (Middle(file, "t", ".m4s") is { } time) return LiveTimes.Find(track, time);
        return Middle(file, "", ".m4s") is > 0 and <= MostNumber and { } number ? number - 1 : null;
    }

    private static ulong? Middle(string file, string before, string behind) =>
        file.StartsWith(before, StringComparison.Ordinal) && file.EndsWith(behind, StringComparison.Ordinal) && file.Length > before.Length + behind.Length
        && ulong.TryParse(file.AsSpan()[before.Length..^behind.Length], NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) && value <= 1UL << 40 ? value : null;

    // To the second, as a client that counts expects it: audio that ends with a frame may be there a few milliseconds before it is over.
    private bool IsThere(ulong number)
    {
        TimeSpan age = _clock.GetUtcNow() - _start - TimeSpan.FromSeconds((number + 1) * LiveTimes.SegmentSeconds);
        return age >= TimeSpan.Zero && age < LiveManifest.Kept + TimeSpan.FromSeconds(LiveTimes.SegmentSeconds * 2);
    }
}

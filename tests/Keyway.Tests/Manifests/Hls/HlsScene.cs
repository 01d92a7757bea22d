using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Keyway.Sources;
using Keyway.Testing;

namespace Keyway.Manifests.Hls;

/// <summary>The samples behind playlists of a test, served in memory.</summary>
internal sealed class HlsScene : IAsyncDisposable
{
    public const string Master = "https://cdn.example/film/master.m3u8";

    public HlsScene(Func<KeywayEngineOptions, KeywayEngineOptions>? change = null) => Bench = new PresentationBench(options => (change is null ? options : change(options)) with
    {
        ContentHttp = new HttpMessageInvoker(new Origin(this)),
        Sources = new SourceOptions { Attempts = 1 },
    });

    public PresentationBench Bench { get; }

    /// <summary>Playlists and media by their paths below <c>/film/</c>; the samples are there already.</summary>
    public Dictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>What was asked for, in order: the path below <c>/film/</c> with its query.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>A multivariant playlist of the three tracks of the samples.</summary>
    public const string Variants = """
        #EXTM3U
        #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,URI="audio.m3u8"
        #EXT-X-STREAM-INF:BANDWIDTH=300000,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=25,AUDIO="a"
        video-360.m3u8
        #EXT-X-STREAM-INF:BANDWIDTH=100000,CODECS="avc1.4d400c,mp4a.40.2",RESOLUTION=320x180,AUDIO="a"
        video-180.m3u8
        """;

    /// <summary>Puts the samples behind playlists, as they are.</summary>
    public HlsScene WithSamples(string keys = "")
    {
        Set("master.m3u8", Variants);
        foreach (string track in (string[])["video-360", "video-180", "audio"]) Set(track + ".m3u8", Playlist(track, keys));
        return this;
    }

    /// <summary>The playlist of a track of the sample.</summary>
    public static string Playlist(string track, string keys = "") =>
        $"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-MAP:URI=\"{track}/init.mp4\"\n{keys}" + Segments(track, 1, 2, 3, 4, 5) + "#EXT-X-ENDLIST\n";

    /// <summary>Segments of a track, as lines.</summary>
    public static string Segments(string track, params int[] numbers) => string.Concat(numbers.Select(number => $"#EXTINF:{Length(track, number)},\n{track}/{number}.m4s\n"));

    public void Set(string path, string text) => Files[path] = Encoding.UTF8.GetBytes(text);

    public IEnumerable<string> Asked(string part)
    {
        lock (Requests) return [.. Requests.Where(each => each.Contains(part, StringComparison.Ordinal))];
    }

    public ValueTask<Presentation> OpenAsync(string path = "master.m3u8", PresentationOptions? options = null) =>
        Bench.Engine.OpenAsync(new Uri($"https://cdn.example/film/{path}"), options, TestContext.Current.CancellationToken);

    /// <summary>A file of the sample.</summary>
    public static byte[] Sample(string path) => File.ReadAllBytes(Path.Combine(Corpus.Root, "samples", "cenc", path));

    /// <summary>A segment of the sample with a clock that is ahead.</summary>
    /// <param name="path">The segment.</param>
    /// <param name="units">How much, in units of its track.</param>
    public static byte[] Moved(string path, long units)
    {
        byte[] bytes = Sample(path);
        int at = bytes.AsSpan().IndexOf("tfdt"u8);
        if (bytes[at + 4] == 1) BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(at + 8), BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(at + 8)) + units);
        else BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(at + 8), (int)(BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at + 8)) + units));
        return bytes;
    }

    public ValueTask DisposeAsync() => Bench.DisposeAsync();

    private static string Length(string track, int number) => track != "audio" ? "4.000" : number is 1 or 3 ? "4.010667" : number is 2 or 4 ? "3.989333" : "4.000";

    private HttpResponseMessage Serve(HttpRequestMessage request)
    {
        string path = request.RequestUri!.AbsolutePath["/film/".Length..];
        lock (Requests) Requests.Add(path + request.RequestUri.Query);
        string file = Path.Combine(Corpus.Root, "samples", "cenc", path);
        byte[]? found = Files.TryGetValue(path, out byte[]? own) ? own : File.Exists(file) ? File.ReadAllBytes(file) : null;
        if (found is not { Length: > 0 }) return new HttpResponseMessage(HttpStatusCode.NotFound);
        if (request.Headers.Range?.Ranges.FirstOrDefault() is not { From: { } from } range) return new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(found) };
        if (from >= found.Length) return new HttpResponseMessage(HttpStatusCode.RequestedRangeNotSatisfiable);
        int last = (int)Math.Min(range.To ?? long.MaxValue, found.Length - 1);
        HttpResponseMessage part = new(HttpStatusCode.PartialContent) { Content = new ByteArrayContent(found[(int)from..(last + 1)]) };
        part.Content.Headers.ContentRange = new ContentRangeHeaderValue(from, last, found.Length);
        return part;
    }

    private sealed class Origin(HlsScene scene) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(scene.Serve(request));
    }
}

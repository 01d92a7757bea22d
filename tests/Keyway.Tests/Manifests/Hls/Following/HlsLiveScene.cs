using System.Globalization;
using System.Net;
using System.Text;
using Keyway.Live;
using Keyway.Messaging;
using Keyway.Sources;
using Keyway.Testing;

namespace Keyway.Manifests.Hls.Following;

/// <summary>The sample as a live presentation of HLS, served in memory by the clock of the bench: each segment is listed when it is over, and goes when it is twenty seconds old.</summary>
internal sealed class HlsLiveScene : IAsyncDisposable
{
    private const int Window = 5;

    private readonly Dictionary<int, long> _read = [];

    public HlsLiveScene(Func<KeywayEngineOptions, KeywayEngineOptions>? change = null)
    {
        Bench = new PresentationBench(options => (change is null ? options : change(options)) with
        {
            ContentHttp = new HttpMessageInvoker(new Origin(this)),
            Sources = new SourceOptions { Attempts = 1 },
        });
        Start = Bench.Clock.GetUtcNow() - TimeSpan.FromSeconds(16.5);
    }

    public PresentationBench Bench { get; }

    public ManualClock Clock => Bench.Clock;

    /// <summary>When the first segment began; four are there by now.</summary>
    public DateTimeOffset Start { get; }

    public TimeSpan Now => Clock.GetUtcNow() - Start;

    /// <summary>When the lists say that they are complete.</summary>
    public double End { get; set; } = 36;

    /// <summary>The segments before which a discontinuity stands, and with it a clock that begins at zero.</summary>
    public int[] Discontinuities { get; set; } = [];

    /// <summary>Lines before a segment.</summary>
    public Func<string, int, string> Before { get; set; } = static (_, _) => "";

    /// <summary>Lines behind the last segment, of the one that is not whole yet.</summary>
    public Func<string, int, string> Behind { get; set; } = static (_, _) => "";

    /// <summary>Lines at the top of each list.</summary>
    public string Head { get; set; } = "";

    /// <summary>Answers in the place of the scene, by path.</summary>
    public Dictionary<string, Func<HttpResponseMessage?>> Answers { get; } = new(StringComparer.Ordinal);

    /// <summary>Changes what is served.</summary>
    public Func<string, byte[], byte[]> Change { get; set; } = static (_, bytes) => bytes;

    /// <summary>What was asked for, in order.</summary>
    public List<string> Requests { get; } = [];

    public IEnumerable<string> Asked(string part)
    {
        lock (Requests) return [.. Requests.Where(each => each.Contains(part, StringComparison.Ordinal))];
    }

    public ValueTask<Presentation> OpenAsync(PresentationOptions? options = null) => Bench.Engine.OpenAsync(
        new Uri("https://cdn.example/live/master.m3u8"), (options ?? new PresentationOptions()) with { Progress = new Counting(this) }, TestContext.Current.CancellationToken);

    /// <summary>Writes every part while time goes by, and never before lists are of now and what they name has been read or given up.</summary>
    /// <param name="presentation">The presentation.</param>
    /// <param name="begun">How many segments had gone by when it was opened.</param>
    /// <param name="wanted">How many segments of the first track must have been read where so many are there; without it, all.</param>
    public async Task<List<(PresentationPart Part, byte[] File)>> RecordAsync(Presentation presentation, int begun, Func<int, int>? wanted = null)
    {
        Task<List<(PresentationPart Part, byte[] File)>> writing = LiveScene.WriteAsync(presentation);
        while (!writing.IsCompleted)
        {
            await Eventually.Is(() => writing.IsCompleted || (Clock.NextDue is not null && !(presentation.Timeline.Source?.Due <= Clock.GetUtcNow())));
            int listed = Math.Min(LastOf(presentation, 0), LastOf(presentation, presentation.Tracks.Count - 1)) - begun, due = wanted?.Invoke(listed) ?? listed;
            for (int track = 0; track < presentation.Tracks.Count; track++)
            {
                int each = track;
                await Eventually.Is(() => writing.IsCompleted || Read(each) + presentation.Gaps.Where(gap => gap.Track == each).Sum(static gap => gap.Segments) >= (each == 0 ? due : listed));
            }

            // Who asks for a segment again and again waits by a timer of its own.
            if (due < listed)
            {
                await Eventually.Is(() => writing.IsCompleted || presentation.Gaps.Count > 0 || Clock.Armed > 1 || wanted!(listed) > due);
                // Between two attempts nothing tells what this machine still has to do: half a minute of patience must not go by before it has.
                await Task.Delay(25, TestContext.Current.CancellationToken);
            }

            for (int i = 0; i < 200 && !writing.IsCompleted && presentation.Sessions.Any(static session => session.State is SessionState.Created or SessionState.Acquiring); i++)
                await Task.Delay(10, TestContext.Current.CancellationToken);
            if (Now > TimeSpan.FromMinutes(20)) throw new TimeoutException("it does not end");
            Clock.Advance(TimeSpan.FromSeconds(0.5));
        }

        return await writing;

        static int LastOf(Presentation presentation, int track) => presentation.Timeline.Periods is [.., { Renditions: var renditions }] && renditions.Count > track && renditions[track].Segments.IsLive
            ? (int)renditions[track].Segments.Newest(default).Segment.Number : 0;
    }

    /// <summary>Serves the sample without its protection: the count of its initialisation vectors begins anew with each round.</summary>
    public async Task<HlsLiveScene> InTheClearAsync()
    {
        Dictionary<string, Dictionary<string, byte[]>> clear = [];
        foreach (string track in (string[])["video-180", "audio"]) clear[track] = await SampleInTheClear.ReadAsync(track);
        Change = (path, bytes) => path.EndsWith("init.mp4", StringComparison.Ordinal) ? clear[path.Split('/')[0]]["init"] : SampleInTheClear.Like(clear[path.Split('/')[0]], bytes);
        return this;
    }

    /// <summary>The rows of some segments, numbered from 1; the sample begins anew when it is over.</summary>
    public static IEnumerable<string> Rows(string track, int first, int last)
    {
        List<string> table = PresentationBench.Table(track);
        return Enumerable.Range(first, last - first + 1).SelectMany(number => table.Skip((number - 1) % 5 * 100).Take(100));
    }

    public ValueTask DisposeAsync() => Bench.DisposeAsync();

    private long Read(int track)
    {
        lock (_read) return _read.GetValueOrDefault(track);
    }

    private string Playlist(string track)
    {
        int last = (int)(Math.Min(Now.TotalSeconds, End) / 4), first = Math.Max(1, last - Window + 1);
        StringBuilder text = new($"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:{first}\n#EXT-X-DISCONTINUITY-SEQUENCE:{Discontinuities.Count(number => number < first)}\n{Head}#EXT-X-MAP:URI=\"{track}/init.mp4\"\n");
        for (int number = first; number <= last; number++)
        {
            if (Discontinuities.Contains(number)) text.Append("#EXT-X-DISCONTINUITY\n");
            text.Append(CultureInfo.InvariantCulture, $"{Before(track, number)}#EXTINF:4.000,\n{track}/{number}.m4s\n");
        }

        if (Now.TotalSeconds < End) text.Append(Behind(track, last + 1));
        if (Now.TotalSeconds >= End) text.Append("#EXT-X-ENDLIST\n");
        return text.ToString();
    }

    private HttpResponseMessage Serve(HttpRequestMessage request)
    {
        string path = request.RequestUri!.AbsolutePath["/live/".Length..];
        lock (Requests) Requests.Add(path + request.RequestUri.Query);
        if (Answers.TryGetValue(path, out Func<HttpResponseMessage?>? answer) && answer() is { } said) return said;
        if (path == "master.m3u8") return Bytes(Encoding.UTF8.GetBytes("#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"English\",DEFAULT=YES,URI=\"audio.m3u8\"\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"avc1.4d400c,mp4a.40.2\",RESOLUTION=320x180,AUDIO=\"a\"\nvideo-180.m3u8\n"));
        if (path.EndsWith(".m3u8", StringComparison.Ordinal)) return Bytes(Encoding.UTF8.GetBytes(Playlist(path[..^5])));
        string[] parts = path.Split('/');
        if (parts[^1] == "init.mp4") return Bytes(Change(path, HlsScene.Sample(path)));
        int number = int.Parse(Path.GetFileNameWithoutExtension(parts[^1]), CultureInfo.InvariantCulture);
        if (number > Now.TotalSeconds / 4 || number < Now.TotalSeconds / 4 - Window - 3) return new HttpResponseMessage(HttpStatusCode.NotFound);

        // Each round of the sample is twenty seconds later than the one before; a discontinuity begins at zero.
        int round = (number - 1) / 5, within = (number - 1) % 5, since = Discontinuities.Where(each => each <= number).DefaultIfEmpty(1).Max() - 1;
        long scale = parts[0] == "audio" ? 48000 : 12800, units = ((round * 20L) - (since * 4L)) * scale;
        byte[] segment = HlsScene.Moved($"{parts[0]}/{within + 1}.m4s", units);
        return Bytes(Change(path, segment));
    }

    private static HttpResponseMessage Bytes(byte[] content) => new(HttpStatusCode.OK) { Content = new ByteArrayContent(content) };

    private sealed class Origin(HlsLiveScene scene) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(scene.Serve(request));
    }

    private sealed class Counting(HlsLiveScene scene) : IProgress<PresentationProgress>
    {
        public void Report(PresentationProgress value)
        {
            lock (scene._read) scene._read[value.Track] = value.Done;
        }
    }
}

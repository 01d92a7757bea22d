using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Keyway.Live;
using Keyway.Messaging;
using Keyway.Protection;
using Keyway.Sources;
using Keyway.Testing;

namespace Keyway.Manifests.Smooth;

/// <summary>The sample as a live presentation of Smooth Streaming, served in memory by the clock of the bench: a fragment is there when it is over, names two that follow, and goes when it is twenty seconds old.</summary>
internal sealed partial class SmoothLiveScene : IAsyncDisposable
{
    /// <summary>When the first fragment begins, in seconds on the clock of the media.</summary>
    public const ulong Epoch = 390_318_016;

    private const int Window = 5;
    private const double Length = 4, Patience = 2.5;

    private readonly Dictionary<int, long> _read = [];

    /// <param name="over">How many fragments are over when it is opened.</param>
    public SmoothLiveScene(int over = 4)
    {
        Bench = new PresentationBench(options => options with { ContentHttp = new HttpMessageInvoker(new Origin(this)), Sources = new SourceOptions { Attempts = 1 } });
        Over = over;
        Start = Bench.Clock.GetUtcNow() - TimeSpan.FromSeconds((over * Length) + 0.5);
    }

    public PresentationBench Bench { get; }

    public ManualClock Clock => Bench.Clock;

    public int Over { get; }

    /// <summary>When the first fragment began.</summary>
    public DateTimeOffset Start { get; }

    public double Now => (Clock.GetUtcNow() - Start).TotalSeconds;

    /// <summary>How many fragments of a track have been there for long enough to be read.</summary>
    public int Due => (int)(Math.Min(Now - Patience, End) / Length) - Over + 1;

    /// <summary>When the manifest says that it is over.</summary>
    public double End { get; set; } = 36;

    public string Headers { get; set; } = SmoothScene.Header(SystemIds.Common, SmoothScene.CommonBox());

    public Func<string, int, Piff> Make { get; set; } = static (track, _) => new Piff { Own = SmoothScene.KeyOf(track) };

    /// <summary>Whether fragments name those that follow.</summary>
    public bool NamesNext { get; set; } = true;

    /// <summary>The time that the manifest is of; it may be an old copy.</summary>
    public Func<double, double> ManifestTime { get; set; } = static now => now;

    /// <summary>How much later the list of audio begins, in fragments.</summary>
    public int AudioLate { get; set; }

    /// <summary>Answers in the place of the scene: by <c>Manifest</c>, or <c>video 5</c>.</summary>
    public Dictionary<string, Func<HttpResponseMessage?>> Answers { get; } = new(StringComparer.Ordinal);

    public Func<string, int, byte[]> Segment { get; set; } = static (track, number) => SmoothScene.Sample($"{track}/{number}.m4s");

    /// <summary>What was asked for: <c>Manifest</c>, or <c>video 5</c>.</summary>
    public List<string> Requests { get; } = [];

    public IEnumerable<string> Asked(string part)
    {
        lock (Requests) return [.. Requests.Where(each => each == part)];
    }

    public ValueTask<Presentation> OpenAsync(PresentationOptions? options = null) => Bench.Engine.OpenAsync(
        new Uri("https://cdn.example/live.isml/Manifest"), (options ?? new PresentationOptions()) with { Progress = new Counting(this) }, TestContext.Current.CancellationToken);

    /// <summary>Serves the sample without its protection: the count of its initialisation vectors begins anew with each round.</summary>
    public async Task<SmoothLiveScene> InTheClearAsync()
    {
        Dictionary<string, Dictionary<string, byte[]>> clear = [];
        foreach (string track in (string[])["video-180", "audio"]) clear[track] = await Hls.SampleInTheClear.ReadAsync(track);
        (Headers, Segment, Make) = ("", (track, number) => clear[track][$"{number}"], static (_, _) => new Piff { HasVectors = false });
        return this;
    }

    /// <summary>Writes the presentation while time goes by, and never before what has been there for long enough has been read or given up.</summary>
    /// <param name="presentation">The presentation.</param>
    /// <param name="lag">By how many fragments the reader of a track may be behind.</param>
    public async Task<byte[]> RecordAsync(Presentation presentation, Func<int, int>? lag = null)
    {
        Task<List<(PresentationPart Part, byte[] File)>> writing = LiveScene.WriteAsync(presentation);
        while (!writing.IsCompleted)
        {
            await Eventually.Is(() => writing.IsCompleted || Clock.NextDue is not null);
            for (int track = 0; track < presentation.Tracks.Count; track++)
            {
                int each = track;
                await Eventually.Is(() => writing.IsCompleted || Read(each) + presentation.Gaps.Where(gap => gap.Track == each).Sum(static gap => gap.Segments) >= Due - (lag?.Invoke(each) ?? 0));
            }

            // Who asks for a fragment again and again waits by a timer of its own, beside that of the manifest and that of the other track.
            if (lag?.Invoke(0) > 0 && NamesNext) await Eventually.Is(() => writing.IsCompleted || Clock.Armed > 2 || lag(0) == 0);
            // The end is what the manifest says, and time does not go on before that has been read.
            await Eventually.Is(() => writing.IsCompleted || Now < End + 5 || presentation.Timeline.Live is null);
            for (int i = 0; i < 200 && !writing.IsCompleted && presentation.Sessions.Any(static session => session.State is SessionState.Created or SessionState.Acquiring); i++)
                await Task.Delay(10, TestContext.Current.CancellationToken);
            if (Now > TimeSpan.FromMinutes(20).TotalSeconds) throw new TimeoutException("it does not end");
            Clock.Advance(TimeSpan.FromSeconds(0.5));
        }

        return (await writing).Single().File;
    }

    /// <summary>The rows of some fragments, numbered from 1; the sample begins anew when it is over.</summary>
    public static IEnumerable<string> Rows(string track, int first, int last) => Hls.Following.HlsLiveScene.Rows(track, first, last);

    public ValueTask DisposeAsync() => Bench.DisposeAsync();

    [GeneratedRegex(@"^QualityLevels\((\d+)\)/Fragments\((\w+)=(\d+)\)$")]
    private static partial Regex Fragment { get; }

    private static ulong ScaleOf(string track) => track == "audio" ? 48000UL : 12800;

    private long Read(int track)
    {
        lock (_read) return _read.GetValueOrDefault(track);
    }

    /// <summary>When a fragment begins, and how long it is.</summary>
    private (ulong Time, ulong Duration) TimeOf(string track, int number)
    {
        (ulong time, ulong duration) = Piff.TimeOf(Segment(track, ((number - 1) % 5) + 1));
        // Rounds of 20 s; that of audio has a rest.
        return (time + ((Epoch + (20UL * (ulong)((number - 1) / 5))) * ScaleOf(track)), (number - 1) % 5 == 4 ? ScaleOf(track) * 20 - time : duration);
    }

    private string Manifest()
    {
        double time = ManifestTime(Now);
        int last = (int)(Math.Min(time, End) / Length), first = Math.Max(1, last - Window + 1);
        bool isOver = time >= End;
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"<SmoothStreamingMedia MajorVersion='2' Duration='{(isOver ? (long)(End * 10_000_000) : 0)}' LookAheadFragmentCount='2' DVRWindowLength='200000000'{(isOver ? "" : " IsLive='TRUE'")}>");
        if (Headers.Length > 0) text.Append("<Protection>").Append(Headers).Append("</Protection>");
        foreach (string track in (string[])["video-180", "audio"])
        {
            string type = track == "audio" ? "audio" : "video";
            StringBuilder chunks = new();
            for (int number = first + (type == "audio" ? AudioLate : 0); number <= last; number++)
            {
                (ulong at, ulong duration) = TimeOf(track, number);
                chunks.Append(CultureInfo.InvariantCulture, $"<c t='{at}' d='{duration}'/>");
            }

            text.Append(SmoothScene.Stream(type, (int)ScaleOf(track), chunks.ToString(), SmoothScene.Quality(track)));
        }

        return text.Append("</SmoothStreamingMedia>").ToString();
    }

    private HttpResponseMessage Serve(HttpRequestMessage request)
    {
        string path = Uri.UnescapeDataString(request.RequestUri!.AbsolutePath["/live.isml/".Length..]);
        string track = "", name = path;
        int number = 0;
        if (Fragment.Match(path) is { Success: true } match)
        {
            track = match.Groups[2].Value == "audio" ? "audio" : "video-180";
            ulong time = ulong.Parse(match.Groups[3].Value, CultureInfo.InvariantCulture);
            number = (int)((((double)time / ScaleOf(track)) - Epoch + 1) / Length) + 1;
            if (TimeOf(track, number).Time != time) number = -1;
            name = $"{match.Groups[2].Value} {number}";
        }

        lock (Requests) Requests.Add(name);
        if (Answers.TryGetValue(name, out Func<HttpResponseMessage?>? answer) && answer() is { } said) return said;
        if (path == "Manifest") return Bytes(Encoding.UTF8.GetBytes(Manifest()));
        if (number < 1) return new HttpResponseMessage(HttpStatusCode.Gone);
        if (number > (int)(Math.Min(Now, End) / Length)) return new HttpResponseMessage(number % 2 == 0 ? HttpStatusCode.NotFound : HttpStatusCode.PreconditionFailed);
        if (number < (Now / Length) - Window - 3) return new HttpResponseMessage(HttpStatusCode.NotFound);
        Piff make = Make(track, number);
        return Bytes((make with
        {
            Shift = make.Shift + TimeOf(track, number).Time - Piff.TimeOf(Segment(track, ((number - 1) % 5) + 1)).Time,
            Next = NamesNext ? [TimeOf(track, number + 1), TimeOf(track, number + 2)] : [],
        }).Wrap(Segment(track, ((number - 1) % 5) + 1)));
    }

    private static HttpResponseMessage Bytes(byte[] content) => new(HttpStatusCode.OK) { Content = new ByteArrayContent(content) };

    private sealed class Origin(SmoothLiveScene scene) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(scene.Serve(request));
    }

    private sealed class Counting(SmoothLiveScene scene) : IProgress<PresentationProgress>
    {
        public void Report(PresentationProgress value)
        {
            lock (scene._read) scene._read[value.Track] = value.Done;
        }
    }
}

using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using Keyway.Messaging;
using Keyway.Mp4;
using Keyway.Sources;
using Keyway.Testing;

namespace Keyway.Live;

/// <summary>The sample as a live presentation, served in memory by the clock of the bench: each segment is there when it is over.</summary>
internal sealed class LiveScene : IAsyncDisposable
{
    public const string Address = "https://cdn.example/live/manifest.mpd";
    private readonly Origin _origin;
    private readonly Dictionary<int, long> _read = [];

    public LiveScene(Func<KeywayEngineOptions, KeywayEngineOptions>? change = null)
    {
        _origin = new Origin(this);
        Bench = new PresentationBench(options => (change is null ? options : change(options)) with
        {
            ContentHttp = new HttpMessageInvoker(_origin),
            Sources = new SourceOptions { Attempts = 1 },
        });
        Start = Bench.Clock.GetUtcNow() - TimeSpan.FromSeconds(8.5);
    }

    public PresentationBench Bench { get; }

    public ManualClock Clock => Bench.Clock;

    /// <summary>When the presentation began; two segments are there by now.</summary>
    public DateTimeOffset Start { get; }

    /// <summary>What stands in the manifest before its periods.</summary>
    public string Head { get; set; } = "";

    /// <summary>The attributes of the manifest beside type and start.</summary>
    public string Attributes { get; set; } = "minimumUpdatePeriod=\"PT2S\" timeShiftBufferDepth=\"PT12S\"";

    /// <summary>The periods. Otherwise: one, with the smaller video.</summary>
    public Func<string>? Periods { get; set; }

    /// <summary>When the manifest becomes static.</summary>
    public TimeSpan End { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Answers in the place of the scene, by the whole address.</summary>
    public Dictionary<string, Func<HttpRequestMessage, HttpResponseMessage?>> Answers { get; } = new(StringComparer.Ordinal);

    /// <summary>What was asked for, with the token that came along.</summary>
    public List<(string Method, string Url, string? Token, TimeSpan At)> Requests { get; } = [];

    public TimeSpan Now => Clock.GetUtcNow() - Start;

    public IEnumerable<string> Asked(string part)
    {
        lock (Requests) return [.. Requests.Where(each => each.Url.Contains(part, StringComparison.Ordinal)).Select(each => each.Url)];
    }

    public static string Set(string track, string baseUrls = "", string template = "") => $"""
        <AdaptationSet contentType="video" mimeType="video/mp4">{baseUrls}
          <ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="cenc"/>
          <Representation id="{track}" bandwidth="1" codecs="avc1" width="16" height="16">
            <SegmentTemplate timescale="12800" duration="51200" startNumber="1" initialization="{track}/init.mp4" media="{track}/$Number$.m4s" {template}/>
          </Representation>
        </AdaptationSet>
        """;

    public string Manifest()
    {
        bool over = Now >= End;
        string type = over ? $"type=\"static\" mediaPresentationDuration=\"PT{End.TotalSeconds.ToString(CultureInfo.InvariantCulture)}S\"" : $"type=\"dynamic\" {Attributes}";
        string periods = Periods?.Invoke() ?? $"<Period id=\"1\" start=\"PT0S\">{Set("video-180")}</Period>";
        return $"<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" xmlns:cenc=\"urn:mpeg:cenc:2013\" {type} availabilityStartTime=\"{Start.UtcDateTime:O}\">{Head}{periods}</MPD>";
    }

    public ValueTask<Presentation> OpenAsync(PresentationOptions? options = null) => Bench.Engine.OpenAsync(
        new Uri(Address), (options ?? new PresentationOptions()) with { Progress = new Counting(this) }, TestContext.Current.CancellationToken);

    /// <summary>Writes every part while time goes by, half a second at a time, and never before what is there has been read or given up.</summary>
    public async Task<List<(PresentationPart Part, byte[] File)>> RecordAsync(Presentation presentation, Func<int>? due = null, Action? every = null, Func<bool>? settled = null) =>
        await WhileAsync(presentation, WriteAsync(presentation), due, every, settled);

    /// <summary>Lets time go by in the same way while somebody reads.</summary>
    public async Task<T> WhileAsync<T>(Presentation presentation, Task<T> writing, Func<int>? due = null, Action? every = null, Func<bool>? settled = null)
    {
        int begun = 1;
        // A clock that moves while a wait is being set makes it a step longer.
        due ??= () => Due(End.TotalSeconds) - begun;
        while (!writing.IsCompleted)
        {
            int wanted = due();
            await Eventually.Is(() => writing.IsCompleted || Read(0) + presentation.Gaps.Sum(gap => gap.Segments) >= wanted);
            await Eventually.Is(() => writing.IsCompleted || (Clock.NextDue is not null && settled?.Invoke() != false));
            // The manifest is fetched every two seconds, until it says that it is the last.
            int manifests = (int)Math.Floor((Math.Min(Now.TotalSeconds, End.TotalSeconds + 1) - 9) / 2);
            // Where the clock moved while a wait was being set, it comes later: time goes on then, as it does not come before.
            for (int i = 0; i < 100 && !writing.IsCompleted && Asked("manifest.mpd").Count() < manifests; i++) await Task.Delay(10, TestContext.Current.CancellationToken);
            // A licence takes this machine's time and none of the scene's: a clock that runs on would be taken for a service that is silent.
            for (int i = 0; i < 200 && !writing.IsCompleted && presentation.Sessions.Any(static session => session.State is SessionState.Created or SessionState.Acquiring); i++)
                await Task.Delay(10, TestContext.Current.CancellationToken);
            every?.Invoke();
            if (Now > TimeSpan.FromMinutes(20)) throw new TimeoutException("it does not end");
            Clock.Advance(TimeSpan.FromSeconds(0.5));
        }

        return await writing;
    }

    /// <summary>How many segments have surely been there for a second, of those that end by a time.</summary>
    public int Due(double end) => Math.Min((int)((Now.TotalSeconds - 1) / 4), (int)(end / 4));

    public static async Task<List<(PresentationPart Part, byte[] File)>> WriteAsync(Presentation presentation)
    {
        List<(PresentationPart, byte[])> parts = [];
        await foreach (PresentationPart part in presentation.PartsAsync(presentation.Tracks, TestContext.Current.CancellationToken))
        {
            using MemoryStream output = new();
            PipeWriter pipe = PipeWriter.Create(output);
            await part.MergeAsync(pipe, TestContext.Current.CancellationToken);
            await pipe.FlushAsync(TestContext.Current.CancellationToken);
            parts.Add((part, output.ToArray()));
        }

        return parts;
    }

    /// <summary>When the fragments of a clear file begin, in seconds.</summary>
    public static async Task<List<double>> TimesAsync(byte[] file)
    {
        List<double> times = [];
        using Mp4Reader reader = await Mp4Reader.OpenAsync(new MemoryStream(file), "output", TestContext.Current.CancellationToken);
        await foreach (ClearFragment fragment in reader.ReadAsync(ReferenceKeys.None, null, TestContext.Current.CancellationToken)) times.Add(fragment.DecodeTime / (double)fragment.Track.Timescale);
        return times;
    }

    /// <summary>The rows of some segments of a sample's table, numbered from 1.</summary>
    public static IEnumerable<string> Rows(string track, params int[] segments)
    {
        List<string> table = PresentationBench.Table(track);
        return segments.SelectMany(segment => table.Skip((segment - 1) * 100).Take(100));
    }

    public long Read(int track)
    {
        lock (_read) return _read.GetValueOrDefault(track);
    }

    public ValueTask DisposeAsync() => Bench.DisposeAsync();

    private HttpResponseMessage Serve(HttpRequestMessage request)
    {
        string url = request.RequestUri!.OriginalString;
        lock (Requests) Requests.Add((request.Method.Method, url, request.Headers.TryGetValues("X-Token", out IEnumerable<string>? token) ? token.Single() : null, Now));
        if (Answers.TryGetValue(url, out Func<HttpRequestMessage, HttpResponseMessage?>? answer) && answer(request) is { } said) return said;
        if (request.RequestUri.Host != "cdn.example") return new HttpResponseMessage(HttpStatusCode.NotFound);
        string[] parts = request.RequestUri.AbsolutePath.Split('/');
        if (parts[^1] == "manifest.mpd") return Bytes(Encoding.UTF8.GetBytes(Manifest()));
        string file = Path.Combine(Corpus.Root, "samples", "cenc", parts[^2], parts[^1]);
        bool there = parts[^1] == "init.mp4" || (int.TryParse(Path.GetFileNameWithoutExtension(parts[^1]), CultureInfo.InvariantCulture, out int number) && TimeSpan.FromSeconds(number * 4) <= Now);
        return there && File.Exists(file) ? Bytes(File.ReadAllBytes(file)) : new HttpResponseMessage(HttpStatusCode.NotFound);
    }

    public static HttpResponseMessage Bytes(byte[] content) => new(HttpStatusCode.OK) { Content = new ByteArrayContent(content) };

    private sealed class Origin(LiveScene scene) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(scene.Serve(request));
    }

    private sealed class Counting(LiveScene scene) : IProgress<PresentationProgress>
    {
        public void Report(PresentationProgress value)
        {
            lock (scene._read) scene._read[value.Track] = value.Done;
        }
    }
}

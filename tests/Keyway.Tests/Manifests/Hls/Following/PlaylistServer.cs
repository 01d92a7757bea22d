using System.Net;
using System.Text;
using Keyway.Sources;
using Keyway.Testing;
using Keyway.Timeline;

namespace Keyway.Manifests.Hls.Following;

/// <summary>Serves playlists of a live presentation by a clock that stands, and follows them.</summary>
internal sealed class PlaylistServer
{
    private const string Folder = "/live/";

    private readonly MediaSources _sources;

    public PlaylistServer()
    {
        _sources = new MediaSources(new HttpMessageInvoker(new Handler(this)), Clock, new SourceOptions { Attempts = 1 });
        Opened = Clock.GetUtcNow();
    }

    public ManualClock Clock { get; } = new();

    public DateTimeOffset Opened { get; }

    /// <summary>What stands at a path; <see langword="null"/>: nothing.</summary>
    public Dictionary<string, Func<string, string?>> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>Answers that are not there yet.</summary>
    public Dictionary<string, TaskCompletionSource<string>> Held { get; } = new(StringComparer.Ordinal);

    /// <summary>What was asked for: seconds since the opening, path and query.</summary>
    public List<string> Requests { get; } = [];

    public List<string> Notes { get; } = [];

    public PresentationTimeline Timeline { get; private set; } = null!;

    /// <summary>When the next request is due, in seconds since the opening.</summary>
    public double? Due => Timeline.Source?.Due is { } due ? (due - Opened).TotalSeconds : null;

    /// <summary>A live playlist.</summary>
    /// <param name="first">The number of its first segment.</param>
    /// <param name="segments">The segments: a number for each, or a line that stands between.</param>
    /// <param name="head">Lines at its top.</param>
    public static string List(ulong first, string segments, string head = "") =>
        $"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:{first}\n{head}"
        + string.Concat(segments.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static each => each.StartsWith('#') ? each.Replace('_', ' ') + "\n" : $"#EXTINF:4,\n{each}.mp4\n"));

    public async Task OpenAsync(string path = "list.m3u8") =>
        Timeline = await new HlsReader().ReadAsync(_sources, new Uri($"https://cdn.example{Folder}{path}"), new TrackWishes(), everyTrack: false, keys: null, TestContext.Current.CancellationToken);

    /// <summary>Lets the clock go on to a time since the opening, and reads again what is due then.</summary>
    public async Task AtAsync(double seconds)
    {
        Clock.Advance(Opened + TimeSpan.FromSeconds(seconds) - Clock.GetUtcNow());
        Timeline = await Timeline.Source!.RefreshAsync(null, Notes.Add, TestContext.Current.CancellationToken);
    }

    /// <summary>The periods and the numbers of the segments in each, of the first rendition.</summary>
    public string Shown(int rendition = 0) => string.Join(" | ", Timeline.Periods.Select(period =>
        $"{period.Id}@{period.Start!.Value.TotalSeconds}: {(period.Renditions.Count > rendition ? string.Join(' ', period.Renditions[rendition].Segments.Played().Select(segment => $"{segment.Number}@{period.Renditions[rendition].Segments.StartOf(segment).TotalSeconds}")) : "-")}"));

    private async Task<HttpResponseMessage> ServeAsync(HttpRequestMessage request)
    {
        string path = request.RequestUri!.PathAndQuery[Folder.Length..];
        lock (Requests) Requests.Add($"{(Clock.GetUtcNow() - Opened).TotalSeconds}: {path}");
        string name = path.Split('?')[0];
        if (Held.TryGetValue(name, out TaskCompletionSource<string>? held)) return Text(await held.Task);
        return Files.TryGetValue(name, out Func<string, string?>? file) && file(request.RequestUri.Query) is { } text ? Text(text) : new HttpResponseMessage(HttpStatusCode.NotFound);
    }

    private static HttpResponseMessage Text(string text) => new(HttpStatusCode.OK) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(text)) };

    private sealed class Handler(PlaylistServer server) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => server.ServeAsync(request);
    }
}

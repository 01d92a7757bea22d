using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Keyway.Fleet.Service;

/// <summary>
/// An origin with as many live streams as one likes, and a Clear Key service that counts what it is asked. The manifests are made when they are asked for; the initialisation segment and
/// the media are those of the bundled sample.
/// </summary>
/// <remarks><c>/live/NUMBER.mpd?sets=N</c>: stream NUMBER with key set NUMBER modulo N. <c>/clearkey</c>: the licence service. <c>/hostile/NUMBER</c>: what breaks readers.</remarks>
internal sealed class StreamService : IAsyncDisposable
{
    public const int SegmentSeconds = 2;

    private static readonly DateTimeOffset Epoch = DateTimeOffset.UnixEpoch;

    private static readonly (string Type, string Track, string More)[] Tracks =
    [
        ("video", "video-360", "codecs=\"avc1.64001e\" width=\"640\" height=\"360\" bandwidth=\"181560\""),
        ("video", "video-180", "codecs=\"avc1.4d400c\" width=\"320\" height=\"180\" bandwidth=\"87620\""),
        ("audio", "audio", "codecs=\"mp4a.40.2\" audioSamplingRate=\"48000\" bandwidth=\"55118\""),
    ];

    private readonly WebApplication _app;
    private readonly string _samples;
    private readonly ConcurrentDictionary<string, int> _licenses = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _asked = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<int, (long Newest, DateTimeOffset? Next, byte[] Body)> _made = new();
    private readonly IReadOnlyList<byte[]> _hostile;
    private readonly ConcurrentDictionary<string, long> _gaps = new(StringComparer.Ordinal);
    private long _manifests;

    private StreamService(WebApplication app, string samples, IReadOnlyList<byte[]> hostile) => (_app, _samples, _hostile) = (app, samples, hostile);

    /// <summary>Where it listens, with a slash at the end.</summary>
    public Uri Url { get; private set; } = null!;

    /// <summary>How often each key was asked for.</summary>
    public IReadOnlyDictionary<string, int> Licenses => _licenses;

    public long Manifests => Interlocked.Read(ref _manifests);

    /// <summary>When each stream was last asked for, in milliseconds of this machine's clock.</summary>
    public IReadOnlyDictionary<string, long> LastAsked => _asked;

    /// <summary>The longest time between two looks at each stream, in milliseconds, since <see cref="Begin"/>.</summary>
    public IReadOnlyDictionary<string, long> Gaps => _gaps;

    /// <summary>Begins to measure anew.</summary>
    public void Begin() => _gaps.Clear();

    /// <summary>The longest that a stream has waited, or waits now, since <see cref="Begin"/>.</summary>
    public TimeSpan LongestGap()
    {
        long now = Environment.TickCount64;
        return TimeSpan.FromMilliseconds(Math.Max(_gaps.Values.DefaultIfEmpty().Max(), now - _asked.Values.DefaultIfEmpty(now).Min()));
    }

    /// <summary>What the licence service answers in the place of a licence; <see langword="null"/>: it gives one.</summary>
    public int? Refusal { get; set; }

    /// <summary>How long the licence service takes.</summary>
    public TimeSpan Pause { get; set; }

    /// <summary>What the segments of <c>/film/</c> and <c>/live/</c> answer; <see langword="null"/>: what they are.</summary>
    public int? Broken { get; set; }

    /// <summary>When the streams of <c>/live/</c> change to the keys of the set that <see cref="NextSet"/> says, announced as a period; <see langword="null"/>: they do not.</summary>
    public DateTimeOffset? NextAt { get; set; }

    /// <summary>How far the set that they change to is from their own.</summary>
    public const int NextSet = 1000;

    /// <summary>Whether the manifests of <c>/live/</c> stand still.</summary>
    public bool IsStale { get; set; }

    /// <summary>The key of an identifier: nobody else makes it so.</summary>
    public static byte[] KeyOf(string id) => SHA256.HashData(Encoding.ASCII.GetBytes("fleet test " + id))[..16];

    /// <summary>The identifier of a key set's one key.</summary>
    public static string IdOf(int set) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes($"set {set}"))[..16]);

    /// <param name="samples">The folder <c>samples</c>.</param>
    /// <param name="port">The port; 0: any free one.</param>
    /// <param name="hostile">What <c>/hostile/</c> has, beside answers that never end and redirects.</param>
    public static async Task<StreamService> StartAsync(string samples, int port = 0, IReadOnlyList<byte[]>? hostile = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        WebApplication app = builder.Build();
        StreamService service = new(app, samples, hostile ?? []);
        app.Run(service.AnswerAsync);
        await app.StartAsync();
        service.Url = new Uri(app.Urls.First().TrimEnd('/') + "/");
        return service;
    }

    public Uri Stream(int number, int sets = 1) => new(Url, string.Create(CultureInfo.InvariantCulture, $"live/{number}.mpd?sets={sets}"));

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private Task AnswerAsync(HttpContext context)
    {
        string[] path = context.Request.Path.Value!.Trim('/').Split('/');
        return path switch
        {
            ["live", var name] when name.EndsWith(".mpd", StringComparison.Ordinal) => LiveAsync(context, name[..^4]),
            ["live", var track, var file] => MediaAsync(context, Path.Combine("cenc", track, file == "init.mp4" ? file : "1.m4s")),
            ["film", .. string[] rest] => MediaAsync(context, Path.Combine(["cenc", .. rest])),
            ["clearkey"] => LicenseAsync(context),
            ["hostile", var number] => HostileAsync(context, int.Parse(number, CultureInfo.InvariantCulture)),
            ["count"] => context.Response.WriteAsync(JsonSerializer.Serialize(new { manifests = Manifests, licenses = _licenses })),
            _ => StatusAsync(context, 404),
        };
    }

    private Task LiveAsync(HttpContext context, string name)
    {
        Interlocked.Increment(ref _manifests);
        long asked = Environment.TickCount64;
        if (_asked.TryGetValue(name, out long before)) _gaps.AddOrUpdate(name, asked - before, (_, longest) => Math.Max(longest, asked - before));
        _asked[name] = asked;
        int sets = int.TryParse(context.Request.Query["sets"], NumberStyles.None, CultureInfo.InvariantCulture, out int given) && given > 0 ? given : 1;
        int set = int.Parse(name, CultureInfo.InvariantCulture) % sets;
        DateTimeOffset now = IsStale ? Epoch.AddDays(20_000) : TimeProvider.System.GetUtcNow();
        long newest = (long)((now - Epoch).TotalSeconds / SegmentSeconds) - 1;
        // Ten thousand streams are not to be the work of the origin: those of a key set are the same until there is another segment.
        (long Newest, DateTimeOffset? Next, byte[] Body) made = _made.GetValueOrDefault(set);
        if (made.Body is null || made.Newest != newest || made.Next != NextAt) _made[set] = made = (newest, NextAt, Manifest(IdOf(set), newest, NextAt is { } next ? (next, IdOf(NextSet + set)) : null));
        context.Response.ContentType = "application/dash+xml";
        context.Response.ContentLength = made.Body.Length;
        return context.Response.Body.WriteAsync(made.Body, context.RequestAborted).AsTask();
    }

    /// <summary>A live manifest of about three kilobytes: two video renditions and audio, a minute of segments.</summary>
    private static byte[] Manifest(string id, long newest, (DateTimeOffset At, string Id)? next)
    {
        StringBuilder text = new(3_000);
        text.Append(CultureInfo.InvariantCulture, $"""
            <?xml version="1.0" encoding="utf-8"?>
            <MPD xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:cenc="urn:mpeg:cenc:2013" profiles="urn:mpeg:dash:profile:isoff-live:2011" type="dynamic" minBufferTime="PT2S"
                 availabilityStartTime="1970-01-01T00:00:00Z" publishTime="{Epoch.AddSeconds((newest + 1) * SegmentSeconds):yyyy-MM-dd'T'HH:mm:ss'Z'}" minimumUpdatePeriod="PT2S" timeShiftBufferDepth="PT60S">
             <ProgramInformation><Title>keys {id}</Title></ProgramInformation>
             <Period id="1" start="PT0S">

            """);
        Sets(id, $"<SegmentTemplate timescale=\"1000\" initialization=\"$RepresentationID$/init.mp4\" media=\"$RepresentationID$/t$Time$.m4s\"><SegmentTimeline><S t=\"{(newest - 29) * SegmentSeconds * 1000}\" d=\"{SegmentSeconds * 1000}\" r=\"29\"/></SegmentTimeline></SegmentTemplate>");
        if (next is { } announced)
        {
            text.Append(CultureInfo.InvariantCulture, $" </Period>\n <Period id=\"2\" start=\"PT{(announced.At - Epoch).TotalSeconds:0.###}S\">\n");
            Sets(announced.Id, $"<SegmentTemplate timescale=\"1000\" duration=\"{SegmentSeconds * 1000}\" startNumber=\"1\" initialization=\"$RepresentationID$/init.mp4\" media=\"$RepresentationID$/n$Number$.m4s\"/>");
        }

        text.Append(" </Period>\n</MPD>\n");
        return Encoding.UTF8.GetBytes(text.ToString());

        void Sets(string key, string segments)
        {
            foreach ((string type, string track, string more) in Tracks)
            {
                text.Append(CultureInfo.InvariantCulture, $"""
                      <AdaptationSet contentType="{type}" mimeType="{type}/mp4" segmentAlignment="true">
                       <ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="cenc" cenc:default_KID="{new Guid(Convert.FromHexString(key), bigEndian: true)}"/>
                       <ContentProtection schemeIdUri="urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e"/>
                       {segments}
                       <Representation id="{track}" {more}/>
                      </AdaptationSet>

                    """);
            }
        }
    }

    private async Task MediaAsync(HttpContext context, string path)
    {
        if (Broken is { } status && path.EndsWith(".m4s", StringComparison.Ordinal))
        {
            await StatusAsync(context, status);
            return;
        }

        string file = Path.GetFullPath(Path.Combine(_samples, path));
        if (!file.StartsWith(Path.GetFullPath(_samples), StringComparison.Ordinal) || !File.Exists(file)) await StatusAsync(context, 404);
        else await context.Response.SendFileAsync(file);
    }

    // W3C Encrypted Media Extensions, 9.1: license request and license format.
    private async Task LicenseAsync(HttpContext context)
    {
        using JsonDocument request = await JsonDocument.ParseAsync(context.Request.Body);
        string[] ids = [.. request.RootElement.GetProperty("kids").EnumerateArray().Select(static kid => Convert.ToHexStringLower(FromBase64Url(kid.GetString()!)))];
        foreach (string id in ids) _licenses.AddOrUpdate(id, 1, static (_, count) => count + 1);
        if (Pause > TimeSpan.Zero) await Task.Delay(Pause);
        if (Refusal is { } status)
        {
            await StatusAsync(context, status);
            return;
        }

        await context.Response.WriteAsJsonAsync(new { keys = ids.Select(static id => new { kty = "oct", kid = ToBase64Url(Convert.FromHexString(id)), k = ToBase64Url(KeyFor(id)) }), type = "temporary" });
    }

    // Those of the sample are what its media is encrypted with.
    private static byte[] KeyFor(string id) => SampleKeys.Find(id) ?? KeyOf(id);

    private async Task HostileAsync(HttpContext context, int number)
    {
        switch (number % (_hostile.Count + 4))
        {
            case 0:
                // An answer that never ends.
                byte[] noise = new byte[4096];
                Array.Fill(noise, (byte)' ');
                while (!context.RequestAborted.IsCancellationRequested)
                {
                    await context.Response.Body.WriteAsync(noise, context.RequestAborted);
                    await Task.Delay(20, context.RequestAborted);
                }

                break;
            case 1:
                context.Response.Redirect($"/hostile/{number}");
                break;
            case 2:
                // Nothing at all.
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
                break;
            case 3:
                await StatusAsync(context, 500);
                break;
            case var index:
                context.Response.ContentType = "application/dash+xml";
                await context.Response.Body.WriteAsync(_hostile[index - 4], context.RequestAborted);
                break;
        }
    }

    private static Task StatusAsync(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    private static byte[] FromBase64Url(string text) => Convert.FromBase64String(text.Replace('-', '+').Replace('_', '/').PadRight((text.Length + 3) / 4 * 4, '='));

    private static string ToBase64Url(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}

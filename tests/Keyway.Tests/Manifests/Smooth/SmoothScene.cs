using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Keyway.Protection;
using Keyway.Sources;
using Keyway.Testing;

namespace Keyway.Manifests.Smooth;

/// <summary>The sample behind a Smooth Streaming manifest, served in memory.</summary>
internal sealed partial class SmoothScene : IAsyncDisposable
{
    public const string Address = "https://cdn.example/film.ism/Manifest";

    public static readonly string[] Tracks = ["video-360", "video-180", "audio"];

    public SmoothScene(Func<KeywayEngineOptions, KeywayEngineOptions>? change = null) => Bench = new PresentationBench(options => (change is null ? options : change(options)) with
    {
        ContentHttp = new HttpMessageInvoker(new Origin(this)),
        Sources = new SourceOptions { Attempts = 1 },
    });

    public PresentationBench Bench { get; }

    /// <summary>The manifest; without it, one of all tracks.</summary>
    public byte[]? Manifest { get; set; }

    /// <summary>Protection headers of the manifest, as elements.</summary>
    public string Headers { get; set; } = Header(SystemIds.Common, CommonBox());

    /// <summary>How fragments are made, by track and number.</summary>
    public Func<string, int, Piff> Make { get; set; } = static (track, _) => new Piff { Own = KeyOf(track) };

    /// <summary>Segments in place of the sample's.</summary>
    public Func<string, int, byte[]> Segment { get; set; } = static (track, number) => Sample($"{track}/{number}.m4s");

    /// <summary>Changes what is served.</summary>
    public Func<string, byte[], byte[]> Change { get; set; } = static (_, bytes) => bytes;

    /// <summary>Fragments of other content, by their paths.</summary>
    public Dictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>What is asked for, below the manifest's folder.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>The queries of those addresses.</summary>
    public List<string> Queries { get; } = [];

    public IEnumerable<string> Asked(string part)
    {
        lock (Requests) return [.. Requests.Where(each => each.Contains(part, StringComparison.Ordinal))];
    }

    public ValueTask<Presentation> OpenAsync(PresentationOptions? options = null, string address = Address) => Bench.Engine.OpenAsync(new Uri(address), options, TestContext.Current.CancellationToken);

    /// <summary>The key of a track of the sample.</summary>
    public static KeyId KeyOf(string track) => PresentationBench.SampleKeys[Array.IndexOf(Tracks, track)].Id;

    public static byte[] Sample(string path) => File.ReadAllBytes(Path.Combine(Corpus.Root, "samples", "cenc", path));

    /// <summary>A box of the common system with keys.</summary>
    public static byte[] CommonBox(params KeyId[] ids) => new PsshBox { Version = 1, System = SystemIds.Common, KeyIds = ids.Length > 0 ? ids : [.. PresentationBench.SampleKeys.Select(static key => key.Id)] }.Box.ToArray();

    public static string Header(SystemId system, byte[] data, Func<string, string>? write = null) =>
        $"<ProtectionHeader SystemID=\"{(write ?? (static text => text))(system.ToString())}\">{Convert.ToBase64String(data)}</ProtectionHeader>";

    /// <summary>A PlayReady object with a header of version 4.2, or of 4.0 where it has one key.</summary>
    public static byte[] PlayReadyObject(params KeyId[] ids)
    {
        string keys = ids.Length == 1
            ? $"<DATA><PROTECTINFO><KEYLEN>16</KEYLEN><ALGID>AESCTR</ALGID></PROTECTINFO><KID>{Guided(ids[0])}</KID></DATA>"
            : $"<DATA><PROTECTINFO><KIDS>{string.Concat(ids.Select(static id => $"<KID ALGID=\"AESCTR\" VALUE=\"{Guided(id)}\"></KID>"))}</KIDS></PROTECTINFO></DATA>";
        byte[] markup = Encoding.Unicode.GetBytes($"<WRMHEADER xmlns=\"http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader\" version=\"{(ids.Length == 1 ? "4.0.0.0" : "4.2.0.0")}\">{keys}</WRMHEADER>");
        byte[] whole = new byte[10 + markup.Length];
        BinaryPrimitives.WriteInt32LittleEndian(whole, whole.Length);
        BinaryPrimitives.WriteInt16LittleEndian(whole.AsSpan(4), 1);
        BinaryPrimitives.WriteInt16LittleEndian(whole.AsSpan(6), 1);
        BinaryPrimitives.WriteInt16LittleEndian(whole.AsSpan(8), (short)markup.Length);
        markup.CopyTo(whole, 10);
        return whole;
    }

    /// <summary>Makes the whole scene clear.</summary>
    public async Task<SmoothScene> InTheClearAsync()
    {
        Dictionary<string, Dictionary<string, byte[]>> clear = [];
        foreach (string track in Tracks) clear[track] = await Hls.SampleInTheClear.ReadAsync(track);
        Headers = "";
        Segment = (track, number) => clear[track][$"{number}"];
        Make = static (_, _) => new Piff { HasVectors = false };
        return this;
    }

    public string Text() => Text(
        Stream("video", 12800, Times("video-180"), Quality("video-360"), Quality("video-180")),
        Stream("audio", 48000, Times("audio"), Quality("audio")));

    public string Text(params string[] streams) => $"""
        <?xml version="1.0" encoding="utf-8"?>
        <SmoothStreamingMedia MajorVersion="2" MinorVersion="1" Duration="200000000">
          {(Headers.Length > 0 ? $"<Protection>{Headers}</Protection>" : "")}
          {string.Concat(streams)}
        </SmoothStreamingMedia>
        """;

    public static string Stream(string type, int timescale, string chunks, params string[] qualities) =>
        $"<StreamIndex Type=\"{type}\" Name=\"{type}\" TimeScale=\"{timescale}\" QualityLevels=\"{qualities.Length}\" Url=\"QualityLevels({{bitrate}})/Fragments({type}={{start time}})\">{string.Concat(qualities)}{chunks}</StreamIndex>";

    public static string Quality(string track) => track == "audio"
        ? "<QualityLevel Index=\"0\" Bitrate=\"55000\" FourCC=\"AACL\" SamplingRate=\"48000\" Channels=\"2\" BitsPerSample=\"16\" PacketSize=\"4\" AudioTag=\"255\" CodecPrivateData=\"1190\" />"
        : $"<QualityLevel Bitrate=\"{(track == "video-360" ? 300000 : 90000)}\" FourCC=\"H264\" MaxWidth=\"1\" MaxHeight=\"1\" CodecPrivateData=\"{Piff.ParameterSets(Sample($"{track}/init.mp4"))}\" />";

    public static string Times(string track) => string.Concat(Enumerable.Range(1, 5).Select(number => Piff.TimeOf(Sample($"{track}/{number}.m4s")) is var (time, duration) ? $"<c t=\"{time}\" d=\"{duration}\" />" : ""));

    public ValueTask DisposeAsync() => Bench.DisposeAsync();

    private static string Guided(KeyId id)
    {
        byte[] bytes = new byte[KeyId.Size];
        id.Write(bytes);
        return Convert.ToBase64String(new Guid(bytes, bigEndian: true).ToByteArray(bigEndian: false));
    }

    [GeneratedRegex(@"^QualityLevels\((\d+)[^)]*\)/Fragments\((\w+)=(\d+)\)$")]
    private static partial Regex Fragment { get; }

    private HttpResponseMessage Serve(HttpRequestMessage request)
    {
        string path = Uri.UnescapeDataString(request.RequestUri!.AbsolutePath["/film.ism/".Length..]);
        lock (Requests)
        {
            Requests.Add(path);
            Queries.Add(request.RequestUri.Query);
        }

        if (path.StartsWith("Manifest", StringComparison.OrdinalIgnoreCase)) return Bytes(Change(path, Manifest ?? Encoding.UTF8.GetBytes(Text())));
        if (Files.TryGetValue(path, out byte[]? file)) return Bytes(file);
        if (Fragment.Match(path) is not { Success: true } match) return new HttpResponseMessage(HttpStatusCode.NotFound);
        string track = match.Groups[1].Value switch { "300000" => "video-360", "90000" => "video-180", "55000" => "audio", _ => "" };
        if (track.Length == 0) return new HttpResponseMessage(HttpStatusCode.NotFound);
        ulong time = ulong.Parse(match.Groups[3].Value, CultureInfo.InvariantCulture);
        for (int number = 1; number <= 5; number++)
        {
            byte[] segment = Segment(track, number);
            Piff make = Make(track, number);
            if (Piff.TimeOf(segment).Time + make.Shift == time) return Change(path, make.Wrap(segment)) is { Length: > 0 } found ? Bytes(found) : new HttpResponseMessage(HttpStatusCode.NotFound);
        }

        return new HttpResponseMessage(HttpStatusCode.NotFound);
    }

    private static HttpResponseMessage Bytes(byte[] content) => new(HttpStatusCode.OK) { Content = new ByteArrayContent(content) };

    private sealed class Origin(SmoothScene scene) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(scene.Serve(request));
    }
}

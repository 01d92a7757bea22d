using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Keyway.Testing;

namespace Keyway.Relay;

/// <summary>The document for tools: it is the committed one, whatever it says is so, and nothing that is answered is missing in it.</summary>
public sealed partial class OpenApiTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_the_document_says_is_so()
    {
        await using RelayBench relay = await RelayBench.OpenAsync("cenc/manifest.mpd");
        OpenApiFile.ShouldBeCommitted("relay", await relay.TextAsync("openapi.json"));
        Dictionary<string, string> names = await NamesAsync(relay);
        // What changes something comes last: while the presentation is opened anew, there is nothing to be had.
        foreach (JsonProperty path in (await relay.JsonAsync("openapi.json")).GetProperty("paths").EnumerateObject().OrderBy(static path => path.Name == "/renew"))
        {
            string address = ParameterPattern().Replace(path.Name[1..], match => names[match.Groups[1].Value]);
            foreach (JsonProperty operation in path.Value.EnumerateObject()) await ShouldBeSoAsync(relay, path.Name, address, operation.Name, operation.Value);
            if (path.Value.TryGetProperty("post", out _)) continue;
            using HttpResponseMessage refused = await SendAsync(relay, HttpMethod.Post, address);
            refused.StatusCode.Should().Be(HttpStatusCode.MethodNotAllowed, "the document has no POST of {0}", path.Name);
        }
    }

    [Fact]
    public void Every_path_of_the_router_is_in_the_document()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Corpus.Root, "docs", "openapi", "relay.json")));
        document.RootElement.GetProperty("info").GetProperty("version").GetString().Should().Be(typeof(RelayRun).Assembly.GetName().Version!.ToString(3));
        string[] paths = [.. document.RootElement.GetProperty("paths").EnumerateObject().Select(static path => path.Name)];
        string router = File.ReadAllText(Path.Combine(Corpus.Root, "hosts", "relay", "Endpoints", "Router.cs"));
        string[] cases = [.. CasePattern().Matches(router).SelectMany(static match => TextPattern().Matches(match.Value)).Select(static text => text.Groups[1].Value)];
        cases.Length.Should().BeGreaterThan(12);
        cases.Where(static each => each != "index.html").Should().OnlyContain(each => paths.Contains("/" + each) || paths.Any(path => path.EndsWith("/" + each, StringComparison.Ordinal)));
    }

    private static async Task ShouldBeSoAsync(RelayBench relay, string path, string address, string method, JsonElement operation)
    {
        JsonProperty said = operation.GetProperty("responses").EnumerateObject().First();
        string? type = said.Value.TryGetProperty("content", out JsonElement content) ? content.EnumerateObject().Single().Name : null;
        // The story goes on for as long as somebody reads.
        using HttpResponseMessage answer = await SendAsync(relay, path == "/story" ? HttpMethod.Head : new HttpMethod(method.ToUpperInvariant()), address);
        // What this presentation has not: another service's faults, and a rendition in one piece.
        if (path == "/faults" || path.EndsWith("/file.mp4", StringComparison.Ordinal))
        {
            answer.StatusCode.Should().Be(HttpStatusCode.NotFound, path);
            operation.GetProperty("responses").TryGetProperty("404", out _).Should().BeTrue();
            answer.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json", path);
            return;
        }

        ((int)answer.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture).Should().Be(said.Name, "{0} {1}", method, path);
        if (type is not null and not "*/*") answer.Content.Headers.ContentType!.MediaType.Should().Be(type, "{0} {1}", method, path);
    }

    private static async Task<Dictionary<string, string>> NamesAsync(RelayBench relay)
    {
        string playlist = PlaylistPattern().Match(await relay.TextAsync("master.m3u8")).Groups[1].Value;
        Match segment = SegmentPattern().Match(await relay.TextAsync("manifest.mpd") + await relay.TextAsync($"hls/{playlist}.m3u8"));
        segment.Success.Should().BeTrue();
        return new() { ["track"] = playlist, ["period"] = segment.Groups[1].Value, ["rendition"] = segment.Groups[2].Value, ["segment"] = segment.Groups[3].Value };
    }

    private static async Task<HttpResponseMessage> SendAsync(RelayBench relay, HttpMethod method, string address)
    {
        using HttpRequestMessage request = new(method, relay.At(address));
        if (method == HttpMethod.Post) request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
        return await relay.Http.SendAsync(request, Stop);
    }

    [GeneratedRegex(@"\{([^}]+)\}")]
    private static partial Regex ParameterPattern();

    [GeneratedRegex("case [^:]*:")]
    private static partial Regex CasePattern();

    [GeneratedRegex("\"([^\"]*)\"")]
    private static partial Regex TextPattern();

    [GeneratedRegex(@"hls/(\d+)\.m3u8")]
    private static partial Regex PlaylistPattern();

    [GeneratedRegex(@"p(\d+)/r(\d+)/([nt]\d+\.m4s)")]
    private static partial Regex SegmentPattern();
}

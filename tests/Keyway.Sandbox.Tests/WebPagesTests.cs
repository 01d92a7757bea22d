using System.Net;
using System.Text;

namespace Keyway.Sandbox;

/// <summary>Which web pages may use the sandbox, by the protocol that browsers follow (Fetch, 3.3).</summary>
public sealed class WebPagesTests(WebPagesTests.Sandbox sandbox) : IClassFixture<WebPagesTests.Sandbox>
{
    private const string Local = "http://localhost:5173", Named = "https://app.example", Stranger = "https://evil.example";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Local, "/clearkey", "content-type")]
    [InlineData("http://127.0.0.1:3000", "/widevine", "content-type,x-dt-custom-data")]
    [InlineData(Named, "/playready/rightsmanager.asmx", "content-type, soapaction")]
    [InlineData("http://[::1]", "/providers/axinom/widevine", "x-axdrm-message")]
    [InlineData(Local, "/vod/browser/cbcs/audio.mp4", "range")]
    public async Task Browser_that_asks_first_hears_yes(string origin, string path, string headers)
    {
        using HttpResponseMessage answer = await SendAsync(HttpMethod.Options, path, origin, ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", headers), ("Access-Control-Request-Private-Network", "true"));

        answer.StatusCode.Should().Be(HttpStatusCode.NoContent);
        Header(answer, "Access-Control-Allow-Origin").Should().Be(origin);
        Header(answer, "Access-Control-Allow-Methods").Should().Contain("POST");
        Header(answer, "Access-Control-Allow-Headers").Should().Be(headers);
        Header(answer, "Access-Control-Allow-Private-Network").Should().Be("true");
        Header(answer, "Vary").Should().Contain("Origin");
    }

    [Fact]
    public async Task Page_reads_the_answer_and_the_headers_that_say_more()
    {
        using HttpResponseMessage answer = await SendAsync(HttpMethod.Post, "/clearkey", Local);
        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        Header(answer, "Access-Control-Allow-Origin").Should().Be(Local);
        Header(answer, "Access-Control-Expose-Headers").Should().Contain("X-Keyway-Emulator").And.Contain("Retry-After").And.Contain("Content-Range").And.Contain("X-AxDRM-ErrorMessage");
    }

    [Fact]
    public async Task Page_reads_refusals_and_faults_too_and_asking_first_uses_none_up()
    {
        string path = $"/clearkey?fault=status:503,once&run={Guid.NewGuid()}";
        using HttpResponseMessage first = await SendAsync(HttpMethod.Options, path, Local, ("Access-Control-Request-Method", "POST"));
        first.StatusCode.Should().Be(HttpStatusCode.NoContent);
        using HttpResponseMessage answer = await SendAsync(HttpMethod.Post, path, Local);
        answer.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        Header(answer, "Access-Control-Allow-Origin").Should().Be(Local);
    }

    [Theory]
    [InlineData(Stranger)]
    [InlineData("null")]
    [InlineData("http://loopback:5173")]
    [InlineData("http://localhost.evil.example")]
    [InlineData("http://app.example")]
    [InlineData("https://app.example:8443")]
    [InlineData("chrome-extension://abcdef")]
    public async Task Page_of_another_origin_is_refused_whatever_it_asks_for(string origin)
    {
        foreach ((HttpMethod method, string path) in ((HttpMethod, string)[])[(HttpMethod.Post, "/clearkey"), (HttpMethod.Get, "/"), (HttpMethod.Options, "/clearkey"), (HttpMethod.Post, "/credential/playready"), (HttpMethod.Get, "/vod/cenc/manifest.mpd")])
        {
            using HttpResponseMessage answer = await SendAsync(method, path, origin, ("Access-Control-Request-Method", "POST"));
            answer.StatusCode.Should().Be(HttpStatusCode.Forbidden, "{0} {1}", method, path);
            answer.Headers.Contains("Access-Control-Allow-Origin").Should().BeFalse();
            (await answer.Content.ReadAsStringAsync(Token)).Should().Contain("--allow-origin");
        }
    }

    [Fact]
    public async Task Name_that_was_made_to_lead_here_helps_no_page()
    {
        using HttpRequestMessage request = new(HttpMethod.Options, "/clearkey") { Headers = { Host = "rebound.example" } };
        request.Headers.Add("Origin", Local);
        request.Headers.Add("Access-Control-Request-Method", "POST");
        using HttpResponseMessage answer = await sandbox.Http.SendAsync(request, Token);
        answer.StatusCode.Should().Be(HttpStatusCode.MisdirectedRequest);
        answer.Headers.Contains("Access-Control-Allow-Origin").Should().BeFalse();
    }

    [Theory]
    [InlineData("/clearkey", "POST")]
    [InlineData("/", "GET")]
    public async Task Options_of_nobody_in_particular_say_what_there_is(string path, string method)
    {
        using HttpRequestMessage request = new(HttpMethod.Options, path);
        using HttpResponseMessage answer = await sandbox.Http.SendAsync(request, Token);
        answer.StatusCode.Should().Be(HttpStatusCode.NoContent);
        answer.Content.Headers.Allow.Should().Contain(method).And.Contain("OPTIONS");
    }

    [Theory]
    [InlineData(Local)]
    [InlineData(Named)]
    [InlineData(Stranger)]
    [InlineData("null")]
    public async Task No_page_of_another_origin_gets_a_device(string origin)
    {
        foreach (string system in (string[])["widevine", "playready"])
        {
            using HttpResponseMessage answer = await SendAsync(HttpMethod.Post, $"/credential/{system}", origin);
            answer.StatusCode.Should().Be(HttpStatusCode.Forbidden);
        }

        Directory.GetFiles(sandbox.Data).Select(Path.GetFileName).Should().BeEquivalentTo(["content-keys.json", "expressplay.json"], "nothing was made for it");
    }

    [Theory]
    [InlineData("cross-site", HttpStatusCode.Forbidden)]
    [InlineData("same-site", HttpStatusCode.Forbidden)]
    [InlineData("same-origin", HttpStatusCode.BadRequest)]
    [InlineData("none", HttpStatusCode.BadRequest)]
    [InlineData(null, HttpStatusCode.BadRequest)]
    public async Task What_the_browser_says_of_the_page_counts_where_there_is_no_origin(string? site, HttpStatusCode expected)
    {
        // With a wish that there is not, so that no device is made where one may be.
        using HttpRequestMessage request = new(HttpMethod.Post, "/credential/widevine?no-such-wish=1");
        if (site is not null) request.Headers.Add("Sec-Fetch-Site", site);
        using HttpResponseMessage answer = await sandbox.Http.SendAsync(request, Token);
        answer.StatusCode.Should().Be(expected);
    }

    [Fact]
    public async Task Front_page_tells_how() =>
        (await sandbox.Http.GetStringAsync("/", Token)).Should().Contain("From a web page").And.Contain("--allow-origin").And.Contain("shaka.Player").And.Contain("/vod/browser/");

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string origin, params (string Name, string Value)[] headers)
    {
        HttpRequestMessage request = new(method, path);
        if (method == HttpMethod.Post) request.Content = new StringContent("""{"kids":["0qyhkxm4yi-gMVt4Qok-Og"],"type":"temporary"}""", Encoding.UTF8, "text/plain");
        request.Headers.Add("Origin", origin);
        foreach ((string name, string value) in headers) request.Headers.Add(name, value);
        return sandbox.Http.SendAsync(request, Token);
    }

    private static string Header(HttpResponseMessage answer, string name) =>
        string.Join(", ", answer.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values : answer.Content.Headers.TryGetValues(name, out values) ? values : []);

    /// <summary>A sandbox that allows one more origin.</summary>
    public sealed class Sandbox : IAsyncLifetime
    {
        private SandboxProcess? _process;

        public HttpClient Http => _process!.Http;

        public string Data => _process!.Data;

        public async ValueTask InitializeAsync() => _process = await SandboxProcess.StartAsync("--allow-origin", Named);

        public async ValueTask DisposeAsync()
        {
            if (_process is not null) await _process.DisposeAsync();
        }
    }
}

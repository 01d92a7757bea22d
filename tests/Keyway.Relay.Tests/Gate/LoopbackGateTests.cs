using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Keyway.Relay.Gate;

/// <summary>Who may ask: every combination of host, origin, site, token and method.</summary>
public sealed class LoopbackGateTests
{
    private const string Page = "https://app.example";

    [Fact]
    public async Task Only_programs_and_the_page_itself_get_through()
    {
        await using RelayBench bench = await RelayBench.OpenAsync("cenc/manifest.mpd");
        int port = bench.Page.Port;
        string own = $"http://127.0.0.1:{port}";
        (string Host, int Status)[] hosts =
        [
            ($"127.0.0.1:{port}", 0), ($"localhost:{port}", 0), ($"LOCALHOST:{port}", 0), ($"[::1]:{port}", 0),
            ("127.0.0.1", 421), ($"127.0.0.1:{port + 1}", 421), ($"evil.example:{port}", 421), ($"localhost.evil.example:{port}", 421), ($"127.0.0.1.nip.io:{port}", 421), ($"0.0.0.0:{port}", 421),
            ($"loopback:{port}", 421), ($"127.1:{port}", 421), ($"2130706433:{port}", 421),
        ];
        string?[] origins = [null, "{host}", "http://evil.example", "null", "https://127.0.0.1", "http://localhost", own + ".evil.example"];
        string?[] sites = [null, "same-origin", "none", "cross-site", "same-site", "nonsense"];
        foreach ((string host, int hostStatus) in hosts)
        {
            foreach (string? origin in origins)
            {
                foreach (string? site in sites)
                {
                    if (hostStatus != 0 && (origin is not null || site is not null) && hosts[4].Host != host) continue;
                    string? said = origin?.Replace("{host}", $"http://{host}", StringComparison.Ordinal);
                    int expected = hostStatus != 0 ? hostStatus : origin is not (null or "{host}") ? 403 : site is "cross-site" or "same-site" or "nonsense" ? 403 : 200;
                    (await StatusAsync(port, "GET", $"/{bench.Token.Text}/now", host, said, site)).Should().Be(expected, "host {0}, origin {1}, site {2}", host, said, site);
                }
            }
        }
    }

    [Fact]
    public async Task Without_the_token_there_is_nothing()
    {
        await using RelayBench bench = await RelayBench.OpenAsync("cenc/manifest.mpd");
        string other = RunToken.Create().Text, token = bench.Token.Text;
        foreach (string path in (string[])["/", "/now", "/map", "/index.html", $"/{other}/", $"/{other}/map", $"/{token[..31]}/map", $"/{token}0/map", $"/{token.ToUpperInvariant()}x/map", $"//{token}/map", $"/x/{token}/map", $"/%2F{token}/map", "/../map"])
        {
            foreach (string method in (string[])["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
                (await StatusAsync(bench.Page.Port, method, path, $"127.0.0.1:{bench.Page.Port}", null, null)).Should().BeOneOf([404, 400], "{0} {1}", method, path);
        }

        (await StatusAsync(bench.Page.Port, "GET", "/favicon.ico", $"127.0.0.1:{bench.Page.Port}", null, null)).Should().Be(204, "browsers ask for it at the root");
    }

    [Fact]
    public async Task There_is_only_get_and_head_but_where_the_page_does_something()
    {
        await using RelayBench bench = await RelayBench.OpenAsync("cenc/manifest.mpd");
        string host = $"127.0.0.1:{bench.Page.Port}";
        foreach (string path in (string[])["", "map", "now", "manifest.mpd", "master.m3u8", "p0/r0/init.mp4", "p0/r0/n1.m4s", "story", "facts", "keys", "report.json"])
        {
            (await StatusAsync(bench.Page.Port, "HEAD", $"/{bench.Token.Text}/{path}", host, null, null)).Should().Be(200, path);
            foreach (string method in (string[])["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
                (await StatusAsync(bench.Page.Port, method, $"/{bench.Token.Text}/{path}", host, null, null)).Should().Be(405, "{0} {1}", method, path);
        }

        // A form, an image or a beacon of another page can send a POST, but not this type.
        foreach (string path in (string[])["renew"])
        {
            using HttpResponseMessage text = await bench.Http.PostAsync(bench.At(path), new StringContent("{}", Encoding.UTF8, "text/plain"), TestContext.Current.CancellationToken);
            text.StatusCode.Should().Be(HttpStatusCode.UnsupportedMediaType);
            using HttpResponseMessage json = await bench.Http.PostAsync(bench.At(path), new StringContent("{}", Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);
            json.StatusCode.Should().Be(HttpStatusCode.Accepted);
            using HttpResponseMessage broken = await bench.Http.PostAsync(bench.At(path), new StringContent("[1", Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);
            broken.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        }

        using HttpResponseMessage none = await bench.Http.PostAsync(bench.At("faults"), new StringContent("{}", Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);
        none.StatusCode.Should().Be(HttpStatusCode.NotFound, "nobody asked for faults");
    }

    [Fact]
    public async Task A_named_origin_may_play_and_nothing_else()
    {
        await using RelayBench bench = await RelayBench.OpenAsync("cenc/manifest.mpd", null, null, Page);
        using HttpRequestMessage get = new(HttpMethod.Get, bench.At("manifest.mpd")) { Headers = { { "Origin", Page }, { "Sec-Fetch-Site", "cross-site" } } };
        using HttpResponseMessage answer = await bench.Http.SendAsync(get, TestContext.Current.CancellationToken);
        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        answer.Headers.GetValues("Access-Control-Allow-Origin").Should().Equal(Page);
        answer.Headers.GetValues("Cross-Origin-Resource-Policy").Should().Equal("cross-origin");

        using HttpRequestMessage post = new(HttpMethod.Post, bench.At("renew")) { Headers = { { "Origin", Page } }, Content = new StringContent("{}", Encoding.UTF8, "application/json") };
        using HttpResponseMessage refused = await bench.Http.SendAsync(post, TestContext.Current.CancellationToken);
        refused.StatusCode.Should().Be(HttpStatusCode.Forbidden);

        using HttpRequestMessage other = new(HttpMethod.Get, bench.At("manifest.mpd")) { Headers = { { "Origin", "https://other.example" } } };
        using HttpResponseMessage no = await bench.Http.SendAsync(other, TestContext.Current.CancellationToken);
        no.StatusCode.Should().Be(HttpStatusCode.Forbidden);
        no.Headers.Contains("Access-Control-Allow-Origin").Should().BeFalse();
    }

    [Fact]
    public async Task Every_answer_forbids_what_a_page_does_not_need()
    {
        await using RelayBench bench = await RelayBench.OpenAsync("cenc/manifest.mpd");
        foreach (string path in (string[])["", "map", "manifest.mpd", "p0/r0/init.mp4", "p0/r0/n1.m4s", "p0/r0/n99.m4s", "nothing", "report.html"])
        {
            using HttpResponseMessage answer = await bench.Http.GetAsync(bench.At(path), TestContext.Current.CancellationToken);
            answer.Headers.GetValues("Content-Security-Policy").Single().Should().Contain("default-src 'none'").And.Contain("frame-ancestors 'none'").And.NotContain("unsafe");
            answer.Headers.GetValues("Referrer-Policy").Should().Equal("no-referrer");
            answer.Headers.GetValues("X-Content-Type-Options").Should().Equal("nosniff");
            answer.Headers.GetValues("Cross-Origin-Resource-Policy").Should().Equal("same-origin");
            answer.Headers.Contains("Access-Control-Allow-Origin").Should().BeFalse();
            answer.Headers.Contains("Server").Should().BeFalse();
            if (path.Length > 0) answer.Headers.CacheControl!.NoStore.Should().BeTrue("clear media does not belong into a cache on disk");
        }
    }

    [Fact]
    public async Task It_listens_on_loopback_only()
    {
        await using RelayBench bench = await RelayBench.OpenAsync("cenc/manifest.mpd");
        IPAddress[] others = [.. Dns.GetHostAddresses(Dns.GetHostName()).Where(static address => !IPAddress.IsLoopback(address) && address.AddressFamily == AddressFamily.InterNetwork)];
        foreach (IPAddress address in others)
        {
            using TcpClient client = new();
            await client.Invoking(each => each.ConnectAsync(address, bench.Page.Port)).Should().ThrowAsync<SocketException>("{0} is an address of other machines", address);
        }
    }

    /// <summary>A request that no client library would send.</summary>
    private static async Task<int> StatusAsync(int port, string method, string path, string host, string? origin, string? site)
    {
        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
        StringBuilder request = new($"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 0\r\n");
        if (origin is not null) request.Append($"Origin: {origin}\r\n");
        if (site is not null) request.Append($"Sec-Fetch-Site: {site}\r\n");
        request.Append("\r\n");
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request.ToString()), TestContext.Current.CancellationToken);
        byte[] buffer = new byte[64];
        int read = await client.GetStream().ReadAtLeastAsync(buffer, 12, throwOnEndOfStream: false, TestContext.Current.CancellationToken);
        return int.Parse(Encoding.ASCII.GetString(buffer, 9, 3), System.Globalization.CultureInfo.InvariantCulture) is var status && read >= 12 ? status : 0;
    }
}

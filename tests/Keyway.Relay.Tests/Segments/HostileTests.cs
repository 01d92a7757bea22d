using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Keyway.Licensing;
using Keyway.Testing;

namespace Keyway.Relay.Segments;

/// <summary>Manifests that lead elsewhere, and requests that nobody who means well would send.</summary>
public sealed class HostileTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("../../../../etc/passwd")]
    [InlineData("http://169.254.169.254/latest/meta-data")]
    [InlineData("http://127.0.0.1:22/")]
    [InlineData("http://[::1]/x")]
    [InlineData("data:text/plain,secret")]
    [InlineData("ftp://content.test/x")]
    public async Task What_a_manifest_may_not_name_is_not_served(string address)
    {
        TestKeyway keyway = RelayBench.Sample();
        // The rendition that is opened is as it should be; the other one leads elsewhere.
        string manifest = $"""
            <MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT8S" minBufferTime="PT2S">
              <Period><AdaptationSet mimeType="video/mp4"><Representation id="good" bandwidth="9000" width="640" height="360"><SegmentTemplate timescale="1" duration="4" media="video-360/$Number$.m4s" initialization="video-360/init.mp4"/></Representation>
              <Representation id="other" bandwidth="1" width="320" height="180"><BaseURL>{address}</BaseURL><SegmentList duration="4"><Initialization sourceURL="{address}"/><SegmentURL media="{address}"/></SegmentList></Representation></AdaptationSet></Period>
            </MPD>
            """;
        await using RelayBench bench = await RelayBench.OpenAsync(keyway, keyway.AddContent("cenc/tricks.mpd", Encoding.UTF8.GetBytes(manifest)), null, []);
        foreach (string path in (string[])["p0/r1/init.mp4", "p0/r1/n1.m4s", "p0/r1/file.mp4"])
        {
            (HttpStatusCode status, JsonElement problem) = await bench.RefusalAsync(path);
            ((int)status).Should().BeOneOf([403, 404, 502], "{0} through {1}", address, path);
            problem.ToString().Should().NotContain("root:");
        }

        (await bench.TextAsync("manifest.mpd")).Should().NotContain(address);
        (await bench.BytesAsync("p0/r0/n1.m4s")).Should().NotBeEmpty("the other one is served");
    }

    [Fact]
    public async Task Whatever_stands_behind_the_token_is_answered()
    {
        await using RelayBench bench = await RelayBench.OpenAsync("cenc/manifest.mpd");
        string[] words = ["p0", "r0", "p1", "r2", "n1.m4s", "t0.m4s", "init.mp4", "init.bin", "file.mp4", "segments", "hls", "0.m3u8", "map", "..", ".", "%2e%2e", "%00", "app.js", "manifest.mpd", "now?after=-1", "segments?from=1e400"];
        const string letters = "prnt0129.%/\\:?#&=~-_ abcxyz";
        Random random = new(20261128);
        string[] paths = [.. Enumerable.Range(0, 600).Select(_ => string.Join('/', Enumerable.Range(0, random.Next(1, 5)).Select(_ => random.Next(3) > 0 ? words[random.Next(words.Length)] : string.Concat(Enumerable.Range(0, random.Next(13)).Select(_ => letters[random.Next(letters.Length)])))))];
        foreach (string path in paths)
        {
            using TcpClient client = new();
            await client.ConnectAsync(IPAddress.Loopback, bench.Page.Port, Cancel);
            string line = path.Replace(' ', '+');
            await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes($"GET /{bench.Token.Text}/{line} HTTP/1.1\r\nHost: 127.0.0.1:{bench.Page.Port}\r\nRange: bytes={line.Length}-\r\nConnection: close\r\n\r\n"), Cancel);
            byte[] head = new byte[12];
            await client.GetStream().ReadAtLeastAsync(head, 12, throwOnEndOfStream: false, Cancel);
            int status = int.Parse(Encoding.ASCII.GetString(head, 9, 3), System.Globalization.CultureInfo.InvariantCulture);
            status.Should().BeOneOf([200, 206, 304, 308, 400, 404, 405, 416], "GET {0}", line);
        }
    }

    [Fact]
    public async Task A_segment_whose_licence_is_on_its_way_is_to_be_asked_for_again()
    {
        TestKeyway keyway = RelayBench.Sample();
        TaskCompletionSource<LicenseAnswer?> held = keyway.Server.Hold();
        await using RelayBench bench = await RelayBench.OpenAsync("cenc/manifest.mpd", keyway);
        using (HttpResponseMessage early = await bench.Http.GetAsync(bench.At("p0/r0/n1.m4s"), Cancel))
        {
            early.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
            early.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(1));
        }

        (await bench.JsonAsync("map")).GetProperty("state").GetString().Should().Be("opening");
        held.SetResult(null);
        (await bench.BytesAsync("p0/r0/n1.m4s")).Should().NotBeEmpty();
        (await bench.TextAsync("manifest.mpd")).Should().Contain("640");
    }

    [Fact]
    public async Task A_live_segment_that_is_not_due_is_too_early_and_one_that_never_was_is_not_there()
    {
        TestKeyway keyway = RelayBench.Sample();
        string start = (DateTimeOffset.UnixEpoch + (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch) - TimeSpan.FromSeconds(14)).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
        string manifest = $"""
            <MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="dynamic" availabilityStartTime="{start}" minimumUpdatePeriod="PT3600S" timeShiftBufferDepth="PT3600S" minBufferTime="PT2S">
              <Period id="a" start="PT0S"><AdaptationSet mimeType="video/mp4"><SegmentTemplate timescale="12800" duration="51200" media="video-360/$Number$.m4s" initialization="video-360/init.mp4" startNumber="1"/>
              <Representation id="v" bandwidth="9000" codecs="avc1.64001e" width="640" height="360"/></AdaptationSet></Period>
            </MPD>
            """;
        await using RelayBench bench = await RelayBench.OpenAsync(keyway, keyway.AddContent("cenc/live.mpd", Encoding.UTF8.GetBytes(manifest)), null, []);
        (await bench.BytesAsync("p0/r0/n1.m4s")).Should().NotBeEmpty("it is in the window");
        using (HttpResponseMessage early = await bench.Http.GetAsync(bench.At("p0/r0/n5000.m4s"), Cancel))
        {
            ((int)early.StatusCode).Should().Be(425);
            early.Headers.RetryAfter!.Delta.Should().BePositive();
        }

        (await bench.RefusalAsync("p0/r0/n0.m4s")).Status.Should().Be(HttpStatusCode.NotFound);
        string playlist = await bench.TextAsync("hls/0.m3u8");
        playlist.Should().NotContain("ENDLIST").And.Contain("PROGRAM-DATE-TIME").And.Contain("t0.m4s");
        (await bench.TextAsync("manifest.mpd")).Should().Contain($"value=\"{bench.At("now")}\"").And.Contain("type=\"dynamic\"");
        DateTimeOffset.Parse(await bench.TextAsync("now"), System.Globalization.CultureInfo.InvariantCulture).Should().BeCloseTo(TimeProvider.System.GetUtcNow(), TimeSpan.FromSeconds(30));
    }
}

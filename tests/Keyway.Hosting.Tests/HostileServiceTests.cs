using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using Keyway.Hosting.Configuration;
using Keyway.Hosting.Plugins;
using Keyway.Licensing;
using Keyway.Licensing.Transport;
using Keyway.Sessions;
using Microsoft.Extensions.Configuration;

namespace Keyway.Hosting;

/// <summary>What a licence service that is trusted with a token may still not do. Everything is real: host, plugin, handlers, two servers.</summary>
public sealed class HostileServiceTests : IDisposable
{
    private const string Token = "t0ken-s3cret";

    private readonly PluginFolder _plugins = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _plugins.Dispose();

    [Theory]
    [InlineData(307)]
    [InlineData(308)]
    public async Task Redirect_to_a_second_server_sends_nothing_there(int status)
    {
        await using LoopbackServer second = new(request => License(request));
        await using LoopbackServer first = new(_ => new LoopbackServer.Answer(status, $"text/plain\r\nLocation: {second.Address}license", []));
        (await RefusedAsync(first)).Kind.Should().Be(LicenseErrorKind.UntrustedUrl);
        first.Requests.Should().ContainSingle().Which.Headers.Should().ContainKey("X-Token");
        second.Connections.Should().Be(0);
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    public async Task Redirect_that_would_change_the_method_is_an_answer_like_any_other(int status)
    {
        await using LoopbackServer second = new(request => License(request));
        await using LoopbackServer first = new(_ => new LoopbackServer.Answer(status, $"text/plain\r\nLocation: {second.Address}license", []));
        (await RefusedAsync(first, second.Address)).Status.Should().Be(status);
        (first.Requests.Count, second.Connections).Should().Be((1, 0));
    }

    [Fact]
    public async Task Redirect_to_a_listed_server_takes_the_token_along_and_the_body()
    {
        await using LoopbackServer second = new(request => License(request));
        await using LoopbackServer first = new(_ => new LoopbackServer.Answer(307, $"text/plain\r\nLocation: {second.Address}license", []));
        await AcquireAsync(first, second.Address);
        second.Requests.Should().ContainSingle().Which.Headers["X-Token"].Should().Be(Token);
        second.Requests[0].Body.Should().Equal(first.Requests[0].Body);
    }

    [Fact]
    public async Task Redirects_in_a_circle_end_after_five()
    {
        await using LoopbackServer server = new(_ => new LoopbackServer.Answer(307, "text/plain\r\nLocation: /again", []));
        (await RefusedAsync(server)).Kind.Should().Be(LicenseErrorKind.Network);
        server.Requests.Should().HaveCount(6);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Answer_of_two_mebibytes_is_refused_whether_it_says_its_length_or_not(bool says)
    {
        // Spaces may stand behind a licence: but for its length there is nothing wrong with it.
        await using LoopbackServer server = new(request =>
        {
            byte[] license = [.. SampleContent.License(request.Body), .. Enumerable.Repeat((byte)' ', 2 << 20)];
            return says ? new LoopbackServer.Answer(200, "application/json", license) : Chunked(license);
        });
        LicenseServiceException refused = await RefusedAsync(server);
        refused.Kind.Should().Be(LicenseErrorKind.LicenseMalformed);
        refused.Message.Should().Contain($"{HttpLicenseTransport.MaximumAnswer} bytes");
    }

    [Fact]
    public async Task Compressed_answer_that_unpacks_to_more_than_an_answer_may_be_is_refused()
    {
        // A good licence in front of 64 MiB of spaces in 64 KiB: whoever unpacks all of it has lost.
        byte[]? bomb = null;
        await using LoopbackServer server = new(request => new LoopbackServer.Answer(200, "application/json\r\nContent-Encoding: gzip", bomb ??= Bomb(SampleContent.License(request.Body), 64)));
        LicenseServiceException refused = await RefusedAsync(server);
        refused.Kind.Should().Be(LicenseErrorKind.LicenseMalformed);
        refused.Message.Should().Contain($"{HttpLicenseTransport.MaximumAnswer} bytes");
        bomb!.Length.Should().BeLessThan(HttpLicenseTransport.MaximumAnswer, "it is not its length that is refused");
        server.Requests.Should().ContainSingle().Which.Headers["Accept-Encoding"].Should().Be("gzip, deflate, br");
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("x-gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task Compressed_answer_is_read(string coding)
    {
        await using LoopbackServer server = new(request => new LoopbackServer.Answer(200, $"application/json\r\nContent-Encoding: {coding}", Packed(coding, SampleContent.License(request.Body))));
        await AcquireAsync(server);
        server.Requests.Should().ContainSingle();
    }

    [Theory]
    [InlineData("zstd", "not read")]
    [InlineData("gzip", "damaged")]
    public async Task Compression_that_nobody_knows_or_that_is_none_is_said(string coding, string reason)
    {
        await using LoopbackServer server = new(request => new LoopbackServer.Answer(200, $"application/json\r\nContent-Encoding: {coding}", SampleContent.License(request.Body)));
        LicenseServiceException refused = await RefusedAsync(server);
        refused.Kind.Should().Be(LicenseErrorKind.LicenseMalformed);
        refused.Message.Should().Contain(reason);
    }

    [Fact]
    public async Task Cookies_are_not_kept_and_the_application_s_trace_stays_at_home()
    {
        int count = 0;
        await using LoopbackServer server = new(request => ++count == 1
            ? new LoopbackServer.Answer(503, "text/plain\r\nSet-Cookie: session=1; Path=/", [])
            : License(request));
        using ActivitySource source = new("Keyway.Hosting.Tests.Trace");
        using ActivityListener listener = new()
        {
            ShouldListenTo = one => one == source || one.Name == "System.Net.Http",
            Sample = static (ref _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        using (Activity activity = source.StartActivity("of the application")!)
        {
            activity.AddBaggage("user", "me@home.example");
            activity.TraceStateString = "vendor=1";
            await AcquireAsync(server);
        }

        server.Requests.Should().HaveCount(2).And.OnlyContain(static request =>
            request.Headers.Keys.Order(StringComparer.Ordinal).SequenceEqual(new[] { "Accept-Encoding", "Content-Length", "Content-Type", "Host", "X-Token" }));
    }

    private static LoopbackServer.Answer License(LoopbackServer.Received request) => new(200, "application/json", SampleContent.License(request.Body));

    // The server writes a length of its own; the one that counts is the coding's (RFC 9112, 6.3).
    private static LoopbackServer.Answer Chunked(byte[] body) =>
        new(200, "application/json\r\nTransfer-Encoding: chunked", [.. Encoding.ASCII.GetBytes($"{body.Length:x}\r\n"), .. body, .. "\r\n0\r\n\r\n"u8]);

    private static byte[] Packed(string coding, byte[] content)
    {
        using MemoryStream packed = new();
        using (Stream zip = coding switch { "br" => new BrotliStream(packed, CompressionLevel.Optimal), "deflate" => new ZLibStream(packed, CompressionLevel.Optimal), _ => new GZipStream(packed, CompressionLevel.Optimal) })
            zip.Write(content);
        return packed.ToArray();
    }

    private static byte[] Bomb(byte[] license, int mebibytes)
    {
        using MemoryStream packed = new();
        using (GZipStream zip = new(packed, CompressionLevel.Optimal))
        {
            zip.Write(license);
            byte[] spaces = new byte[1 << 20];
            Array.Fill(spaces, (byte)' ');
            for (int i = 0; i < mebibytes; i++) zip.Write(spaces);
        }

        return packed.ToArray();
    }

    private async Task<LicenseServiceException> RefusedAsync(LoopbackServer service, Uri? allowed = null)
    {
        Func<Task> acquire = () => AcquireAsync(service, allowed);
        KeyUnavailableException refused = (await acquire.Should().ThrowAsync<KeyUnavailableException>()).Which;
        refused.ToString().Should().NotContain(Token);
        return refused.InnerException.Should().BeOfType<LicenseServiceException>().Subject;
    }

    private async Task AcquireAsync(LoopbackServer service, Uri? allowed = null)
    {
        _plugins.Drop("clearkey");
        IConfigurationSection section = Configured.Root(
            $$"""
            {
              "Plugins": { "Allow": { "clearkey": {} } }, "KeySystems": { "clearkey": {} },
              "Providers": { "acme": {
                "Endpoints": { "clearkey": "{{service.Address}}license" },
                "AllowedOrigins": [ {{(allowed is null ? "" : $"\"{allowed}\"")}} ],
                "Pipeline": [ { "Use": "retry", "Attempts": 2, "Delay": "00:00:00.001" }, { "Use": "token", "Name": "X-Token" }, { "Use": "challenge" } ]
              } }
            }
            """,
            ("Keyway:Plugins:Directory", _plugins.Path)).GetSection("Keyway");
        await using KeywayHost host = new(section);
        PresentationOptions options = new() { Provider = "acme", Token = static (_, _) => new(LicenseToken.FromText(Token)) };
        await using Presentation presentation = await host.OpenAsync(SampleContent.Manifest, options, Cancel);
        await presentation.AcquireAsync(Cancel);
    }
}

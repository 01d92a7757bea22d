using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Keyway.Licensing.Origins;
using Keyway.Sessions;
using Keyway.Testing;

namespace Keyway.Licensing.Transport;

/// <summary>Where secrets may go (docs/trust.md), rule by rule, by counting what is really sent.</summary>
public class HttpLicenseTransportTests
{
    private const string Home = "https://license.example/acquire";

    [Fact]
    public async Task Request_is_a_post_with_the_challenge_its_type_and_headers()
    {
        Wire wire = new((_, _) => Answer(200, "LICENSE"));
        LicensePipeline pipeline = LicensePipelineTests.Build(wire.Transport, ("0:Use", "header"), ("0:Name", "X-A"), ("0:Value", "1"));
        string body = "";
        await LicensePipelineTests.RunAsync(pipeline, read: exchange => body = Encoding.UTF8.GetString(exchange.Answer!.Body));
        body.Should().Be("LICENSE");
        Sent sent = wire.Sent.Should().ContainSingle().Subject;
        sent.Method.Should().Be("POST");
        sent.Body.Should().Be($"License {Bench.Kid(1)}");
        sent.Headers.Should().Contain("Content-Type: text/plain").And.Contain("X-A: 1");
        sent.Headers.Should().NotContain("Expect").And.NotContain("Cookie");
    }

    [Theory]
    [InlineData(307)]
    [InlineData(308)]
    public async Task Redirect_that_keeps_the_method_is_followed_with_body_and_headers(int status)
    {
        Wire wire = new((request, count) => count == 1 ? Redirect(status, "/elsewhere?x=1") : Answer(200, "ok"));
        LicensePipeline pipeline = LicensePipelineTests.Build(wire.Transport, ("0:Use", "token"), ("0:Source", "secret:token"));
        await LicensePipelineTests.RunAsync(pipeline);
        wire.Sent.Select(sent => sent.Url).Should().Equal(Home, "https://license.example/elsewhere?x=1");
        wire.Sent[1].Should().BeEquivalentTo(new { wire.Sent[0].Method, wire.Sent[0].Body });
        wire.Sent[1].Headers.Should().Contain("Authorization: Bearer t0ken");
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    public async Task Redirect_that_would_change_the_method_is_not_followed(int status)
    {
        Wire wire = new((_, _) => Redirect(status, "/elsewhere"));
        (await LicensePipelineTests.FailsAsync(LicensePipelineTests.Build(wire.Transport))).Status.Should().Be(status);
        wire.Sent.Should().ContainSingle();
    }

    [Theory]
    [InlineData("https://evil.example/", "https://evil.example")]
    [InlineData("https://license.example:8443/", "https://license.example:8443")]
    [InlineData("http://license.example/", "http://license.example")]
    [InlineData("http://localhost/", "http://localhost")]
    [InlineData("//evil.example/x", "https://evil.example")]
    public async Task Redirect_to_an_origin_that_nobody_named_is_refused_and_nothing_is_sent_there(string location, string origin)
    {
        Wire wire = new((_, _) => Redirect(307, location));
        LicenseServiceException refusal = await LicensePipelineTests.FailsAsync(LicensePipelineTests.Build(wire.Transport, ("0:Use", "retry")));
        refusal.Kind.Should().Be(LicenseErrorKind.UntrustedUrl);
        refusal.Message.Should().Contain("https://license.example").And.Contain(origin);
        wire.Sent.Should().ContainSingle();
    }

    [Fact]
    public async Task Redirect_to_a_listed_origin_is_followed()
    {
        Wire wire = new((_, count) => count == 1 ? Redirect(307, "https://eu.example/l") : Answer(200, "ok"));
        Origin.TryParse("https://eu.example", out Origin listed).Should().BeTrue();
        await LicensePipelineTests.RunAsync(LicensePipelineTests.Build(wire.Transport), trusted: new TrustedOrigins([listed]));
        wire.Sent.Should().HaveCount(2);
    }

    [Fact]
    public async Task Redirect_out_of_https_is_refused_even_to_a_listed_origin()
    {
        Wire wire = new((_, _) => Redirect(307, "http://eu.example/l"));
        TrustedOrigins trusted = new([new Origin("http", "eu.example", 80)]);
        (await LicensePipelineTests.FailsAsync(LicensePipelineTests.Build(wire.Transport), trusted: trusted)).Kind.Should().Be(LicenseErrorKind.UntrustedUrl);
        wire.Sent.Should().ContainSingle();
    }

    [Fact]
    public async Task Redirects_end_after_five()
    {
        Wire wire = new((_, count) => Redirect(308, $"/{count}"));
        (await LicensePipelineTests.FailsAsync(LicensePipelineTests.Build(wire.Transport))).Kind.Should().Be(LicenseErrorKind.Network);
        wire.Sent.Should().HaveCount(6);
    }

    [Theory]
    [InlineData("http://license.example/", false)]
    [InlineData("http://127.0.0.1:8080/", true)]
    [InlineData("http://localhost:8080/", true)]
    [InlineData("http://[::1]:8080/", true)]
    [InlineData("http://LOCALHOST:8080/", true)]
    [InlineData("http://127.1:8080/", true)]
    [InlineData("http://loopback:8080/", false)]
    [InlineData("http://Loopback/", false)]
    [InlineData("http:\\\\loopback/", false)]
    [InlineData("https://loopback/", false)]
    [InlineData("http://localhost.license.example/", false)]
    [InlineData("http://127.0.0.1.license.example/", false)]
    [InlineData("http://0.0.0.0:8080/", false)]
    [InlineData("https://user:pass@license.example/", false)]
    [InlineData("ftp://license.example/", false)]
    public async Task Https_is_required_but_for_loopback(string url, bool allowed)
    {
        Wire wire = new((_, _) => Answer(200, "ok"));
        LicensePipeline pipeline = LicensePipelineTests.Build(wire.Transport);
        LicenseExchange exchange = LicensePipelineTests.Exchange(url);
        if (allowed) await LicensePipelineTests.RunAsync(pipeline, exchange);
        else (await LicensePipelineTests.FailsAsync(pipeline, exchange)).Kind.Should().Be(LicenseErrorKind.UntrustedUrl);
        wire.Sent.Should().HaveCount(allowed ? 1 : 0);
    }

    [Fact]
    public async Task Plain_http_is_allowed_where_configuration_lists_it()
    {
        Wire wire = new((_, _) => Answer(200, "ok"));
        TrustedOrigins trusted = new([new Origin("http", "10.1.2.3", 8000)]);
        await LicensePipelineTests.RunAsync(LicensePipelineTests.Build(wire.Transport), LicensePipelineTests.Exchange("http://10.1.2.3:8000/l"), trusted: trusted);
        wire.Sent.Should().ContainSingle();
    }

    [Fact]
    public async Task Answer_longer_than_a_mebibyte_is_refused_whether_it_says_so_or_not()
    {
        foreach (bool says in new[] { true, false })
        {
            Wire wire = new((_, _) =>
            {
                HttpResponseMessage answer = new(HttpStatusCode.OK)
                {
                    Content = says ? new ByteArrayContent(new byte[HttpLicenseTransport.MaximumAnswer + 1]) : new StreamContent(new Endless()),
                };
                return answer;
            });
            (await LicensePipelineTests.FailsAsync(LicensePipelineTests.Build(wire.Transport))).Kind.Should().Be(LicenseErrorKind.LicenseMalformed);
        }
    }

    [Fact]
    public async Task Body_that_is_cut_short_or_reset_is_a_network_error_and_is_tried_again()
    {
        Wire wire = new((_, count) =>
        {
            HttpResponseMessage answer = Answer(200, "LICENSE");
            if (count == 1) answer.Content.Headers.ContentLength = 100;
            if (count == 2) answer.Content = new StreamContent(new Broken());
            return answer;
        });
        ManualClock clock = new();
        LicensePipeline pipeline = LicensePipelineTests.Build(wire.Transport, clock, ("0:Use", "retry"));
        Task running = LicensePipelineTests.RunAsync(pipeline);
        while (!running.IsCompleted)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await running;
        wire.Sent.Should().HaveCount(3);
    }

    [Theory]
    [InlineData(HttpRequestError.ConnectionError, true)]
    [InlineData(HttpRequestError.NameResolutionError, true)]
    [InlineData(HttpRequestError.SecureConnectionError, false)]
    public async Task No_connection_is_a_network_error_with_its_reason(HttpRequestError error, bool retryable)
    {
        Wire wire = new((_, _) => throw new HttpRequestException(error, "text of the library"));
        LicenseServiceException failure = await LicensePipelineTests.FailsAsync(LicensePipelineTests.Build(wire.Transport));
        failure.Should().BeEquivalentTo(new { Kind = LicenseErrorKind.Network, Retryable = retryable });
        failure.Message.Should().StartWith("no answer of https://license.example:").And.NotContain("text of the library");
    }

    [Fact]
    public void Handler_follows_nothing_keeps_no_cookies_and_does_not_decompress()
    {
        using SocketsHttpHandler handler = HttpLicenseTransport.CreateHandler();
        handler.Should().BeEquivalentTo(new { AllowAutoRedirect = false, UseCookies = false, AutomaticDecompression = DecompressionMethods.None });
    }

    internal static HttpResponseMessage Answer(int status, string body) => new((HttpStatusCode)status) { Content = new StringContent(body) };

    private static HttpResponseMessage Redirect(int status, string location)
    {
        HttpResponseMessage answer = new((HttpStatusCode)status);
        answer.Headers.Location = new Uri(location, UriKind.RelativeOrAbsolute);
        return answer;
    }

    internal sealed record Sent(string Method, string Url, string Headers, string Body, bool Untrusted);

    internal sealed class Wire : HttpMessageHandler
    {
        private readonly Func<HttpRequestMessage, int, HttpResponseMessage> _answer;

        public Wire(Func<HttpRequestMessage, int, HttpResponseMessage> answer)
        {
            _answer = answer;
            Transport = new HttpLicenseTransport(new HttpMessageInvoker(this));
        }

        public HttpLicenseTransport Transport { get; }

        public List<Sent> Sent { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            string body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
            IEnumerable<HttpHeaders> all = request.Content is null ? [request.Headers] : [request.Headers, request.Content.Headers];
            string headers = string.Join('\n', all.SelectMany(set => set.NonValidated).Select(header => $"{header.Key}: {header.Value}"));
            request.Options.TryGetValue(HttpLicenseTransport.Untrusted, out bool untrusted);
            Sent.Add(new Sent(request.Method.Method, request.RequestUri!.AbsoluteUri, headers, body, untrusted));
            return _answer(request, Sent.Count);
        }
    }

    private sealed class Endless : MemoryStream
    {
        public override bool CanSeek => false;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(buffer.Length);
    }

    private sealed class Broken : MemoryStream
    {
        public override bool CanSeek => false;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => throw new IOException("reset");
    }
}

using Keyway.Licensing.Origins;
using Keyway.Licensing.Steps;
using Keyway.Licensing.Transport;
using Keyway.Sessions;
using Keyway.Testing;

namespace Keyway.Licensing;

/// <summary>Which URL an exchange starts with, and what may go there.</summary>
public class LicenseTargetTests
{
    private static readonly KeySystemDescriptor Identifying = new() { Name = "fake", Systems = [FakeKeySystem.System] };
    private static readonly KeySystemDescriptor Anonymous = Identifying with { ChallengeIdentifiesDevice = false };
    private static readonly LicenseUrlHint[] Content = [new(new Uri("https://content.example/l"), "/MPD/Period[1]")];

    [Fact]
    public void Caller_comes_before_provider_and_provider_before_content()
    {
        LicenseService service = Service(("Endpoints:fake", "https://endpoint.example/"));
        Uri caller = new("https://caller.example/");
        LicenseTarget.Resolve(caller, service, Identifying, Content).Url.Should().Be(caller);
        LicenseTarget.Resolve(null, service, Anonymous, Content).Url.Host.Should().Be("endpoint.example");
        LicenseTarget.Resolve(null, Direct(new FakeLicenseServer()), Anonymous, Content).Url.Host.Should().Be("content.example");
    }

    [Fact]
    public void Provider_that_does_not_list_an_origin_sends_nothing_there_whoever_the_challenge_identifies()
    {
        Action resolve = () => LicenseTarget.Resolve(null, Service(), Anonymous, Content);
        resolve.Should().Throw<LicenseServiceException>().Which.Kind.Should().Be(LicenseErrorKind.UntrustedUrl);
    }

    [Fact]
    public void Content_never_learns_who_the_device_is()
    {
        Action resolve = () => LicenseTarget.Resolve(null, Service(), Identifying, Content);
        LicenseServiceException refusal = resolve.Should().Throw<LicenseServiceException>().Which;
        refusal.Kind.Should().Be(LicenseErrorKind.UntrustedUrl);
        refusal.Message.Should().Contain("/MPD/Period[1]").And.Contain("https://content.example").And.Contain("acme");
    }

    [Fact]
    public void Url_of_content_on_a_listed_origin_is_as_good_as_an_endpoint()
    {
        LicenseTarget target = LicenseTarget.Resolve(null, Service(("AllowedOrigins:0", "https://content.example")), Identifying, Content);
        target.Url.Should().Be(Content[0].Url);
        target.Rule.Untrusted.Should().BeFalse();
    }

    [Fact]
    public void Nobody_naming_a_url_is_said_with_advice()
    {
        Action resolve = () => LicenseTarget.Resolve(null, Service(), Anonymous, []);
        resolve.Should().Throw<LicenseServiceException>().Which.Advice.Should().Contain("Endpoints:fake");
    }

    [Fact]
    public async Task Exchange_that_goes_where_content_says_carries_no_header_query_or_token()
    {
        HttpLicenseTransportTests.Wire wire = new((_, _) => HttpLicenseTransportTests.Answer(200, $"{Bench.Kid(1)} {new string('0', 32)}\n"));
        await using Bench bench = new() { System = new FakeKeySystem { Descriptor = Anonymous } };
        LicenseService service = Direct(wire.Transport);
        await using KeyRingSession ring = bench.Join(change: options => options with { Service = service, ContentUrls = Content });
        await ring.NeedAsync([], [Bench.Want(1)], CancellationToken.None);
        await Bench.WaitAsync(ring, 1);
        HttpLicenseTransportTests.Sent sent = wire.Sent.Should().ContainSingle().Subject;
        sent.Url.Should().Be("https://content.example/l");
        sent.Headers.Should().Be($"Accept-Encoding: gzip, deflate, br\nContent-Type: text/plain\nContent-Length: {sent.Body.Length}");
        sent.Untrusted.Should().BeTrue("the handler lets it connect to public addresses only");
    }

    [Fact]
    public async Task Url_of_a_header_reaches_nobody_with_a_challenge_that_identifies_the_device()
    {
        await using Bench bench = new(provider: [("Pipeline:0:Use", "challenge")]);
        await using KeyRingSession ring = bench.Join();
        ProtectionHeader header = FakeKeySystem.Header(Bench.Kid(1)) with { LicenseUrl = new Uri("https://evil.example/?a=b") };
        await ring.NeedAsync([header], [Bench.Want(1)], CancellationToken.None);
        Func<Task> wait = async () => await Bench.WaitAsync(ring, 1);
        (await wait.Should().ThrowAsync<KeyUnavailableException>()).WithInnerException<LicenseServiceException>().Which.Kind.Should().Be(LicenseErrorKind.UntrustedUrl);
        bench.Server.Received.Should().BeEmpty();
        bench.System.Sessions[0].Challenges.Should().BeEmpty();
    }

    [Theory]
    [InlineData("https://license.example/renew?v=2", true)]
    [InlineData("https://evil.example/renew", false)]
    public async Task Url_of_a_challenge_is_followed_on_trusted_origins_only(string url, bool allowed)
    {
        FakeLicenseServer server = new();
        LicensePipeline pipeline = LicensePipelineTests.Build(server, ("0:Use", "query"), ("0:Name", "t"), ("0:Value", "secret:token"));
        Redirecting session = new(new Uri(url));
        LicenseExchange exchange = LicensePipelineTests.Exchange("https://license.example/a?b=1");
        Func<Task> run = async () => await pipeline.RunAsync(exchange, session, TrustedOrigins.None, _ => { }, CancellationToken.None);
        if (allowed)
        {
            await run();
            server.Received[0].Request.Url.AbsoluteUri.Should().Be("https://license.example/renew?v=2&t=t0ken", "what a step added goes along");
        }
        else
        {
            (await run.Should().ThrowAsync<LicenseServiceException>()).Which.Kind.Should().Be(LicenseErrorKind.UntrustedUrl);
            server.Received.Should().BeEmpty();
        }
    }

    [Fact]
    public async Task Url_of_a_challenge_does_not_lead_out_of_https()
    {
        FakeLicenseServer server = new();
        LicensePipeline pipeline = LicensePipelineTests.Build(server);
        TrustedOrigins trusted = new([new Origin("http", "license.example", 80)]);
        Redirecting session = new(new Uri("http://license.example/renew"));
        Func<Task> run = async () => await pipeline.RunAsync(LicensePipelineTests.Exchange("https://license.example/a"), session, trusted, _ => { }, CancellationToken.None);
        (await run.Should().ThrowAsync<LicenseServiceException>()).Which.Message.Should().Contain("out of https");
        server.Received.Should().BeEmpty();

        // The control: it is the way out that is refused, not the address.
        await pipeline.RunAsync(LicensePipelineTests.Exchange("http://license.example/a"), session, trusted, _ => { }, CancellationToken.None);
        server.Received.Should().ContainSingle();
    }

    [Theory]
    [InlineData("https://a.example", true)]
    [InlineData("https://a.example/", true)]
    [InlineData("http://a.example:81", true)]
    [InlineData("https://a.example/path", false)]
    [InlineData("https://u@a.example", false)]
    [InlineData("https://a.example?q", false)]
    [InlineData("a.example", false)]
    [InlineData("ws://a.example", false)]
    public void Origin_is_scheme_host_and_port_and_nothing_else(string text, bool valid) => Origin.TryParse(text, out _).Should().Be(valid);

    private static LicenseService Direct(ILicenseTransport transport) => LicenseService.Direct(new LicenseSteps(), Settings.Context(), transport);

    private static LicenseService Service(params (string Path, string Value)[] settings) =>
        LicenseService.Read(Settings.Section("acme", settings), provider: null, new LicenseSteps(), Settings.Context(), new FakeLicenseServer());

    private sealed class Redirecting(Uri url) : ILicenseSession
    {
        public ValueTask<ChallengeInfo> WriteChallengeAsync(ChallengeRequest request, System.Buffers.IBufferWriter<byte> destination, CancellationToken cancellationToken) =>
            new(new ChallengeInfo { Kind = ChallengeKind.License, Url = url });

        public ValueTask<LicenseOutcome> AcceptAsync(LicenseAnswer answer, CancellationToken cancellationToken) => new(LicenseOutcome.Complete);
    }
}

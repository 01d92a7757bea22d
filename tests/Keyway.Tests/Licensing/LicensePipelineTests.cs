using System.Buffers;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Origins;
using Keyway.Licensing.Secrets;
using Keyway.Licensing.Steps;
using Keyway.Sessions;
using Keyway.Testing;

namespace Keyway.Licensing;

public class LicensePipelineTests
{
    private static readonly KeyId Kid = new(1);

    [Fact]
    public void Pipeline_is_printed_the_same_way_wherever_its_list_came_from()
    {
        Build(
            ("0:Use", "retry"), ("1:Use", "header"), ("1:Name", "X-Tenant"), ("1:Value", "acme"), ("2:Use", "token"), ("2:Source", "secret:token"),
            ("3:Use", "challenge"), ("4:Use", "timeout")).Describe()
            .Should().Be("acme: retry → header → token → challenge → timeout → transport");

        LicensePipelineBuilder builder = new("acme", new LicenseSteps(), Settings.Context(), Settings.Section("acme", ("Steps:retry:Attempts", "2")));
        builder.Use("retry").Use("acme.sign", new Decorator("sign", [])).Use("timeout");
        builder.Build(new FakeLicenseServer()).Describe().Should().Be("acme: retry → acme.sign → timeout → challenge → transport");
    }

    [Fact]
    public void Mistakes_are_told_together_each_with_its_path()
    {
        Action build = () => Build(
            ("0:Use", "retry"), ("0:Attempts", "many"), ("0:Jitter", "1"), ("1:Use", "heeder"), ("2:Name", "x"), ("3:Use", "token"), ("3:Source", "abc"),
            ("4:Use", "header"), ("4:Name", "Cookie"), ("4:Value", "{open"), ("5:Use", "timeout"), ("5:After", "10"), ("6:Use", "transport"),
            ("7:Use", "header"), ("7:Name", "X"), ("7:Value", "secret:NOT A NAME"));
        build.Should().Throw<SettingsException>().Which.Errors.Select(error => error.Path).Should().BeEquivalentTo(
            "acme:Pipeline:0:Jitter", "acme:Pipeline:0:Attempts", "acme:Pipeline:1", "acme:Pipeline:2", "acme:Pipeline:3:Source", "acme:Pipeline:4:Name",
            "acme:Pipeline:4:Value", "acme:Pipeline:5:After", "acme:Pipeline:6", "acme:Pipeline:7:Value");
    }

    [Fact]
    public void Secret_that_is_written_out_is_not_repeated_in_the_error()
    {
        Action build = () => Build(("0:Use", "token"), ("0:Source", "eyJhbGciOi"));
        build.Should().Throw<SettingsException>().Which.Message.Should().NotContain("eyJ").And.Contain("secret:NAME");
    }

    [Theory]
    [InlineData("challenge", "customdata", "Value", "x")]
    [InlineData("json.wrap", "challenge", "Member", "m")]
    [InlineData("error.json", "retry", null, null)]
    [InlineData("challenge", "challenge", null, null)]
    public void Steps_in_an_order_that_cannot_work_are_refused(string first, string second, string? name, string? value)
    {
        List<(string, string)> settings = [("0:Use", first), ("1:Use", second)];
        if (name is not null) settings.Add(($"{(first == "challenge" ? 1 : 0)}:{name}", value!));
        Action build = () => Build([.. settings]);
        build.Should().Throw<SettingsException>().Which.Errors.Should().ContainSingle();
    }

    [Fact]
    public void Names_are_taken_once_and_plugins_cannot_take_the_frameworks()
    {
        LicenseSteps steps = new();
        steps.Add("acme.sign", (_, _) => new Decorator("sign", []));
        foreach (string taken in new[] { "acme.sign", "retry", "challenge", "transport" })
        {
            Action add = () => steps.Add(taken, (_, _) => new Decorator("x", []));
            add.Should().Throw<ArgumentException>();
        }

        Action replace = () => steps.Replace("acme.other", (_, _) => new Decorator("x", []));
        replace.Should().Throw<ArgumentException>();
        steps.Replace("retry", (_, _) => new Decorator("x", []));
    }

    [Fact]
    public void Builder_that_has_built_refuses_changes()
    {
        LicensePipelineBuilder builder = new("acme", new LicenseSteps(), Settings.Context(), Settings.Section("acme"));
        builder.Build(new FakeLicenseServer());
        Action use = () => builder.Use("retry");
        use.Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public async Task Steps_run_outermost_first_and_their_answers_innermost_first()
    {
        List<string> said = [];
        LicensePipelineBuilder builder = new("acme", new LicenseSteps(), Settings.Context(), Settings.Section("acme"));
        builder.Use("a", new Decorator("a", said)).Use("b", new Transform("b", said)).Use("challenge").Use("c", new Transform("c", said));
        LicensePipeline pipeline = builder.Build(new FakeLicenseServer());
        await RunAsync(pipeline);
        said.Should().Equal("a", "c", "b");
    }

    [Fact]
    public async Task Values_are_filled_in_from_the_callers_and_the_exchanges()
    {
        FakeLicenseServer server = new();
        LicensePipeline pipeline = Build(
            server, ("0:Use", "header"), ("0:Name", "X-Who"), ("0:Value", "{{{user}}} {kid:uuid}"),
            ("1:Use", "query"), ("1:Name", "id"), ("1:Value", "{user}&{kid}"), ("2:Use", "query"), ("2:Name", "raw"), ("2:Value", "a%2Bb"), ("2:Verbatim", "true"),
            ("3:Use", "header"), ("3:Name", "X-Secret"), ("3:Value", "secret:token"), ("3:Encode", "Base64"));
        LicenseExchange exchange = Exchange(values: new() { ["user"] = "zoë" });
        await RunAsync(pipeline, exchange);
        LicenseRequest request = server.Received[0].Request;
        request.Headers["X-Who"].Should().Be("{zoë} 00000000-0000-0000-0000-000000000001");
        request.Headers["X-Secret"].Should().Be("dDBrZW4=");
        request.Url.AbsoluteUri.Should().Be($"https://license.example/acquire?id=zo%C3%AB%26{Kid}&raw=a%2Bb");
    }

    [Fact]
    public async Task Value_that_nobody_gave_is_named()
    {
        (await FailsAsync(Build(("0:Use", "header"), ("0:Name", "X"), ("0:Value", "{tenant}")))).Message.Should().Contain("'tenant'").And.Contain("acme");
    }

    [Fact]
    public async Task Value_with_a_line_break_cannot_make_another_header()
    {
        FakeLicenseServer server = new();
        LicenseExchange exchange = Exchange(values: new() { ["x"] = "1\r\nX-Admin: 1" });
        await FailsAsync(Build(server, ("0:Use", "header"), ("0:Name", "X"), ("0:Value", "{x}")), exchange);
        server.Received.Should().BeEmpty();
    }

    [Theory]
    [InlineData(200)]
    [InlineData(500)]
    public async Task Refusal_in_a_json_body_of_any_status_is_recognised(int status)
    {
        FakeLicenseServer server = new();
        server.Next(FakeLicenseServer.Text("{\"error\":{\"code\":-4010,\"message\":\"token abcdefghijklmnopqrstuvwxyz0123456789 is bad\"}}", status));
        LicensePipeline pipeline = Build(server, ("0:Use", "retry"), ("1:Use", "challenge"), ("2:Use", "error.json"), ("2:Kinds:-4010", "TokenExpired"));
        LicenseServiceException refusal = await FailsAsync(pipeline);
        refusal.Should().BeEquivalentTo(new { Kind = LicenseErrorKind.TokenExpired, ProviderCode = "-4010", Status = (int?)status, Retryable = false });
        refusal.Message.Should().Contain("-4010").And.Contain("is bad").And.NotContain("abcdef");
        server.Received.Should().ContainSingle("a recognised refusal decides by itself");
    }

    [Fact]
    public async Task Refusal_that_repeats_what_it_was_told_in_confidence_is_shown_without_it()
    {
        // Short values, which no rule about the looks of a token finds; one is cut where the message ends.
        FakeLicenseServer server = new();
        string[] secrets = ["t0ken", "cu5tom-d4ta", "he4der-v4lue", "v4lue&of+it", "extr4-h"];
        string said = string.Join(' ', secrets.Append(Uri.EscapeDataString("v4lue&of+it")));
        server.Next(FakeLicenseServer.Text($"{{\"error\":{{\"code\":\"cu5tom-d4ta\",\"message\":\"no: Bearer-{said} {string.Concat(Enumerable.Repeat("and so on ", 31))}he4der-v4lue\"}}}}", 403));
        LicensePipeline pipeline = Build(
            server, ("0:Use", "token"), ("0:Source", "secret:token"), ("1:Use", "query"), ("1:Name", "u"), ("1:Value", "{user}"), ("2:Use", "challenge"), ("3:Use", "error.json"));
        LicenseExchange exchange = new()
        {
            Session = SessionId.Create(),
            KeySystem = "fake",
            Provider = "acme",
            KeyIds = [Bench.Kid(1)],
            Values = new Dictionary<string, string> { ["user"] = "v4lue&of+it" },
            CustomData = "cu5tom-d4ta",
            Request = new LicenseRequest { Url = new Uri("https://license.example/a?x=extr4-h"), Headers = new Dictionary<string, string> { ["X-Extra"] = "he4der-v4lue" } },
        };
        LicenseServiceException refusal = await FailsAsync(pipeline, exchange);
        refusal.Message.Should().Contain("no: ").And.Contain("and so on").And.NotContainAny(secrets).And.NotContain("v4lue").And.NotContain("he4d");
        refusal.ProviderCode.Should().Be(Redactor.Mask);
        server.Received[0].Request.Headers["Authorization"].Should().Be("Bearer t0ken", "it was told");
    }

    [Fact]
    public async Task Probe_outside_of_challenge_still_sees_a_refusal_before_its_status_is_judged()
    {
        FakeLicenseServer server = new();
        server.Next(FakeLicenseServer.Text("{\"error\":{\"code\":\"E1\"}}", 500));
        LicensePipeline pipeline = Build(server, ("0:Use", "retry"), ("1:Use", "error.json"), ("1:Retryable:0", "E1"), ("2:Use", "timeout"));
        await RunAsync(pipeline);
        server.Received.Should().HaveCount(2, "E1 may be tried again");
    }

    [Fact]
    public async Task Protocols_own_refusal_comes_before_the_status()
    {
        FakeLicenseServer server = new();
        server.Next(FakeLicenseServer.Text("<fault/>", 500));
        FakeKeySystem system = new() { Refused = _ => new LicenseServiceException(LicenseErrorKind.DeviceRevoked, "fault") };
        LicensePipeline pipeline = Build(server, ("0:Use", "retry"), ("1:Use", "challenge"));
        (await FailsAsync(pipeline, system: system)).Kind.Should().Be(LicenseErrorKind.DeviceRevoked);
        server.Received.Should().ContainSingle();
    }

    [Fact]
    public async Task Buffers_are_zeroed_when_the_exchange_is_over()
    {
        ReadOnlySequence<byte> challenge = default;
        FakeLicenseServer server = new();
        server.Next((exchange, _) =>
        {
            challenge = exchange.Body;
            return new ValueTask<LicenseAnswer>(FakeLicenseServer.Text("ok"));
        });
        await RunAsync(Build(server, ("0:Use", "challenge")));
        challenge.Length.Should().BePositive();
        challenge.ToArray().Should().OnlyContain(b => b == 0);
    }

    [Fact]
    public void Service_reads_endpoints_and_origins_and_tells_every_mistake()
    {
        LicenseService service = LicenseService.Read(
            Settings.Section("Providers:acme", ("Endpoints:fake", "https://wv.example/"), ("AllowedOrigins:0", "https://other.example:8443"), ("AllowedOrigins:1", "http://10.0.0.1")),
            provider: null, new LicenseSteps(), Settings.Context(), new FakeLicenseServer());
        service.Pipeline.Describe().Should().Be("acme: retry → challenge → timeout → transport");
        service.Origins.ToString().Should().Be("http://10.0.0.1, https://other.example:8443, https://wv.example");

        Action read = () => LicenseService.Read(
            Settings.Section("Providers:acme", ("Endpoints:fake", "ftp://x"), ("AllowedOrigins:0", "https://other.example/path"), ("Pipeline:0:Use", "nothing")),
            provider: null, new LicenseSteps(), Settings.Context(), new FakeLicenseServer());
        read.Should().Throw<SettingsException>().Which.Errors.Select(error => error.Path)
            .Should().BeEquivalentTo("Providers:acme:Endpoints:fake", "Providers:acme:AllowedOrigins:0", "Providers:acme:Pipeline:0");
    }

    internal static LicensePipeline Build(params (string Path, string Value)[] pipeline) => Build(new FakeLicenseServer(), pipeline);

    internal static LicensePipeline Build(ILicenseTransport transport, params (string Path, string Value)[] pipeline) => Build(transport, null, pipeline);

    internal static LicensePipeline Build(ILicenseTransport transport, TimeProvider? clock, params (string Path, string Value)[] pipeline)
    {
        (string, string)[] settings = [.. pipeline.Select(setting => ($"Pipeline:{setting.Path}", setting.Value))];
        Microsoft.Extensions.Configuration.IConfigurationSection section = Settings.Section("acme", settings);
        LicensePipelineBuilder builder = new("acme", new LicenseSteps(), Settings.Context(clock, ("token", "t0ken\n")), section);
        return builder.Use(section.GetSection("Pipeline")).Build(transport);
    }

    internal static LicenseExchange Exchange(string url = "https://license.example/acquire", Dictionary<string, string>? values = null, TokenSource? tokens = null) => new()
    {
        Session = SessionId.Create(),
        KeySystem = "fake",
        Provider = "acme",
        KeyIds = [Kid],
        Values = values ?? [],
        Tokens = tokens,
        Kind = ChallengeKind.License,
        Request = new LicenseRequest { Url = new Uri(url) },
    };

    internal static async Task<FakeKeySystem.FakeSession> RunAsync(
        LicensePipeline pipeline, LicenseExchange? exchange = null, FakeKeySystem? system = null, Action<LicenseExchange>? read = null, TrustedOrigins? trusted = null)
    {
        system ??= new FakeKeySystem();
        SessionRequest request = new() { Keys = [Bench.Want(1)] };
        ILicenseSession session = await system.OpenSessionAsync(request, new RecordingSessionHost(), CancellationToken.None);
        await pipeline.RunAsync(exchange ?? Exchange(), session, trusted ?? TrustedOrigins.None, read ?? (_ => { }), CancellationToken.None);
        return (FakeKeySystem.FakeSession)session;
    }

    internal static async Task<LicenseServiceException> FailsAsync(
        LicensePipeline pipeline, LicenseExchange? exchange = null, FakeKeySystem? system = null, TrustedOrigins? trusted = null)
    {
        Func<Task> run = () => RunAsync(pipeline, exchange, system, trusted: trusted);
        return (await run.Should().ThrowAsync<LicenseServiceException>()).Which;
    }

    private sealed class Decorator(string name, List<string> said) : LicenseRequestDecorator
    {
        public override ValueTask DecorateAsync(LicenseExchange exchange, CancellationToken cancellationToken)
        {
            said.Add(name);
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Transform(string name, List<string> said) : LicenseResponseTransform
    {
        public override ValueTask TransformAsync(LicenseExchange exchange, CancellationToken cancellationToken)
        {
            said.Add(name);
            return ValueTask.CompletedTask;
        }
    }
}

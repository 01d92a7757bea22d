using System.Text;
using Keyway.Licensing.Origins;
using Keyway.Licensing.Packs;
using Keyway.Testing;

namespace Keyway.Licensing.Steps;

/// <summary>What a provider's own list of steps can say besides what <see cref="PackAsConfigurationTests"/> compares.</summary>
public sealed class StepLanguageTests
{
    private static readonly Answer Licence = Answer.Bytes(PackBench.License);

    [Fact]
    public async Task Steps_choose_the_url_after_the_challenge_and_trust_its_origin()
    {
        PackBench bench = PackBench.OfSteps(
            static (_, _) => Licence,
            ("Pipeline:0:Use", "challenge"), ("Pipeline:1:Use", "request"), ("Pipeline:1:Url", "https://l.example/{kid:uuid}"),
            ("Pipeline:1:Kinds:ServerCertificate:Url", "https://certificates.example/c"), ("Pipeline:1:Kinds:ServerCertificate:Method", "GET"));
        bench.Pipeline.Describe().Should().Be("acme: challenge → request → transport");
        bench.Service.Origins.ToString().Should().Be("https://certificates.example, https://l.example");
        await bench.RunAsync("widevine");
        await bench.RunAsync("playready", ChallengeKind.ServerCertificate);
        await bench.RunAsync("widevine", caller: new Uri("https://caller.example/"));
        bench.Wire.Sent.Select(static sent => $"{sent.Method} {sent.Url} {sent.Body.Length}").Should().Equal(
            "POST https://l.example/00000000-0000-0000-0000-000000000001 8", "GET https://certificates.example/c 0", "POST https://caller.example/ 8");
    }

    [Fact]
    public async Task What_content_names_is_followed_on_trusted_origins_only()
    {
        PackBench bench = PackBench.OfSteps(
            static (_, _) => Licence,
            ("AllowedOrigins:0", "https://known.example"), ("Pipeline:0:Use", "token"), ("Pipeline:0:Source", "secret:viewer-token"), ("Pipeline:1:Use", "challenge"),
            ("Pipeline:2:Use", "request"), ("Pipeline:2:UrlFrom:0", "manifest"), ("Pipeline:2:UrlFrom:1", "message"));
        LicenseUrlHint[] unknown = [new(new Uri("https://stranger.example/"), "the manifest")], known = [new(new Uri("https://known.example/a"), "the manifest")];
        LicenseServiceException failure = await bench.FailsAsync("widevine", content: unknown);
        failure.Kind.Should().Be(LicenseErrorKind.UntrustedUrl);
        failure.Message.Should().Contain("https://stranger.example").And.Contain("https://known.example").And.Contain("the manifest");
        (await bench.FailsAsync("widevine", content: unknown, message: new Uri("https://other.example/"))).Kind.Should().Be(LicenseErrorKind.UntrustedUrl);
        bench.Wire.Sent.Should().BeEmpty();
        await bench.RunAsync("widevine", content: [.. unknown, .. known]);
        await bench.RunAsync("widevine", content: unknown, message: new Uri("https://known.example/m"));
        bench.Wire.Sent.Select(static sent => sent.Url).Should().Equal("https://known.example/a", "https://known.example/m");
    }

    [Fact]
    public async Task What_earlier_steps_add_to_the_query_goes_where_the_step_chooses()
    {
        PackBench bench = PackBench.OfSteps(
            static (_, _) => Licence,
            ("Pipeline:0:Use", "query"), ("Pipeline:0:Name", "a"), ("Pipeline:0:Value", "1"), ("Pipeline:1:Use", "query"), ("Pipeline:1:Name", "a"), ("Pipeline:1:Value", "2"),
            ("Pipeline:2:Use", "challenge"), ("Pipeline:3:Use", "request"), ("Pipeline:3:Url", "https://l.example/?z=0"));
        await bench.RunAsync("widevine");
        bench.Wire.Sent[0].Url.Should().Be("https://l.example/?z=0&a=1&a=2");
    }

    [Fact]
    public async Task Key_system_that_no_layer_is_for_is_not_served()
    {
        PackBench bench = PackBench.OfSteps(static (_, _) => Licence, ("Pipeline:0:Use", "challenge"), ("Pipeline:1:Use", "request"), ("Pipeline:1:KeySystems:widevine:Url", "https://l.example/"));
        await bench.RunAsync("widevine");
        (await bench.FailsAsync("playready")).Message.Should().Contain("does not serve playready (it serves widevine)");
    }

    [Fact]
    public async Task Token_is_fetched_when_a_template_names_it_and_anew_when_it_is_bad()
    {
        int fetched = 0;
        PackBench bench = PackBench.OfSteps(
            (sent, count) => sent.Url.StartsWith("https://shop.example/", StringComparison.Ordinal) ? Answer.Json($$"""{"t":"t{{++fetched}}","ttl":60}""") : sent.Header("X-Token") == "T t1" ? Answer.Json("""{"c":7}""") : Licence,
            ("Pipeline:0:Use", "token"), ("Pipeline:0:Placement", "None"), ("Pipeline:0:Http:Url", "https://shop.example/t?v={viewer}"),
            ("Pipeline:0:Read:0:As", "json"), ("Pipeline:0:Read:0:Token", "t"), ("Pipeline:0:Read:0:ExpiresIn", "ttl"),
            ("Pipeline:1:Use", "header"), ("Pipeline:1:Name", "X-Token"), ("Pipeline:1:Value", "T {token}"), ("Pipeline:2:Use", "challenge"),
            ("Pipeline:3:Use", "request"), ("Pipeline:3:Url", "https://l.example/"), ("Pipeline:3:Kinds:ServerCertificate:Headers:X-Token", null!),
            ("Pipeline:4:Use", "errors"), ("Pipeline:4:Probes:0:Json:Code", "c"), ("Pipeline:4:Probes:0:Codes:7", "TokenExpired"));
        (await bench.RunAsync("widevine", values: new() { ["viewer"] = "v 1" })).Should().Equal(PackBench.License);
        bench.Wire.Sent.Select(static sent => $"{sent.Url} {sent.Header("X-Token")}").Should().Equal(
            "https://shop.example/t?v=v%201 ", "https://l.example/ T t1", "https://shop.example/t?v=v%201 ", "https://l.example/ T t2");
        bench.Pipeline.Tokens.Should().Be(new Tokens.TokenUse(2, 1));
        bench.Pipeline.Redactor.Describe(new LicenseRequest { Url = new Uri("https://l.example/"), Headers = bench.Wire.Sent[1].Headers }).Should().Contain("X-Token: ***");
    }

    [Fact]
    public async Task Body_stands_in_one_text_with_order_case_and_numbers()
    {
        PackBench bench = PackBench.OfSteps(
            static (_, _) => Answer.Text("""<a><b c="CAL6AM4K"/></a>"""),
            ("Pipeline:0:Use", "challenge"), ("Pipeline:1:Use", "request"), ("Pipeline:1:Url", "https://l.example/"),
            ("Pipeline:1:Body:Json", """{ "Zoo": 1, "zoo": [ "{challenge:decimal}", { "$json": { "k": "{kid}" }, "$encode": "base64" } ], "a": "secret:code" }"""),
            ("Pipeline:2:Use", "response"), ("Pipeline:2:Operations:0:Xml", "a/b/@c"), ("Pipeline:2:Operations:1", "base64"));
        (await bench.RunAsync("widevine")).Should().Equal(PackBench.License);
        // {"k":"00000000000000000000000000000001"} in base64, by coreutils.
        bench.Wire.Sent[0].Text.Should().Be("""{"Zoo":1,"zoo":[[8,4,0,255,127,43,62,251],"eyJrIjoiMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDEifQ=="],"a":"c0de-of-the-account"}""");
    }

    [Fact]
    public async Task Parameters_of_a_provider_are_set_by_its_settings_and_shown_to_nobody_where_they_are_secret()
    {
        PackBench bench = PackBench.OfSteps(
            static (sent, _) => Answer.Json($$$"""{"error":{"code":"E1","message":"{{{sent.Header("X-Key")}}} is not known"}}"""),
            ("Parameters:tenant:Choices:0", "a"), ("Parameters:tenant:Choices:1", "b"), ("Parameters:key:Secret", "true"), ("Parameters:note:Optional", "true"),
            ("Settings:tenant", "b"), ("Settings:key", "secret:code"),
            ("Pipeline:0:Use", "header"), ("Pipeline:0:Name", "X-Key"), ("Pipeline:0:Value", "k {key}"),
            ("Pipeline:1:Use", "challenge"), ("Pipeline:2:Use", "request"), ("Pipeline:2:Url", "https://{tenant}.example/"),
            ("Pipeline:2:Headers:X-Note", "{note}"), ("Pipeline:2:Headers:X-B:Value", "yes"), ("Pipeline:2:Headers:X-B:When:tenant", "b"), ("Pipeline:2:Headers:X-A:Value", "yes"), ("Pipeline:2:Headers:X-A:When:tenant", "a"),
            ("Pipeline:3:Use", "error.json"));
        LicenseServiceException failure = await bench.FailsAsync("widevine", values: new() { ["tenant"] = "evil" });
        failure.Message.Should().Contain("E1").And.Contain("is not known").And.NotContain("c0de");
        Sent sent = bench.Wire.Sent.Should().ContainSingle().Subject;
        sent.Url.Should().Be("https://b.example/");
        sent.Header("X-Key").Should().Be("k c0de-of-the-account");
        sent.Headers.Should().ContainKey("X-B").And.NotContainKeys("X-A", "X-Note");
        PackBench.SettingMistakes("", ("Parameters:tenant:Choices:0", "a"), ("Settings:tenant", "c"), ("Settings:other", "x"), ("Pipeline:0:Use", "challenge")).Select(static mistake => mistake.Split(": ")[0])
            .Should().BeEquivalentTo("Providers:acme:Settings:tenant", "Providers:acme:Settings:other");
        PackBench.SettingMistakes("uplynk", ("Parameters:x:Optional", "true")).Should().ContainSingle().Which.Should().Contain("the pack says which settings there are");
    }

    [Theory]
    [InlineData("Pipeline:1", "header", "Name=X", "Value={token}", "token")]
    [InlineData("Pipeline:0", "request", "Url=https://l.example/", "", "challenge")]
    [InlineData("Pipeline:0", "request", "Body:Text={challenge:hex}", "", "challenge")]
    [InlineData("Pipeline:0:Value", "header", "Name=X", "Value={challenge}", "challenge")]
    [InlineData("Pipeline:0:Url", "request", "Url=https://{viewer}.example/", "", "challenge")]
    [InlineData("Pipeline:0:UrlFrom:0", "request", "UrlFrom:0=nobody", "", "challenge")]
    [InlineData("Pipeline:0:Header", "request", "Header:X=1", "", "challenge")]
    [InlineData("Pipeline:0:Operations", "response", "", "", "challenge")]
    [InlineData("Pipeline:0:Operations:0", "response", "Operations:0=base65", "", "challenge")]
    [InlineData("Pipeline:0:Probes:0", "errors", "Probes:0:Kind=TokenExpired", "", "challenge")]
    [InlineData("Pipeline:0:Name", "token", "Placement=None", "Name=X", "challenge")]
    [InlineData("Pipeline:0:Http:Url", "token", "Http:Url=https://{viewer}.example/", "", "challenge")]
    [InlineData("Pipeline:0:Secret", "token", "Secret=eyJhbGciOi", "", "challenge")]
    public void What_cannot_work_is_told_with_its_place(string place, string step, string setting, string other, string after)
    {
        bool second = place.StartsWith("Pipeline:1", StringComparison.Ordinal);
        (string, string)[] settings =
        [
            ($"Pipeline:{(second ? 1 : 0)}:Use", step), ($"Pipeline:{(second ? 2 : 1)}:Use", after), ("Pipeline:3:Use", after == "challenge" ? "timeout" : "challenge"),
            .. ((string[])[setting, other]).Where(static each => each.Length > 0).Select(each => ($"Pipeline:{(second ? 1 : 0)}:{each.Split('=')[0]}", each.Split('=', 2)[1])),
        ];
        if (second) settings = [.. settings, ("Pipeline:0:Use", "retry")];
        string[] mistakes = PackBench.SettingMistakes("", settings);
        mistakes.Should().ContainSingle().Which.Should().StartWith($"Providers:acme:{place}: ").And.NotContain("eyJ");
    }

    [Fact]
    public void Two_steps_that_choose_the_url_are_one_too_many() =>
        PackBench.SettingMistakes("", ("Pipeline:0:Use", "challenge"), ("Pipeline:1:Use", "request"), ("Pipeline:1:Url", "https://a.example/"), ("Pipeline:2:Use", "request"), ("Pipeline:2:Url", "https://b.example/"))
            .Should().ContainSingle().Which.Should().StartWith("Providers:acme:Pipeline:2: ");

    [Fact]
    public async Task Value_of_the_application_may_be_called_token_where_no_step_gives_one()
    {
        FakeLicenseServer server = new();
        LicensePipeline pipeline = LicensePipelineTests.Build(server, ("0:Use", "header"), ("0:Name", "X"), ("0:Value", "{token}"));
        await LicensePipelineTests.RunAsync(pipeline, LicensePipelineTests.Exchange(values: new() { ["token"] = "mine" }));
        server.Received[0].Request.Headers["X"].Should().Be("mine");
    }

    [Fact]
    public async Task Attached_token_may_have_lines()
    {
        FakeLicenseServer server = new();
        LicensePipeline pipeline = LicensePipelineTests.Build(server, ("0:Use", "token"), ("0:Placement", "CustomData"), ("1:Use", "challenge"));
        FakeKeySystem.FakeSession session = await LicensePipelineTests.RunAsync(pipeline, LicensePipelineTests.Exchange(tokens: (_, _) => new(LicenseToken.FromText("<a>\n  <b/>\n</a>\n"))));
        session.Challenges[0].CustomData.Should().Be("<a>\n  <b/>\n</a>");
    }

    [Fact]
    public async Task Base64_after_json_wraps_what_is_there()
    {
        FakeLicenseServer server = new();
        LicensePipeline pipeline = LicensePipelineTests.Build(
            server, ("0:Use", "challenge"), ("1:Use", "json.wrap"), ("1:Member", "c"), ("2:Use", "base64"), ("2:Apply", "Request"));
        await LicensePipelineTests.RunAsync(pipeline);
        Encoding.UTF8.GetString(Convert.FromBase64String(server.Received[0].Body)).Should().Be($$"""{"c":"{{Convert.ToBase64String(Encoding.UTF8.GetBytes($"License {new KeyId(1)}"))}}"}""");
        server.Received[0].Request.ContentType.Should().Be("application/json", "base64 says nothing of it");
    }
}

using System.Text.Json;
using Keyway.Cli.Run;

namespace Keyway.Cli;

public sealed class ProvidersTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Packs_are_listed_with_their_source_and_that_nobody_tried_them()
    {
        CommandRun run = (await CommandRun.OfAsync("providers", "--set", "Keyway:Providers:shop:Pack=axinom")).ShouldEndWith(ExitCode.Done);
        foreach (string word in (string[])["axinom", "drmtoday", "doverunner", "vualto", "nagra", "comcast", "playready-test", "never against the service", "https://docs.axinom.com/", "shop", "pack axinom"]) run.Out.Should().Contain(word);
        JsonElement json = (await CommandRun.OfAsync("providers", "--json", "--set", "Keyway:Providers:shop:Pack=axinom")).ShouldEndWith(ExitCode.Done).Json;
        json.GetProperty("packs").EnumerateArray().Should().OnlyContain(static pack => pack.GetProperty("tested").GetString() == "never against the service" && pack.GetProperty("source").GetArrayLength() > 0);
        json.GetProperty("configured")[0].GetProperty("of").GetString().Should().Be("pack axinom");
    }

    [Fact]
    public async Task Check_shows_the_requests_with_secrets_masked()
    {
        string file = _folder.Write(
            "acme.json",
            """
            {
              "name": "acme", "title": "Acme", "source": "ours", "tested": "here",
              "parameters": { "tenant": {}, "account": { "secret": true } },
              "token": { "http": { "url": "https://shop.example/{tenant}", "headers": { "X-Account": "{account}" } } },
              "request": { "headers": { "X-Token": "{token}", "X-Nested": { "json": { "k": "{kid:uuid}", "t": "{token}" }, "encode": "base64" } } },
              "keySystems": { "widevine": { "url": "https://{tenant}.example/l", "kinds": { "ServerCertificate": { "url": "https://{tenant}.example/c", "method": "GET" } } } }
            }
            """);
        CommandRun run = (await CommandRun.OfAsync("providers", "check", file, "--value", "tenant=t1", "--value", "account=s3cret")).ShouldEndWith(ExitCode.Done).ShouldNotShow("s3cret");
        run.Out.Should().Contain("GET https://shop.example/t1").And.Contain("X-Account: ***").And.Contain("POST https://t1.example/l").And.Contain("GET https://t1.example/c")
            .And.Contain("""X-Nested: base64({"k":"{kid:uuid}","t":"***"})""").And.Contain("widevine, server-certificate");
        JsonElement json = (await CommandRun.OfAsync("providers", "check", file, "--json")).ShouldEndWith(ExitCode.Done).Json;
        json.GetProperty("requests").EnumerateArray().Select(static request => $"{request.GetProperty("keySystem").GetString()} {request.GetProperty("kind").GetString()} {request.GetProperty("url").GetString()}").Should().Equal(
            " token https://shop.example/{tenant}", "widevine license https://{tenant}.example/l", "widevine server-certificate https://{tenant}.example/c");
    }

    [Fact]
    public async Task Check_tells_every_mistake_with_its_path()
    {
        string file = _folder.Write("acme.json", """{ "name": "acme", "source": "ours", "tested": "here", "keySystems": { "widevine": { "url": "https://{tenat}.example/", "response": [ "base63" ] } }, "token": { "secret": "s3cret" } }""");
        CommandRun run = (await CommandRun.OfAsync("providers", "check", file)).ShouldEndWith(ExitCode.Usage).ShouldNotShow("s3cret");
        run.Error.Should().Contain("acme.json: $.keySystems.widevine.url: ").And.Contain("acme.json: $.keySystems.widevine.response[0]: ").And.Contain("acme.json: $.token.secret: ");
        run.Out.Should().BeEmpty();
        run = (await CommandRun.OfAsync("providers", "check", file, "--json")).ShouldFailInJson(ExitCode.Usage, "configuration").ShouldNotShow("s3cret");
        run.Json.GetProperty("mistakes").EnumerateArray().Select(static mistake => mistake.GetProperty("path").GetString()).Should().BeEquivalentTo(
            "acme.json: $.keySystems.widevine.url", "acme.json: $.keySystems.widevine.response[0]", "acme.json: $.token.secret");
    }

    [Theory]
    [InlineData("""{ "url": "htp://x/{path}" }""", "acme.json: $.keySystems.clearkey.url: not an http or https URL")]
    [InlineData("""{ "url": "https://{kid}.example/" }""", "its scheme, host and port are settled when the host starts")]
    [InlineData("""{ "url": "https://me@x.example/" }""", "without a user name")]
    public async Task Check_refuses_what_a_host_refuses(string keySystem, string reason)
    {
        string file = _folder.Write("acme.json", $$"""{ "name": "acme", "source": "ours", "tested": "here", "parameters": { "path": { "default": "ok" } }, "keySystems": { "clearkey": {{keySystem}} } }""");
        (await CommandRun.OfAsync("providers", "check", file)).ShouldEndWith(ExitCode.Usage).Error.Should().Contain(reason);
        string settings = _folder.Write("mine.json", $$"""{ "Keyway": { "Providers": { "acme": { "Pack": {{JsonSerializer.Serialize(file)}} } } } }""");
        (await CommandRun.OfAsync("config", "--config", settings)).ShouldEndWith(ExitCode.Usage).Error.Should().Contain(reason);
    }

    [Fact]
    public async Task Check_refuses_a_value_that_is_none_of_the_choices()
    {
        string file = _folder.Write("acme.json", """{ "name": "acme", "source": "ours", "tested": "here", "parameters": { "region": { "choices": [ "eu", "us" ] } }, "keySystems": { "clearkey": { "url": "https://{region}.example/" } } }""");
        (await CommandRun.OfAsync("providers", "check", file, "--value", "region=asia")).ShouldEndWith(ExitCode.Usage).Error.Should().Contain("not one of eu, us");
        (await CommandRun.OfAsync("providers", "check", file, "--value", "region=eu")).ShouldEndWith(ExitCode.Done);
    }

    [Fact]
    public async Task Check_against_a_url_sends_placeholders_and_says_how_the_answer_reads()
    {
        List<string> bodies = [];
        using LoopbackServer service = LoopbackServer.Answering(context =>
        {
            using StreamReader reader = new(context.Request.InputStream);
            bodies.Add($"{context.Request.Headers["X-Account"]} {reader.ReadToEnd()}");
            byte[] answer = System.Text.Encoding.UTF8.GetBytes(context.Request.Url!.LocalPath == "/good" ? """{ "license": "TElDRU5TRQ==" }""" : """{ "error": { "code": "E1", "message": "no such viewer" } }""");
            context.Response.OutputStream.Write(answer);
        });
        string file = _folder.Write("acme.json", """
            {
              "name": "acme", "source": "ours", "tested": "here", "parameters": { "account": { "secret": true } },
              "request": { "headers": { "X-Account": "{account}" }, "errors": [ { "json": { "code": "error.code", "message": "error.message" }, "codes": { "E1": "LocationDenied" } } ] },
              "keySystems": { "clearkey": { "url": "https://x.example/", "body": { "json": { "c": "{challenge:base64}", "t": "{token}" } }, "response": [ { "json": "license" }, "base64" ] } }
            }
            """);
        (await CommandRun.OfAsync("providers", "check", file, "--value", "account=s3cret", "--against", service.Url + "good")).ShouldEndWith(ExitCode.Done).ShouldNotShow("s3cret")
            .Out.Should().Contain("clearkey: HTTP 200; read as the pack says, it holds a licence of 7 bytes");
        bodies.Should().ContainSingle().Which.Should().StartWith("dry-run {").And.Contain("\"t\":\"dry-run\"");
        JsonElement trial = (await CommandRun.OfAsync("providers", "check", file, "--against", service.Url + "bad", "--json")).ShouldEndWith(ExitCode.NoLicense).Json.GetProperty("trials")[0];
        trial.GetProperty("license").GetBoolean().Should().BeFalse();
        trial.GetProperty("result").GetString().Should().Contain("LocationDenied (E1)").And.Contain("no such viewer");
        (await CommandRun.OfAsync("providers", "check", file, "--against", "ftp://x/")).ShouldEndWith(ExitCode.Usage).Error.Should().Contain("--against");
    }

    [Theory]
    [InlineData("nosuch", "there is no built-in pack 'nosuch'")]
    [InlineData("./nosuch.json", "there is no file")]
    public async Task Check_of_nothing_says_so(string name, string reason) => (await CommandRun.OfAsync("providers", "check", name)).ShouldEndWith(ExitCode.Usage).Error.Should().Contain(reason);

    [Fact]
    public async Task Check_refuses_a_parameter_that_the_pack_has_not() =>
        (await CommandRun.OfAsync("providers", "check", "nagra", "--value", "tenat=x")).ShouldEndWith(ExitCode.Usage).Error.Should().Contain("'tenat'").And.Contain("tenant");

    [Fact]
    public async Task Check_knows_the_built_in_packs() =>
        (await CommandRun.OfAsync("providers", "check", "vualto")).ShouldEndWith(ExitCode.Done).Out.Should().Contain("""{"token":"***","drm_info":"{challenge:decimal}","kid":"{kid}"}""");
}

using System.Text;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Origins;

namespace Keyway.Licensing.Packs;

/// <summary>What may stand in a pack, and how everything that may not is told.</summary>
public sealed class PackFormatTests
{
    private const string Head = "\"name\": \"acme\", \"source\": \"a document\", \"tested\": \"never against the service\"";

    private static string Pack(string members) => $"{{ {Head}, {members} }}";

    [Fact]
    public void Mistakes_are_told_together_each_with_its_path()
    {
        PackBench.Mistakes(
            """
            {
              "name": "Acme!", "tested": "never", "title": "", "colour": "red",
              "parameters": { "tenant": { "descripton": "x" }, "token": {}, "key": { "secret": true, "default": "k" }, "mode": { "choices": [ "a", "b" ], "default": "c" }, "viewer": { "per": "presentation" } },
              "urlFrom": [ "caller", "anywhere" ],
              "origins": [ "https://x.example/path" ],
              "request": {
                "method": "DELETE",
                "headers": { "Cookie": "x", "X-A": "{tenat}", "X-B": "{open", "X-C": "{kid:base65}", "X-D": { "value": "a", "json": {} }, "X-E": "{challenge}", "X F": "x", "X-G": "secret:Not A Name" },
                "query": { "a": [ "always", "never" ], "b": { "value": "x", "when": { "mode": "c", "viewer": true, "nobody": true } } },
                "body": { "text": "{challenge:base64}", "json": {} },
                "response": [ "base63", { "json": "a", "xml": "b" }, { "if": "json" }, { "then": [] } ],
                "errors": [ {}, { "status": "40x", "kind": "Bad" }, { "body": "(?<x>a)", "header": "h" }, { "json": { "code": "a" }, "codes": { "1": "Nope", "2": { "advice": "a" } } }, { "body": "(a" } ],
                "kinds": { "Licence": {}, "Renewal": { "customData": "x" } }
              },
              "keySystems": {},
              "token": { "secret": "abc", "perKey": { "zz": "secret:a" }, "http": { "method": "GET", "body": "challenge" }, "lifetime": "30", "read": [ { "as": "json" }, { "as": "text", "token": "a" }, {} ] }
            }
            """).Select(static mistake => mistake["acme.json: ".Length..].Split(": ")[0]).Should().BeEquivalentTo(
            "$.name", "$.title", "$.colour", "$",   // no source
            "$.parameters.tenant.descripton", "$.parameters.token", "$.parameters.key", "$.parameters.mode",
            "$.urlFrom[1]", "$.origins[0]", "$.request.method",
            "$.request.headers.Cookie", "$.request.headers['X-A']", "$.request.headers['X-B']", "$.request.headers['X-C']", "$.request.headers['X-D']", "$.request.headers['X-E']",
            "$.request.headers['X F']", "$.request.headers['X-G']",
            "$.request.query.a[0]", "$.request.query.b.when.viewer", "$.request.query.b.when.nobody",
            "$.request.query.b.when.mode",
            "$.request.body",
            "$.request.response[0]", "$.request.response[1]", "$.request.response[2]", "$.request.response[3]", "$.request.response[3]",
            "$.request.errors[0]", "$.request.errors[1].status", "$.request.errors[1].kind", "$.request.errors[2]", "$.request.errors[2].body", "$.request.errors[3].codes.1",
            "$.request.errors[3].codes.2", "$.request.errors[4].body",
            "$.request.kinds.Licence", "$.request.kinds.Renewal.customData",
            "$.keySystems",
            "$.token.secret", "$.token.perKey.zz", "$.token.http", "$.token.http.body", "$.token.lifetime", "$.token.read[0]", "$.token.read[1]", "$.token.read[2]");
    }

    [Fact]
    public void Secret_that_is_written_out_is_not_repeated()
    {
        string.Join('\n', PackBench.Mistakes(Pack("""  "keySystems": { "widevine": {} }, "token": { "secret": "eyJhbGciOi" } """))).Should().Contain("secret:NAME").And.NotContain("eyJ");
        string.Join('\n', PackBench.SettingMistakes("redge", ("Settings:authCode", "eyJhbGciOi"))).Should().Contain("secret:NAME").And.NotContain("eyJ");
    }

    [Theory]
    [InlineData("", "not JSON: line 1, byte 1")]
    [InlineData("{ \"name\": tru }", "not JSON: line 1, byte ")]
    [InlineData("[]", "an object is expected")]
    [InlineData("{ \"name\": \"a\", \"name\": \"b\" }", "$.name: stands here twice")]
    public void What_is_no_pack_is_told(string json, string reason)
    {
        Action read = () => ProviderPack.Read(Encoding.UTF8.GetBytes(json), "acme.json");
        read.Should().Throw<SettingsException>().Which.Message.Should().Contain(reason).And.StartWith("acme.json: ");
    }

    [Fact]
    public void Host_that_sets_a_pack_wrongly_is_told_everything()
    {
        PackBench.SettingMistakes("nagra", ("Settings:tenat", "x"), ("Settings:placement", "body"), ("Endpoints:clearkey", "https://a.example/"), ("Token:Secret", "abc"), ("Token:Lifetime", "soon"))
            .Select(static mistake => mistake.Split(": ")[0]).Should().BeEquivalentTo(
            new[] { "Settings:tenat", "Settings:placement", "Settings:host", "Settings:tenant", "Endpoints:clearkey", "Token:Secret", "Token:Lifetime" }.Select(static path => $"Providers:acme:{path}"));
        PackBench.SettingMistakes("uplynk", ("Token:Secret", "secret:a")).Should().ContainSingle().Which.Should().Contain("carries no token");
        PackBench.SettingMistakes("uplynk", ("Pipeline:0:Use", "retry")).Should().ContainSingle().Which.Should().Contain("does not name the step 'pack'");
        PackBench.SettingMistakes("vualto", ("Token:Lifetime", "00:01:00"), ("Token:Secret", "secret:a")).Should().ContainSingle().Which.Should().Contain("singleUse");
    }

    [Fact]
    public void Pack_becomes_a_pipeline_and_is_printed_as_one()
    {
        new PackBench("doverunner", static (_, _) => Answer.Bytes([]), ("Settings:siteId", "A"), ("Settings:placement", "customData")).Pipeline.Describe()
            .Should().Be("acme: retry → token → customdata → challenge → request → response → errors → timeout → transport");
        new PackBench("uplynk", static (_, _) => Answer.Bytes([])).Pipeline.Describe().Should().Be("acme: retry → challenge → request → timeout → transport");
        new PackBench("uplynk", static (_, _) => Answer.Bytes([]), ("Pipeline:0:Use", "header"), ("Pipeline:0:Name", "X-Tenant"), ("Pipeline:0:Value", "a"), ("Pipeline:1:Use", "pack")).Pipeline.Describe()
            .Should().Be("acme: header → challenge → request → transport");
        new PackBench("uplynk", static (_, _) => Answer.Bytes([])).Service.Origins.ToString().Should().Be("https://content.uplynk.com");
    }

    [Theory]
    [InlineData("{kid}", "00112233445566778899aabbccddeeff")]
    [InlineData("{kid:uuid}", "00112233-4455-6677-8899-aabbccddeeff")]
    [InlineData("{kid:base64}", "ABEiM0RVZneImaq7zN3u/w==")]
    [InlineData("{kid:base64url}", "ABEiM0RVZneImaq7zN3u_w")]
    [InlineData("{kid:base64:url}", "ABEiM0RVZneImaq7zN3u%2Fw%3D%3D")]
    [InlineData("{kid:decimal}", "0,17,34,51,68,85,102,119,136,153,170,187,204,221,238,255")]
    [InlineData("{kid:hex:base64}", "MDAxMTIyMzM0NDU1NjY3Nzg4OTlhYWJiY2NkZGVlZmY=")]
    [InlineData("{{{contentId}}}", "{a b}")]
    [InlineData("{contentId:url}", "a%20b")]
    [InlineData("{keySystem}/{kind}", "widevine/License")]
    public async Task Templates_write_values_as_they_are_told(string template, string expected)
    {
        PackBench bench = new(
            Pack($$"""  "keySystems": { "widevine": { "url": "https://a.example/", "headers": { "X-A": "{{template}}" } } } """), static (_, _) => Answer.Bytes(PackBench.License));
        await RunWithKidAsync(bench, "00112233445566778899aabbccddeeff", new() { ["contentId"] = "a b" });
        bench.Wire.Sent[0].Header("X-A").Should().Be(expected);
    }

    [Fact]
    public async Task Value_in_a_path_cannot_leave_it()
    {
        PackBench bench = new(Pack("""  "parameters": { "id": { "per": "presentation" } }, "keySystems": { "widevine": { "url": "https://a.example/l/{id}?x={id}" } } """), static (_, _) => Answer.Bytes([]));
        await bench.RunAsync("widevine", values: new() { ["id"] = "../x?y=1&z=#" });
        bench.Wire.Sent[0].Url.Should().Be("https://a.example/l/..%2Fx%3Fy%3D1%26z%3D%23?x=..%2Fx%3Fy%3D1%26z%3D%23");
    }

    [Theory]
    [InlineData("https://{id}.example/")]
    [InlineData("https://a.example:{id}/")]
    [InlineData("{id}")]
    [InlineData("https://a.example{id}/")]
    public void Host_is_settled_before_anything_is_sent(string url) =>
        PackBench.SettingMistakes(Pack($$"""  "parameters": { "id": { "per": "presentation" } }, "keySystems": { "widevine": { "url": "{{url}}" } } """)).Should().ContainSingle();

    [Fact]
    public async Task Settings_of_the_host_are_not_the_applications_to_change()
    {
        PackBench bench = new("nagra", static (_, _) => Answer.Bytes([]), ("Settings:host", "ssp.example"), ("Settings:tenant", "A"), ("Token:Secret", "secret:viewer-token"));
        await bench.RunAsync("widevine", values: new() { ["tenant"] = "B", ["host"] = "evil.example" });
        bench.Wire.Sent[0].Url.Should().StartWith("https://ssp.example/A/");
    }

    [Fact]
    public async Task Members_are_replaced_added_and_taken_away_by_the_more_precise_layer()
    {
        PackBench bench = new(
            Pack(
                """
                "request": { "headers": { "X-A": "all", "X-B": "all" }, "query": { "q": "all" }, "kinds": { "Renewal": { "headers": { "X-A": "renewal" } } } },
                "keySystems": {
                  "widevine": { "url": "https://a.example/l?q=url&r=1#f", "headers": { "x-b": "widevine" }, "kinds": { "Renewal": { "query": { "q": null }, "method": "PUT", "contentType": "a/b" } } }
                }
                """), static (_, _) => Answer.Bytes([]));
        await bench.RunAsync("widevine");
        await bench.RunAsync("widevine", ChallengeKind.Renewal);
        bench.Wire.Sent.Select(static sent => (sent.Method, sent.Url, sent.Header("X-A"), sent.Header("X-B"), sent.Header("Content-Type"))).Should().Equal(
            ("POST", "https://a.example/l?q=all&r=1#f", "all", "widevine", "application/octet-stream"), ("PUT", "https://a.example/l?r=1#f", "renewal", "widevine", "a/b"));
    }

    [Fact]
    public async Task Optional_members_are_left_out_when_what_they_name_is_missing()
    {
        PackBench bench = new(
            Pack(
                """
                "parameters": { "region": { "optional": true } },
                "keySystems": { "widevine": { "url": "https://a.example/", "headers": { "X-R": "r={region}" }, "query": { "c": { "value": "{contentId}", "optional": true }, "k": "{kid}" },
                  "body": { "json": { "region": "{region}", "n": 1, "deep": { "no": null, "yes": true, "list": [ "{region}", "{kid:uuid}" ] }, "c": "{challenge:base64url}" } } } }
                """), static (_, _) => Answer.Bytes([]));
        await bench.RunAsync("widevine");
        Sent sent = bench.Wire.Sent[0];
        sent.Url.Should().Be("https://a.example/?k=00000000000000000000000000000001");
        sent.Headers.Should().NotContainKey("X-R");
        sent.Text.Should().Be("""{"n":1,"deep":{"no":null,"yes":true,"list":["00000000-0000-0000-0000-000000000001"]},"c":"CAQA_38rPvs"}""");
    }

    [Fact]
    public async Task Json_nests_in_encodings_and_texts_are_forms()
    {
        PackBench bench = new(
            Pack(
                """
                "keySystems": {
                  "widevine": { "url": "https://a.example/", "body": { "json": { "token": { "$json": { "inner": { "$json": { "c": "{challenge:base64}" }, "$encode": "base64url" } }, "$encode": [ "base64" ] } } } },
                  "playready": { "url": "https://a.example/", "body": { "text": "spc={challenge:base64:url}&kid={kid}" } }
                }
                """), static (_, _) => Answer.Bytes([]));
        await bench.RunAsync("widevine");
        await bench.RunAsync("playready");
        string inner = Convert.ToBase64String("{\"c\":\"CAQA/38rPvs=\"}"u8).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        bench.Wire.Sent[0].Text.Should().Be($"{{\"token\":\"{Convert.ToBase64String(Encoding.UTF8.GetBytes($"{{\"inner\":\"{inner}\"}}"))}\"}}");
        bench.Wire.Sent[1].Text.Should().Be("spc=CAQA%2F38rPvs%3D&kid=00000000000000000000000000000001");
        bench.Wire.Sent[1].Header("Content-Type").Should().Be("application/x-www-form-urlencoded");
    }

    [Theory]
    [InlineData("""[ { "xml": "Envelope/Body/License" }, "base64" ]""", "<s:Envelope xmlns:s='u'><Other><License>no</License></Other><s:Body a='1'><x/><License>CAL6AM4K</License></s:Body></s:Envelope>")]
    [InlineData("""[ { "xml": "r/l/@data" }, "hex" ]""", "<r><l/><l data='0802FA00CE0A'/></r>", false)]
    [InlineData("""[ { "xml": "r/l/@data" }, "hex" ]""", "<r><l data='0802FA00CE0A'/></r>")]
    [InlineData("""[ { "json": "a.1.b" }, "decimal" ]""", """{"a":[0,{"b":[8,2,250,0,206,10]}]}""")]
    [InlineData("""[ { "json": "a" }, "decimal" ]""", """{"a":[8,2,256]}""", false)]
    [InlineData("""[ { "if": "base64", "then": [ "base64" ], "else": [ { "json": "l" }, "base64" ] } ]""", "CAL6AM4K\r\n")]
    [InlineData("""[ { "if": "base64", "then": [ "base64" ], "else": [ { "json": "l" }, "base64" ] } ]""", "{\"l\":\"CAL6\\/04K\"}", false)]
    [InlineData("""[ { "if": "base64", "then": [ "base64" ], "else": [ { "json": "l" }, "base64" ] } ]""", "{\"l\":\"CAL6AM4K\"}")]
    [InlineData("""[ { "xml": "r" }, "base64" ]""", "<!DOCTYPE r [<!ENTITY a 'CAL6AM4K'>]><r>&a;</r>", false)]
    public async Task Licence_is_taken_out_of_answers(string chain, string body, bool good = true)
    {
        PackBench bench = new(Pack($$"""  "keySystems": { "widevine": { "url": "https://a.example/", "response": {{chain}} } } """), (_, _) => Answer.Text(body));
        if (good) (await bench.RunAsync("widevine")).Should().Equal(PackBench.License);
        else if (body.Contains('\\', StringComparison.Ordinal)) (await bench.RunAsync("widevine")).Should().NotEqual(PackBench.License, "an escaped slash is a slash");
        else (await bench.FailsAsync("widevine")).Kind.Should().Be(LicenseErrorKind.LicenseMalformed);
    }

    [Theory]
    [InlineData("""{ "header": "X-Err", "texts": [ { "contains": "EXPIRED", "kind": "TokenExpired", "advice": "fetch another" } ] }""", 400, "", LicenseErrorKind.TokenExpired, null, "token expired")]
    [InlineData("""{ "json": { "code": "e.0.c", "message": "e.0.m" }, "codes": { "-7": { "kind": "Throttled", "retryable": false } } }""", 200, """{"e":[{"c":-7,"m":"slow"}]}""", LicenseErrorKind.Throttled, "-7", "-7 slow")]
    [InlineData("""{ "body": "\\[(?<code>-\\d+)\\]\\s*(?<message>[^<]+)", "codes": { "-4010": "TokenInvalid" } }""", 500, "<html><body>[-4010] bad token</body></html>", LicenseErrorKind.TokenInvalid, "-4010", "-4010 bad token")]
    [InlineData("""{ "status": [ 402, "5xx" ], "kind": "CreditsExhausted" }""", 503, "x", LicenseErrorKind.CreditsExhausted, null, "HTTP 503")]
    [InlineData("""{ "status": "4xx", "json": { "message": "m" } }""", 401, """{"m":"no"}""", LicenseErrorKind.TokenInvalid, null, "no")]
    public async Task Refusals_are_recognised_in_their_place(string probe, int status, string body, LicenseErrorKind kind, string? code, string says)
    {
        PackBench bench = new(
            Pack($$"""  "keySystems": { "widevine": { "url": "https://a.example/", "errors": [ {{probe}} ] } } """), (_, _) => new Answer(status, "x/y", Encoding.UTF8.GetBytes(body), ("X-Err", "token expired")));
        LicenseServiceException failure = await bench.FailsAsync("widevine");
        (failure.Kind, failure.ProviderCode, failure.Status).Should().Be((kind, code, status));
        failure.Message.Should().Contain(says);
        bench.Wire.Sent.Should().ContainSingle("the provider's own word counts, not the status");
    }

    [Fact]
    public async Task Probes_are_asked_in_order_and_the_rest_is_the_status()
    {
        PackBench bench = new(
            Pack("""  "request": { "errors": [ { "status": 403, "kind": "LocationDenied" } ] }, "keySystems": { "widevine": { "url": "https://a.example/", "errors": [ { "status": 403, "if": "json", "kind": "TokenExpired" }, { "json": { "code": "c" }, "success": "OK" } ] } } """),
            (_, count) => count switch { 1 => Answer.Json("{}", 403), 2 => Answer.Text("no", 403), 3 => Answer.Json("""{"c":"ok"}"""), _ => Answer.Text("no", 404) });
        (await bench.FailsAsync("widevine")).Kind.Should().Be(LicenseErrorKind.TokenExpired);
        (await bench.FailsAsync("widevine")).Kind.Should().Be(LicenseErrorKind.LocationDenied);
        (await bench.RunAsync("widevine")).Should().NotBeEmpty();
        (await bench.FailsAsync("widevine")).Status.Should().Be(404);
    }

    [Fact]
    public void Preview_shows_what_would_be_sent_and_no_secret()
    {
        ProviderPack pack = PackBench.Read(Pack(
            """
            "parameters": { "tenant": {}, "key": { "secret": true }, "region": { "optional": true } },
            "request": { "headers": { "X-Key": "{key}", "Authorization": "Bearer {token}", "X-R": "{region}", "X-J": { "json": { "t": "{token}", "k": "{kid:uuid}" }, "encode": [ "base64", "url" ] }, "X-S": "secret:other" } },
            "keySystems": { "widevine": { "url": "https://{tenant}.example/{kid:uuid}", "query": { "c": "{contentId}" }, "body": { "json": { "d": "{challenge:decimal}" } }, "kinds": { "ServerCertificate": { "method": "GET", "url": "https://{tenant}.example/cert" } } } },
            "token": { "http": { "url": "https://shop.example/{tenant}", "headers": { "X-Shop": "{key}" }, "body": { "json": { "kid": "{kid}" } } } }
            """));
        IReadOnlyList<PackPreview> previews = PackPreview.Of(pack, new Dictionary<string, string> { ["tenant"] = "t1", ["key"] = "secret:k" });
        previews.Select(static preview => (preview.KeySystem, preview.Kind, preview.Method, preview.Url, preview.Body)).Should().Equal(
            (null, ChallengeKind.None, "POST", "https://shop.example/t1", """{"kid":"{kid}"}"""),
            ("widevine", ChallengeKind.License, "POST", "https://t1.example/{kid:uuid}?c={contentId}", """{"d":"{challenge:decimal}"}"""),
            ("widevine", ChallengeKind.ServerCertificate, "GET", "https://t1.example/cert?c={contentId}", """{"d":"{challenge:decimal}"}"""));
        previews[1].Headers.Select(static header => $"{header.Key}: {header.Value}").Should().Equal(
            "X-Key: ***", "Authorization: Bearer ***", """X-J: url(base64({"t":"***","k":"{kid:uuid}"}))""", "X-S: ***");
        previews[0].Headers.Select(static header => $"{header.Key}: {header.Value}").Should().Equal("X-Shop: ***");
        PackPreview.Of(pack, new Dictionary<string, string>())[1].Url.Should().StartWith("https://{tenant}.example/");
    }

    private static async Task RunWithKidAsync(PackBench bench, string kid, Dictionary<string, string> values)
    {
        KeyId.TryParse(kid, out KeyId id).Should().BeTrue();
        LicenseExchange exchange = new()
        {
            Session = SessionId.Create(),
            KeySystem = "widevine",
            Provider = "acme",
            KeyIds = [id],
            Values = values,
            Kind = ChallengeKind.License,
            Request = new LicenseRequest { Url = new Uri("https://a.example/") },
        };
        using ExchangeRun run = ExchangeRun.Begin(exchange, new PackBench.Source("widevine", null), OriginRule.Listed("acme", bench.Service.Origins, null), null, new LicenseUrlCandidates(null, []));
        await bench.Pipeline.RunAsync(exchange, CancellationToken.None);
    }
}

using Keyway.Licensing.Origins;

namespace Keyway.Licensing.Packs;

/// <summary>Who names the URL of a request, and what is not followed (design, 8 and 8.1).</summary>
public sealed class PackUrlTests
{
    private const string Head = "\"name\": \"acme\", \"source\": \"a document\", \"tested\": \"never\"";

    private static readonly Uri Caller = new("https://caller.example/l?own=1");
    private static readonly LicenseUrlHint Manifest = new(new Uri("https://cdn.example/m"), "the manifest");
    private static readonly LicenseUrlHint Header = new(new Uri("https://cdn.example/h"), "the header") { IsOfHeader = true };
    private static readonly Uri Message = new("https://cdn.example/renew");

    private static PackBench Bench(string members = "", params (string, string)[] settings) => new(
        $$"""{ {{Head}}, {{members}} "keySystems": { "widevine": { "url": "https://own.example/l", "query": { "q": "1" } }, "bare": {} } }""", static (_, _) => Answer.Bytes([]), settings);

    [Fact]
    public async Task Caller_comes_before_configuration_and_that_before_the_pack()
    {
        PackBench bench = Bench("", ("Endpoints:widevine", "https://configured.example/{kid:uuid}"));
        List<Uri> chosen = [];
        await bench.RunAsync("widevine", caller: Caller, content: [Manifest], chosen: chosen);
        await bench.RunAsync("widevine", content: [Manifest], chosen: chosen);
        await Bench().RunAsync("widevine", content: [Manifest], chosen: chosen);
        bench.Wire.Sent.Select(static sent => sent.Url).Should().Equal("https://caller.example/l?own=1&q=1", "https://configured.example/00000000-0000-0000-0000-000000000001?q=1");
        chosen.Select(static url => url.AbsoluteUri).Should().Equal("https://caller.example/l", "https://configured.example/00000000-0000-0000-0000-000000000001", "https://own.example/l");
    }

    [Fact]
    public async Task What_content_names_counts_only_where_its_origin_is_trusted()
    {
        (await Bench().FailsAsync("bare", content: [Manifest, Header])).Kind.Should().Be(LicenseErrorKind.UntrustedUrl);
        PackBench trusting = Bench("", ("AllowedOrigins:0", "https://cdn.example"));
        await trusting.RunAsync("bare", content: [Header, Manifest]);
        await trusting.RunAsync("bare", content: [Header]);
        await trusting.RunAsync("bare", message: Message, content: [new LicenseUrlHint(new Uri("https://evil.example/"), "the manifest")]);
        trusting.Wire.Sent.Select(static sent => sent.Url).Should().Equal("https://cdn.example/m", "https://cdn.example/h", "https://cdn.example/renew");

        LicenseServiceException refusal = await trusting.FailsAsync("bare", content: [new LicenseUrlHint(new Uri("https://evil.example/x"), "/MPD/Period[0]")]);
        refusal.Kind.Should().Be(LicenseErrorKind.UntrustedUrl);
        refusal.Message.Should().Contain("/MPD/Period[0]").And.Contain("https://evil.example");
        trusting.Wire.Sent.Should().HaveCount(3, "nothing was sent");
    }

    [Fact]
    public async Task Pack_may_order_its_sources_otherwise()
    {
        const string order = """ "urlFrom": [ "message", "manifest", "provider" ], "origins": [ "https://cdn.example" ], """;
        PackBench bench = Bench(order);
        await bench.RunAsync("widevine", caller: Caller, content: [Manifest], message: Message);
        await bench.RunAsync("widevine", caller: Caller, content: [Manifest]);
        await bench.RunAsync("widevine", caller: Caller, content: [new LicenseUrlHint(new Uri("https://evil.example/"), "the manifest")]);
        bench.Wire.Sent.Select(static sent => sent.Url).Should().Equal("https://cdn.example/renew?q=1", "https://cdn.example/m?q=1", "https://own.example/l?q=1");
    }

    [Fact]
    public async Task Nobody_names_a_URL_or_serves_the_key_system()
    {
        LicenseServiceException nobody = await Bench().FailsAsync("bare");
        nobody.Message.Should().Be("nobody names a licence URL for bare");
        (await Bench().FailsAsync("clearkey")).Message.Should().Contain("does not serve clearkey");
        (await Bench().FailsAsync("clearkey", caller: Caller)).Message.Should().Contain("does not serve clearkey");
    }

    [Fact]
    public async Task Url_without_encryption_is_refused_unless_it_is_listed_or_of_this_machine()
    {
        const string plain = """{ "name": "acme", "source": "a", "tested": "never", "keySystems": { "widevine": { "url": "http://HOST/l" } } }""";
        foreach ((string host, bool good) in ((string, bool)[])[("127.0.0.1:8080", true), ("localhost", true)])
        {
            PackBench bench = new(plain.Replace("HOST", host, StringComparison.Ordinal), static (_, _) => Answer.Bytes([]));
            await bench.RunAsync("widevine");
            bench.Wire.Sent.Should().HaveCount(good ? 1 : 0);
        }
    }

    [Fact]
    public async Task Url_with_a_secret_in_its_path_is_reported_without_it()
    {
        List<Uri> chosen = [];
        PackBench bench = new("vdocipher", static (_, _) => Answer.Bytes([]), ("Token:Secret", "secret:viewer-token"));
        await bench.RunAsync("widevine", chosen: chosen);
        chosen.Should().Equal(new Uri("https://license.vdocipher.com/"));
    }

    [Fact]
    public async Task Token_may_bring_the_URL_and_it_is_taken_as_it_is_written()
    {
        const string pack = """
            { "name": "acme", "source": "a", "tested": "never", "origins": [ "https://wv.example" ],
              "token": { "http": { "url": "https://shop.example/token" }, "read": [ { "as": "json", "token": "token", "url": "licenseAcquisitionUrl" }, { "as": "uriList", "token": "Tok" } ] },
              "keySystems": { "widevine": { "query": { "Tok": { "value": "{token}", "verbatim": true } } }, "playready": { "query": { "Tok": null }, "headers": { "Tok": "{token}" } } } }
            """;
        string said = "";
        PackBench bench = new(pack, (sent, _) => sent.Url.StartsWith("https://shop", StringComparison.Ordinal) ? Answer.Text(said, type: "text/uri-list") : Answer.Bytes([]));
        foreach ((string answer, string system, string url, string? header) in ((string, string, string, string?)[])
        [
            ("# a comment\r\n\r\nhttps://wv.example/r/?a=%2f&Tok=AQ-_%2B&b=%C3%A4\r\nhttps://second.example/\r\n", "widevine", "https://wv.example/r/?a=%2f&Tok=AQ-_%2B&b=%C3%A4", null),
            ("https://wv.example/r/?a=1&Tok=AQ-_&b=2", "playready", "https://wv.example/r/?a=1&b=2", "AQ-_"),
            ("  \n{\"licenseAcquisitionUrl\":\"https://wv.example/rm.asmx\",\"token\":\"AQ-_\"}", "widevine", "https://wv.example/rm.asmx?Tok=AQ-_", null),
        ])
        {
            said = answer;
            await bench.RunAsync(system);
            (bench.Wire.Sent[^1].Url, bench.Wire.Sent[^1].Header("Tok")).Should().Be((url, header));
        }

        said = "https://evil.example/?Tok=AQ";
        (await bench.FailsAsync("widevine")).Kind.Should().Be(LicenseErrorKind.UntrustedUrl);
        said = "<html>nothing of the kind</html>";
        (await bench.FailsAsync("widevine")).Message.Should().Be("the answer of https://shop.example is not what the provider takes for a token (JSON with 'token', a URL with 'Tok' in its query)");
    }
}

using Keyway.Licensing;
using Keyway.Licensing.Tokens;

namespace Keyway.ExpressPlay;

/// <summary>Where the token goes, where it comes from, and where it must not go.</summary>
public sealed class ExpressPlayTokenTests
{
    private const string Token = ExpressPlayBench.Token;
    private const string Widevine = "https://wv.service.expressplay.com/hms/wv/rights/";
    private const string PlayReady = "https://pr.service.expressplay.com/playready/RightsManager.asmx";

    private static readonly (string, string) Production = ("Settings:Environment", "Production");
    private static readonly (string, string) Secret = ("Token:Secret", "secret:token");

    private static Answer Licence => new("LICENCE");

    [Fact]
    public void Pipeline_is_a_pack_with_a_gate_behind_it()
    {
        new ExpressPlayBench(static (_, _) => Licence).Service.Pipeline.Describe()
            .Should().Be("expressplay: retry → token → challenge → request → errors → expressplay.gate → timeout → transport");
        new ExpressPlayBench(static (_, _) => Licence, ("Settings:TokenPlacement", "CustomData")).Service.Pipeline.Describe().Should().Contain("token → customdata → challenge");
    }

    [Theory]
    [InlineData("Query", "widevine", Widevine + "?ExpressPlayToken=" + Token, null, false)]
    [InlineData("Header", "widevine", Widevine, Token, false)]
    [InlineData("CustomData", "widevine", Widevine + "?ExpressPlayToken=" + Token, null, false)]
    [InlineData("Query", "playready", PlayReady + "?ExpressPlayToken=" + Token, null, false)]
    [InlineData("Header", "playready", PlayReady, Token, false)]
    [InlineData("CustomData", "playready", PlayReady, null, true)]
    public async Task Token_is_in_one_place_and_in_no_other(string placement, string keySystem, string url, string? header, bool custom)
    {
        ExpressPlayBench bench = new((_, _) => Licence, Production, Secret, ("Settings:TokenPlacement", placement));
        (await bench.RunAsync(keySystem)).Should().Be("LICENCE");
        Sent sent = bench.Sent.Should().ContainSingle().Subject;
        (sent.Method, sent.Url, sent.Headers.GetValueOrDefault("ExpressPlayToken")).Should().Be(("POST", url, header));
        sent.Body.Contains(Token, StringComparison.Ordinal).Should().Be(custom);
        sent.Headers.ContainsKey("SOAPAction").Should().Be(keySystem == "playready");
        sent.Headers["Content-Type"].Should().Be(keySystem == "playready" ? "text/xml; charset=utf-8" : "text/plain", "it is the key system's");
        sent.Headers.Should().NotContainKey("Expect");
        bench.Service.Pipeline.Redactor.Describe(new LicenseRequest { Url = new Uri(sent.Url), Headers = sent.Headers }).Should().NotContain(Token);
        bench.Service.Pipeline.Tokens.Should().Be(new TokenUse(Fetched: 0, Redeemed: 1));
    }

    [Theory]
    [InlineData("Query")]
    [InlineData("Header")]
    [InlineData("CustomData")]
    public async Task Token_that_the_caller_puts_elsewhere_is_not_a_second_one(string placement)
    {
        ExpressPlayBench bench = new((_, _) => Licence, Secret, ("Settings:TokenPlacement", placement));
        await bench.RunAsync("playready", url: new Uri(PlayReady + "?id=1&ExpressPlayToken=old"), headers: new() { ["ExpressPlayToken"] = "older" });
        Sent sent = bench.Sent[0];
        sent.Url.Should().Be(PlayReady + (placement == "Query" ? "?id=1&ExpressPlayToken=" + Token : "?id=1"));
        sent.Headers.GetValueOrDefault("ExpressPlayToken").Should().Be(placement == "Header" ? Token : null);
    }

    [Fact]
    public async Task Placement_may_differ_between_key_systems()
    {
        ExpressPlayBench bench = new((_, _) => Licence, Production, Secret, ("Settings:TokenPlacement:widevine", "Header"), ("Settings:TokenPlacement:playready", "CustomData"));
        await bench.RunAsync("widevine");
        await bench.RunAsync("playready");
        bench.Sent.Select(static sent => (sent.Url, Header: sent.Headers.ContainsKey("ExpressPlayToken"), Custom: sent.Body.Contains(Token, StringComparison.Ordinal)))
            .Should().Equal((Widevine, true, false), (PlayReady, false, true));
    }

    [Theory]
    [InlineData("{\"licenseAcquisitionUrl\":\"https://pr.service.expressplay.com/opaque/path.asmx\",\"token\":\"" + Token + "\"}", "https://pr.service.expressplay.com/opaque/path.asmx?ExpressPlayToken=" + Token)]
    [InlineData("\r\n# made for you\r\nhttps://wv.service.expressplay.cn/hms/wv/rights/?ExpressPlayToken=" + Token + "\r\n", "https://wv.service.expressplay.cn/hms/wv/rights/?ExpressPlayToken=" + Token)]
    [InlineData("https://wv.service.expressplay.com/x/?a=%2f%2B&ExpressPlayToken=" + Token + "&b=%C3%A4", "https://wv.service.expressplay.com/x/?a=%2f%2B&ExpressPlayToken=" + Token + "&b=%C3%A4")]
    [InlineData(Token, PlayReady + "?ExpressPlayToken=" + Token)]
    public async Task Storefronts_answer_is_told_apart_by_content_and_taken_as_it_is_written(string answer, string url)
    {
        foreach (string type in (string[])["text/uri-list", "application/json", "text/html"])
        {
            ExpressPlayBench bench = new((sent, _) => sent.IsForToken ? new Answer(answer, 200, type) : Licence, Production, ("Token:Http:Url", "https://shop.example/token?system={keySystem}&kid={kid}"));
            (await bench.RunAsync("playready")).Should().Be("LICENCE");
            bench.Sent.Select(static sent => sent.Url).Should().Equal("https://shop.example/token?system=playready&kid=00000000000000000000000000000007", url);
            bench.Service.Pipeline.Tokens.Should().Be(new TokenUse(1, 1));
        }
    }

    [Fact]
    public async Task Token_of_a_ready_made_URL_goes_into_the_header_where_that_is_its_place()
    {
        ExpressPlayBench bench = new((_, _) => Licence, ("Token:Secret", "secret:url"), ("Settings:TokenPlacement", "Header"));
        await bench.RunAsync("widevine");
        (bench.Sent[0].Url, bench.Sent[0].Headers["ExpressPlayToken"]).Should().Be((Widevine, Token));
    }

    [Fact]
    public async Task Ready_made_URL_of_the_caller_is_enough()
    {
        ExpressPlayBench bench = new((_, _) => Licence);
        await bench.RunAsync("widevine", url: new Uri(Widevine + "?ExpressPlayToken=" + Token + "&id=7"));
        bench.Sent[0].Url.Should().Be(Widevine + "?ExpressPlayToken=" + Token + "&id=7");

        LicenseServiceException missing = await bench.FailsAsync("widevine", url: new Uri(Widevine));
        missing.Kind.Should().Be(LicenseErrorKind.TokenMissing);
        bench.Sent.Should().ContainSingle("nothing was sent");
    }

    [Theory]
    [InlineData("<html><body>please sign in</body></html>")]
    [InlineData("")]
    [InlineData("https://wv.service.expressplay.com/hms/wv/rights/")]
    [InlineData("{\"token\":\"\"}")]
    [InlineData("two words")]
    public async Task What_is_no_token_is_not_taken_for_one(string answer)
    {
        ExpressPlayBench bench = new((sent, _) => sent.IsForToken ? new Answer(answer) : Licence, Production, ("Token:Http:Url", "https://shop.example/"));
        (await bench.FailsAsync("widevine")).Kind.Should().BeOneOf(LicenseErrorKind.TokenMissing, LicenseErrorKind.Unknown);
        bench.Sent.Should().ContainSingle("no licence was asked for");
    }

    [Fact]
    public async Task Url_of_a_storefront_leads_to_no_stranger()
    {
        ExpressPlayBench bench = new((sent, _) => sent.IsForToken ? new Answer("https://evil.example/?ExpressPlayToken=" + Token) : Licence, Production, ("Token:Http:Url", "https://shop.example/"));
        (await bench.FailsAsync("widevine")).Kind.Should().Be(LicenseErrorKind.UntrustedUrl);
        bench.Sent.Should().ContainSingle();

        bench = new((sent, _) => sent.IsForToken ? new Answer("https://lab.example/l?ExpressPlayToken=" + Token) : Licence, ("AllowedOrigins:0", "https://lab.example"), ("Token:Http:Url", "https://shop.example/"));
        (await bench.RunAsync("widevine")).Should().Be("LICENCE");
    }

    [Fact]
    public async Task Bad_token_is_fetched_anew_once_and_goes_out_with_a_fresh_challenge()
    {
        int fetched = 0, asked = 0;
        ExpressPlayBench bench = new(
            (sent, _) => sent.IsForToken ? new Answer(++fetched == 1 ? "AgAA-old" : "AgAA-new") : ++asked == 1 ? new Answer("""{"error":{"code":-4010,"message":"expired"}}""", 401, "application/json") : Licence,
            Production, ("Settings:TokenPlacement", "CustomData"), ("Token:Http:Url", "https://shop.example/"));
        (await bench.RunAsync("playready")).Should().Be("LICENCE");
        bench.Sent.Where(static sent => !sent.IsForToken).Select(static sent => sent.Body).Should().Equal(
            "<soap:Envelope><CustomData>AgAA-old</CustomData></soap:Envelope>", "<soap:Envelope><CustomData>AgAA-new</CustomData></soap:Envelope>");
        bench.Service.Pipeline.Tokens.Should().Be(new TokenUse(Fetched: 2, Redeemed: 1));
    }

    [Fact]
    public async Task What_fetching_anew_does_not_put_right_is_not_tried()
    {
        int fetched = 0;
        ExpressPlayBench bench = new((sent, _) => sent.IsForToken ? new Answer($"AgAA-{++fetched}") : new Answer("""{"error":{"code":-2019,"message":"no credits"}}""", 401, "application/json"), Production, ("Token:Http:Url", "https://shop.example/"));
        (await bench.FailsAsync("widevine")).Kind.Should().Be(LicenseErrorKind.CreditsExhausted);
        fetched.Should().Be(1);
        bench.Service.Pipeline.Tokens.Should().Be(new TokenUse(Fetched: 1, Redeemed: 0));
    }

    [Fact]
    public async Task Token_services_refusal_comes_through_the_storefront_with_its_advice()
    {
        ExpressPlayBench bench = new((_, _) => new Answer("""{"error":{"code":-2018,"message":"bad authenticator"}}""", 401, "application/json"), Production, ("Token:Http:Url", "https://shop.example/"));
        LicenseServiceException failure = await bench.FailsAsync("widevine");
        (failure.Kind, failure.ProviderCode).Should().Be((LicenseErrorKind.WrongEnvironment, "-2018"));
        failure.Message.Should().StartWith("the token service https://shop.example refuses");
        failure.Advice.Should().Contain("test and production");
    }

    [Fact]
    public async Task Tokens_may_be_for_single_keys_or_the_applications()
    {
        ExpressPlayBench bench = new((_, _) => Licence, Production, Secret, ($"Token:PerKey:{ExpressPlayBench.Kid}", "secret:other"));
        await bench.RunAsync("widevine");
        await bench.RunAsync("widevine", tokens: ExpressPlayBench.From("AgAA-mine"));
        bench.Sent.Select(static sent => sent.Url).Should().Equal(Widevine + "?ExpressPlayToken=AgAA-other_token", Widevine + "?ExpressPlayToken=AgAA-mine");
    }

    [Fact]
    public async Task Certificate_is_asked_for_at_the_same_URL_and_is_no_redemption()
    {
        ExpressPlayBench bench = new((_, _) => Licence, Production, Secret);
        await bench.RunAsync("widevine", kind: ChallengeKind.ServerCertificate);
        bench.Sent[0].Url.Should().Be(Widevine + "?ExpressPlayToken=" + Token);
        bench.Service.Pipeline.Tokens.Should().Be(new TokenUse(0, 0));
    }

    [Fact]
    public async Task Authenticator_in_a_tokens_place_is_never_sent()
    {
        foreach (string placement in (string[])["Query", "Header", "CustomData"])
        {
            ExpressPlayBench bench = new((_, _) => Licence, Production, ("Settings:TokenPlacement", placement));
            LicenseServiceException failure = await bench.FailsAsync("playready", tokens: ExpressPlayBench.From("{\"token\":\"201722,1ad80000000000000000000000000001\"}"));
            failure.Kind.Should().Be(LicenseErrorKind.CredentialInvalid);
            failure.Advice.Should().Contain("storefront");
            failure.Message.Should().NotContain("1ad8");
            bench.Sent.Should().BeEmpty();
        }
    }
}

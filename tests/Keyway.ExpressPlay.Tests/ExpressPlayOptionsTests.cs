using Keyway.Licensing;

namespace Keyway.ExpressPlay;

/// <summary>What may stand in configuration, and what is refused before anything is sent.</summary>
public sealed class ExpressPlayOptionsTests
{
    private const string Path = "Keyway:Providers:expressplay:";

    [Fact]
    public void Mistakes_are_told_together_each_with_its_path()
    {
        ExpressPlayBench.Mistakes(
            ("Settings:Enviroment", "Test"), ("Settings:Environment", "Staging"), ("Settings:TokenPlacement:widevine", "CustomData"), ("Settings:TokenPlacement:fairplay", "Query"),
            ("Settings:TokenPlacement:playready", "Body"), ("Settings:CbcsHost", "maybe"), ("Token:Http:Url", "https://wv-gen.test.expressplay.com/hms/wv/token"))
            .Select(static mistake => mistake.Split(": ")[0]).Should().BeEquivalentTo(
            Path + "Settings:Enviroment", Path + "Settings:Environment", Path + "Settings:TokenPlacement:widevine", Path + "Settings:TokenPlacement:fairplay",
            Path + "Settings:TokenPlacement:playready", Path + "Settings:CbcsHost", Path + "Token:Http:Url");
        ExpressPlayBench.Mistakes(("Settings:TokenPlacement", "Everywhere")).Should().ContainSingle();
        ExpressPlayBench.Mistakes().Should().BeEmpty();
    }

    [Theory]
    [InlineData("Settings:CustomerAuthenticator", "secret:mine")]
    [InlineData("Settings:customer_authenticator", "x")]
    [InlineData("Settings:Key", "201722,1ad80000000000000000000000000001")]
    [InlineData("Token:Secret", "secret:customer-authenticator")]
    [InlineData("Token:Http:Url", "https://shop.example/?customerAuthenticator=201722%2C1ad80000000000000000000000000001")]
    [InlineData("Token:Http:Url", "https://shop.example/?x=201722%2c1AD80000000000000000000000000001")]
    [InlineData("Token:Http:Headers:X-Key", "201722,1ad80000000000000000000000000001")]
    [InlineData("Token:Http:Body:text", "a=1&auth=201722, 1ad80000000000000000000000000001&b=2")]
    [InlineData("Endpoints:widevine", "https://wv.test.expressplay.com/?k=201722,1ad80000000000000000000000000001")]
    [InlineData("Pipeline:0:Authenticator", "x")]
    public void Customer_authenticator_is_refused_with_an_explanation_and_not_repeated(string path, string value)
    {
        string mistake = ExpressPlayBench.Mistakes((path, value)).Should().ContainSingle().Subject;
        mistake.Should().StartWith(Path + path).And.Contain("storefront").And.Contain("at your cost").And.NotContain("1ad8").And.NotContain("1AD8");
    }

    [Theory]
    [InlineData("Settings:CbcsHost", "true")]
    [InlineData("Token:Secret", "secret:my-token")]
    [InlineData("Token:PerKey:00112233445566778899aabbccddeeff", "secret:a")]
    [InlineData("Token:Http:Url", "https://shop.example/token?list=1,2,00112233445566778899aabbccddeeff0")]
    [InlineData("Token:Http:Headers:X-Kid", "00112233445566778899aabbccddeeff")]
    public void What_is_no_authenticator_is_not_taken_for_one(string path, string value) => ExpressPlayBench.Mistakes((path, value)).Should().BeEmpty();

    [Theory]
    [InlineData("wv.service.expressplay.com", "Production")]
    [InlineData("pr2.service.expressplay.cn", "Production")]
    [InlineData("ms3-gen.service.hostedmarlin.com", "Production")]
    [InlineData("PR.Test.ExpressPlay.com", "Test")]
    [InlineData("bb-gen.eval.hostedmarlin.com", "Test")]
    [InlineData("service.expressplay.com.evil.example", "Unknown")]
    [InlineData("evilservice.expressplay.com", "Unknown")]
    [InlineData("127.0.0.1", "Unknown")]
    public void Hosts_of_test_and_production_are_told_apart(string host, string environment) => ExpressPlayHosts.EnvironmentOf(host).ToString().Should().Be(environment);

    [Theory]
    [InlineData("wv-gen.service.expressplay.com", true)]
    [InlineData("ms3-gen-2.test.expressplay.com", true)]
    [InlineData("wv.service.expressplay.com", false)]
    [InlineData("wv-gen.shop.example", false)]
    public void Hosts_that_mint_tokens_are_known(string host, bool mints) => ExpressPlayHosts.IsTokenService(host).Should().Be(mints);

    [Fact]
    public void Mixed_pair_in_configuration_is_explained()
    {
        string[] mistakes = ExpressPlayBench.Mistakes(
            ("Settings:Environment", "Production"), ("Endpoints:widevine", "https://wv.test.expressplay.com/x"), ("Endpoints:playready", "https://pr.service.expressplay.com/x"));
        mistakes.Should().ContainSingle().Which.Should().StartWith(Path + "Endpoints:widevine: test, where " + Path + "Settings:Environment says production").And.Contain("-2018");
        ExpressPlayBench.Mistakes(("Endpoints:widevine", "https://wv.test.expressplay.com/x"), ("Endpoints:playready", "https://pr.service.expressplay.com/x")).Should().ContainSingle();
        ExpressPlayBench.Mistakes(("Settings:Environment", "Test"), ("Endpoints:widevine", "http://127.0.0.1:8080/x")).Should().BeEmpty("nobody can tell whose that is");
    }

    [Fact]
    public async Task Mixed_pair_of_a_token_is_explained_before_anything_is_sent()
    {
        ExpressPlayBench bench = new(
            (sent, _) => sent.IsForToken ? new Answer("https://wv.test.expressplay.com/widevine/RightsManager.asmx?ExpressPlayToken=" + ExpressPlayBench.Token) : new Answer("LICENCE"),
            ("Endpoints:widevine", "https://wv.service.expressplay.com/hms/wv/rights/"), ("AllowedOrigins:0", "https://wv.test.expressplay.com"), ("Token:Http:Url", "https://shop.example/"));
        LicenseServiceException failure = await bench.FailsAsync("widevine");
        failure.Kind.Should().Be(LicenseErrorKind.WrongEnvironment);
        failure.Message.Should().Be($"wv.test.expressplay.com is a test host, and {Path}Endpoints:widevine says production; nothing was sent");
        failure.Advice.Should().Contain("storefront");
        bench.Sent.Should().OnlyContain(static sent => sent.IsForToken);
    }

    [Theory]
    [InlineData("true", "playready", "cbcs", "pr2.service.expressplay.com")]
    [InlineData("true", "playready", "cenc", "pr.service.expressplay.com")]
    [InlineData("true", "widevine", "cbcs", "wv.service.expressplay.com")]
    [InlineData("false", "playready", "cbcs", "pr.service.expressplay.com")]
    public async Task Playready_for_cbcs_has_a_host_of_its_own_where_that_is_wanted(string option, string keySystem, string scheme, string host)
    {
        ExpressPlayBench bench = new((_, _) => new Answer("LICENCE"), ("Settings:Environment", "Production"), ("Settings:CbcsHost", option), ("Token:Secret", "secret:token"));
        await bench.RunAsync(keySystem, scheme: scheme);
        new Uri(bench.Sent[0].Url).Host.Should().Be(host);
        bench.Sent[0].Url.Should().EndWith("?ExpressPlayToken=" + ExpressPlayBench.Token);
    }

    [Fact]
    public async Task Host_of_nobodys_is_left_as_it_is()
    {
        ExpressPlayBench bench = new((_, _) => new Answer("LICENCE"), ("Endpoints:playready", "https://pr.shop.example:8443/l"), ("Settings:CbcsHost", "true"), ("Token:Secret", "secret:token"));
        await bench.RunAsync("playready", scheme: "cbcs");
        bench.Sent[0].Url.Should().Be("https://pr.shop.example:8443/l?ExpressPlayToken=" + ExpressPlayBench.Token);
    }
}

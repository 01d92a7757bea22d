using System.Net;
using System.Text;
using System.Text.Json;

namespace Keyway.Sandbox.ExpressPlay;

/// <summary>The storefront stand-in: a viewer says what, and gets what the token host answered.</summary>
[Collection(ExpressPlaySandbox.Collection)]
public sealed class StorefrontTests(ExpressPlaySandbox sandbox)
{
    private const string Hd = "d2aca19319b8ca2fa0315b7842893e3a", Sd = "e4c06923e61b099ad7346945b908a3af", Audio = "c5d31c60dee014a6f849c8f291262343";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Viewer_of_the_sample_gets_a_widevine_token_for_the_title()
    {
        (HttpResponseMessage response, string body) = await AskAsync($$"""{"system":"widevine","kid":"{{Hd}}"}""");
        using HttpResponseMessage _ = response;

        response.StatusCode.Should().Be(HttpStatusCode.OK, body);
        response.Content.Headers.ContentType!.ToString().Should().Be("text/uri-list");
        Widevine.TestLicense license = await sandbox.WidevineLicenseAsync(ExpressPlaySandbox.Url(body), null, Hd);
        license.Keys.Select(key => (key.Id, key.Key)).Should().Equal(
            (Hd, "1ad800b533458b71332d079ebb47c7dd"), (Sd, "23e4bf1e5af0e97ae92b38b6971edf19"), (Audio, "35ba5fc50100a9577c8d46a44e58a13b"));
    }

    [Fact]
    public async Task Viewer_of_the_sample_gets_a_playready_token()
    {
        (HttpResponseMessage response, string body) = await AskAsync($$"""{"system":"playready","kid":"{{Audio.ToUpperInvariant()}}"}""");
        using HttpResponseMessage _ = response;

        body.Should().StartWith("{");
        ExpressPlaySandbox.Url(body).Should().Contain("/playready/RightsManager.asmx?ExpressPlayToken=");
        body.Should().NotContain(sandbox.Authenticator("test")).And.NotContain("35ba5fc50100a9577c8d46a44e58a13b");
    }

    [Fact]
    public async Task Terms_and_faults_are_handed_on_to_the_token_host()
    {
        (HttpResponseMessage wrong, string error) = await AskAsync($$"""{"system":"widevine","kid":"{{Hd}}"}""", "?securityLevel=6");
        (HttpResponseMessage forced, string credits) = await AskAsync($$"""{"system":"widevine","kid":"{{Hd}}"}""", "?token_code=-2019");
        (HttpResponseMessage right, string line) = await AskAsync($$"""{"system":"widevine","kid":"{{Hd}}"}""", "?license_query=fault%3Dstatus:503&cookie=viewer-1");
        using HttpResponseMessage _ = wrong, __ = forced, ___ = right;

        ExpressPlaySandbox.Error(error, -7004);
        wrong.Headers.GetValues("X-Keyway-Emulator").Should().Equal("assumed=json,status");
        ExpressPlaySandbox.Error(credits, -2019);
        line.TrimEnd().Should().EndWith("&fault=status:503");
    }

    [Fact]
    public async Task Storefront_of_production_sells_tokens_of_production()
    {
        (HttpResponseMessage response, string body) = await AskAsync($$"""{"system":"widevine","kid":"{{Hd}}"}""", host: sandbox.Production.ToString().TrimEnd('/'));
        using HttpResponseMessage _ = response;
        ExpressPlaySandbox.Url(body).Should().StartWith($"{sandbox.Production}hms/wv/rights/?ExpressPlayToken=");
    }

    [Theory]
    [InlineData("""{"system":"widevine","kid":"ffffffffffffffffffffffffffffffff"}""", HttpStatusCode.NotFound, "unknown-key")]
    [InlineData("""{"system":"widevine","kid":"d2aca193-19b8-ca2f-a031-5b7842893e3a"}""", HttpStatusCode.BadRequest, "bad-request")]
    [InlineData("""{"system":"fairplay","kid":"d2aca19319b8ca2fa0315b7842893e3a"}""", HttpStatusCode.BadRequest, "bad-request")]
    [InlineData("""{"kid":"d2aca19319b8ca2fa0315b7842893e3a"}""", HttpStatusCode.BadRequest, "bad-request")]
    [InlineData("""["widevine"]""", HttpStatusCode.BadRequest, "bad-request")]
    [InlineData("no JSON", HttpStatusCode.BadRequest, "bad-request")]
    public async Task Request_that_is_not_right_is_refused(string request, HttpStatusCode status, string error)
    {
        (HttpResponseMessage response, string body) = await AskAsync(request);
        using HttpResponseMessage _ = response;
        response.StatusCode.Should().Be(status);
        JsonDocument.Parse(body).RootElement.GetProperty("error").GetString().Should().Be(error);
    }

    private async Task<(HttpResponseMessage Response, string Body)> AskAsync(string request, string query = "", string host = "")
    {
        using StringContent content = new(request, Encoding.UTF8, "application/json");
        HttpResponseMessage response = await sandbox.Http.PostAsync($"{host}/storefront/token{query}", content, Token);
        return (response, await response.Content.ReadAsStringAsync(Token));
    }
}

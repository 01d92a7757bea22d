using System.Net;

namespace Keyway.Sandbox.ExpressPlay;

/// <summary>Every code of the documentation's table that concerns Widevine or PlayReady, by a request that earns it and one that does not.</summary>
[Collection(ExpressPlaySandbox.Collection)]
public sealed class ErrorTableTests(ExpressPlaySandbox sandbox)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, int, int> Rows
    {
        get
        {
            TheoryData<string, int, int> rows = [];
            for (int i = 0; i < ErrorCase.All.Length; i++)
                foreach (string system in ErrorCase.All[i].Systems.Split(' ')) rows.Add(system, ErrorCase.All[i].Code, i);
            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Code_is_answered_to_the_request_that_earns_it_and_to_no_other(string system, int code, int row)
    {
        ErrorCase one = ErrorCase.All[row];
        bool isForced = one.Wrong.Length == 0;

        (HttpResponseMessage right, string token) = await AskAsync(system, one.Right, "");
        (HttpResponseMessage wrong, string error) = await AskAsync(system, one.Wrong, isForced ? $"&token_code={code}" : "");
        using HttpResponseMessage _ = right, __ = wrong;

        right.StatusCode.Should().Be(HttpStatusCode.OK, token);
        ((int)wrong.StatusCode).Should().Be(one.Status, error);
        if (code == -3004)
        {
            wrong.Content.Headers.ContentType!.MediaType.Should().Be("text/html");
            error.Should().Contain("[-3004] ");
            return;
        }

        wrong.Content.Headers.ContentType!.MediaType.Should().Be("application/json");
        wrong.Headers.GetValues("X-Keyway-Emulator").Single().Should().StartWith("assumed=").And.Contain("json").And.Contain("status");
        ExpressPlaySandbox.Error(error, code);
    }

    [Theory]
    [InlineData("wv")]
    [InlineData("pr")]
    public void Every_code_that_is_documented_has_a_row(string system) =>
        ErrorCase.All.Where(one => one.Systems.Contains(system, StringComparison.Ordinal)).Select(one => one.Code).Distinct().Should().BeEquivalentTo(ErrorCase.Documented(system));

    [Theory]
    [InlineData("wv", "")]
    [InlineData("pr", "html")]
    public async Task Error_is_html_unless_json_is_asked_for(string system, string format)
    {
        (HttpResponseMessage response, string body) = await AskAsync(system, ["-kid", format.Length == 0 ? "-errorFormat" : $"errorFormat={format}"], "");
        using HttpResponseMessage _ = response;

        response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        response.Content.Headers.ContentType!.MediaType.Should().Be("text/html");
        response.Headers.GetValues("X-Keyway-Emulator").Should().Equal("assumed=html,status");
        body.Should().Contain("[-4018] ");
    }

    [Fact]
    public async Task Html_of_an_error_holds_nothing_of_the_request()
    {
        (HttpResponseMessage response, string body) = await AskAsync("wv", ["errorFormat=<script>", "kid=<script>"], "");
        using HttpResponseMessage _ = response;
        body.Should().NotContain("<script>").And.NotContain("script");
    }

    [Theory]
    [InlineData("wv", "-3004", "errorFormat=x", "-customerAuthenticator")]
    [InlineData("wv", "-2017", "-customerAuthenticator", "-kid")]
    [InlineData("wv", "-4018", "-kid", "-securityLevel")]
    [InlineData("wv", "-2027", "contentKey=0", "-securityLevel")]
    [InlineData("wv", "-7003", "-securityLevel", "hdcpOutputControl=9")]
    [InlineData("wv", "-2034", "hdcpOutputControl=9", "wvExtension=x")]
    [InlineData("wv", "-7009", "wvExtension=x", "expirationTime=x")]
    [InlineData("pr", "-2018", "customerAuthenticator={production}", "contentKey=0")]
    [InlineData("pr", "-5007", "kek=0", "-rightsType")]
    [InlineData("pr", "-2020", "-rightsType", "analogVideoOPL=1000")]
    [InlineData("pr", "-5006", "-analogVideoOPL", "cookie=012345678901234567890123456789012")]
    [InlineData("pr", "-2034", "analogVideoOPL=1000", "extensionType=x")]
    [InlineData("pr", "-2036", "extensionType=x", "extensionPayload=AAAA", "expirationTime=x")]
    public async Task Of_several_errors_the_first_in_order_is_told(string system, string code, params string[] wrong)
    {
        (HttpResponseMessage response, string body) = await AskAsync(system, wrong, "");
        using HttpResponseMessage _ = response;
        body.Should().Contain($"[{code}] ");
    }

    [Theory]
    [InlineData("wv")]
    [InlineData("pr")]
    public async Task Form_that_is_posted_is_judged_like_a_query(string system)
    {
        using FormUrlEncodedContent right = new(sandbox.Order(system)), wrong = new(sandbox.Order(system, "expirationTime=+2592001"));
        using HttpResponseMessage token = await sandbox.Http.PostAsync($"/hms/{system}/token", right, Token), error = await sandbox.Http.PostAsync($"/hms/{system}/token", wrong, Token);

        token.StatusCode.Should().Be(HttpStatusCode.OK);
        ExpressPlaySandbox.Error(await error.Content.ReadAsStringAsync(Token), -2002);
    }

    [Fact]
    public async Task Plus_that_went_into_a_query_as_it_is_is_no_plus()
    {
        (HttpResponseMessage response, string body) = await sandbox.GetAsync("wv", sandbox.Order("wv"), "&expirationTime=+60");
        using HttpResponseMessage _ = response;
        ExpressPlaySandbox.Error(body, -2002);
    }

    private Task<(HttpResponseMessage Response, string Body)> AskAsync(string system, string[] changes, string knobs) =>
        sandbox.GetAsync(system, sandbox.Order(system, [.. changes.Where(change => change[0] != '&')]), knobs + string.Concat(changes.Where(change => change[0] == '&')));
}

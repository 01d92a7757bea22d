using System.Net;

namespace Keyway.Sandbox.Providers;

[Collection(ProviderSandboxes.Name)]
public sealed class ProviderEndpointsTests(ProviderSandbox sandbox)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Front_page_tells_of_every_form_and_of_the_header()
    {
        string page = await sandbox.Http.GetStringAsync("/", Token);
        foreach (string text in (string[])["axinom", "drmtoday", "doverunner", "vualto", "nagra", "comcast", "X-Keyway-Emulator", "/hms/wv/token", "/hms/pr/token", "/storefront/token", "/expressplay/redemptions", "token_code="])
            page.Should().Contain(text);
    }

    [Theory]
    [InlineData("axinom")]
    [InlineData("doverunner")]
    [InlineData("nagra")]
    public async Task Faults_work_as_everywhere(string provider)
    {
        ProviderSandbox.Reply reply = await sandbox.PostAsync($"/providers/{provider}/widevine?fault=status:503", []);
        reply.Status.Should().Be(HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task Token_is_not_used_up_by_an_answer_that_does_not_arrive()
    {
        (byte[] msg, byte[] message) = sandbox.Ask();
        string token = await sandbox.TokenAsync("nagra");
        (await sandbox.PostAsync("/providers/nagra/widevine?fault=status:503", message, headers: ("nv-authorizations", token))).Status.Should().Be(HttpStatusCode.ServiceUnavailable);
        sandbox.IsLicense((await sandbox.PostAsync("/providers/nagra/widevine", message, headers: ("nv-authorizations", token))).Body, msg);
    }

    [Theory]
    [InlineData("/providers/axinom/token?ttl=soon")]
    [InlineData("/providers/axinom/token?uses=-1")]
    [InlineData("/providers/axinom/token?now=never")]
    [InlineData("/providers/nagra/widevine/certificates?refuse=x")]
    [InlineData("/providers/nagra/widevine/certificates?flaw=none")]
    public async Task Wish_that_is_not_right_is_told(string path)
    {
        ProviderSandbox.Reply reply = await sandbox.GetAsync(path);
        reply.Status.Should().Be(HttpStatusCode.BadRequest);
        reply.Json.GetProperty("error").GetString().Should().Be("bad-parameter");
    }
}

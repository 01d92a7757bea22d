using System.Net;

namespace Keyway.Sandbox.Providers;

[Collection(ProviderSandboxes.Name)]
public sealed class NagraTests(ProviderSandbox sandbox)
{
    private const string Widevine = "/providers/nagra/widevine", PlayReady = "/providers/nagra/playready", Header = "nv-authorizations";

    [Fact]
    public async Task Certificate_is_got_elsewhere_and_the_licence_with_a_token_in_a_header()
    {
        sandbox.IsCertificate((await sandbox.GetAsync("/providers/nagra/widevine/certificates")).Body);
        (byte[] msg, byte[] message) = sandbox.Ask();
        ProviderSandbox.Reply reply = await sandbox.PostAsync(Widevine, message, headers: (Header, await sandbox.TokenAsync("nagra")));
        sandbox.IsLicense(reply.Body, msg);
        reply.Notes.Should().Be("documented");
    }

    [Fact]
    public async Task Certificate_is_not_at_the_licences_address()
    {
        ProviderSandbox.Reply reply = await sandbox.PostAsync(Widevine, [8, 4], headers: (Header, await sandbox.TokenAsync("nagra")));
        reply.Status.Should().Be(HttpStatusCode.BadRequest);
        reply.Json.GetProperty("message").GetString().Should().Contain("another address");
        reply.Notes.Should().Be("assumed=code,json,status");
    }

    [Fact]
    public async Task PlayReady_takes_the_token_from_the_query_too_and_widevine_does_not()
    {
        sandbox.IsPlayReadyLicense((await sandbox.PlayReadyAsync(PlayReady, headers: (Header, await sandbox.TokenAsync("nagra")))).Text);
        sandbox.IsPlayReadyLicense((await sandbox.PlayReadyAsync($"{PlayReady}?{Header}={await sandbox.TokenAsync("nagra")}")).Text);
        IsRefused(await sandbox.PostAsync($"{Widevine}?{Header}={await sandbox.TokenAsync("nagra")}", sandbox.Ask().Message), 4001);
    }

    [Fact]
    public async Task Refusals_have_the_codes_that_are_documented()
    {
        string token = await sandbox.TokenAsync("nagra"), changed = token[..^2] + (token[^2] == 'A' ? "BA" : "AA");
        (byte[] msg, byte[] message) = sandbox.Ask();
        IsRefused(await sandbox.PostAsync(Widevine, message, headers: (Header, "")), 1003);
        IsRefused(await sandbox.PostAsync(Widevine, message, headers: (Header, changed)), 3003);
        IsRefused(await sandbox.PostAsync(Widevine, message), 4001);
        IsRefused(await sandbox.PostAsync(Widevine + "?refuse=4007", message, headers: (Header, token)), 4007);
        sandbox.IsLicense((await sandbox.PostAsync(Widevine, message, headers: (Header, token))).Body, msg);
        IsRefused(await sandbox.PostAsync(Widevine, sandbox.Ask().Message, headers: (Header, token)), 4006);
        IsRefused(await sandbox.PlayReadyAsync(PlayReady, headers: (Header, token)), 4006);
    }

    [Fact]
    public async Task Token_may_be_made_for_more_than_one_licence()
    {
        string token = await sandbox.TokenAsync("nagra", "?uses=2");
        for (int i = 0; i < 2; i++)
        {
            (byte[] msg, byte[] message) = sandbox.Ask();
            sandbox.IsLicense((await sandbox.PostAsync(Widevine, message, headers: (Header, token))).Body, msg);
        }

        IsRefused(await sandbox.PostAsync(Widevine, sandbox.Ask().Message, headers: (Header, token)), 4006);
    }

    private static void IsRefused(ProviderSandbox.Reply reply, int code)
    {
        (reply.Status, reply.ContentType, reply.Notes).Should().Be((HttpStatusCode.BadRequest, "application/json", "assumed=json,status"));
        reply.Json.GetProperty("errorCode").GetInt32().Should().Be(code);
    }
}

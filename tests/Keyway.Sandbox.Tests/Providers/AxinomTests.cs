using System.Net;

namespace Keyway.Sandbox.Providers;

[Collection(ProviderSandboxes.Name)]
public sealed class AxinomTests(ProviderSandbox sandbox)
{
    private const string Widevine = "/providers/axinom/widevine", PlayReady = "/providers/axinom/playready", Header = "X-AxDRM-Message";

    [Fact]
    public async Task Message_in_header_or_query_brings_a_widevine_licence_and_the_certificate()
    {
        string jwt = await sandbox.MakeJwtAsync("""{"alg":"HS256","typ":"JWT"}""", """{"version":1}""");
        (byte[] msg, byte[] message) = sandbox.Ask();
        sandbox.IsLicense((await sandbox.PostAsync(Widevine, message, headers: (Header, jwt))).Body, msg);

        (msg, message) = sandbox.Ask();
        ProviderSandbox.Reply reply = await sandbox.PostAsync($"{Widevine}?AxDrmMessage={jwt}", message);
        sandbox.IsLicense(reply.Body, msg);
        (reply.ContentType, reply.Notes).Should().Be(("application/octet-stream", "documented"));

        sandbox.IsCertificate((await sandbox.PostAsync(Widevine, [8, 4], headers: (Header, jwt))).Body);
    }

    [Fact]
    public async Task Message_in_any_of_three_places_brings_a_playready_licence()
    {
        string jwt = await sandbox.TokenAsync("axinom");
        sandbox.IsPlayReadyLicense((await sandbox.PlayReadyAsync(PlayReady, headers: (Header, jwt))).Text);
        sandbox.IsPlayReadyLicense((await sandbox.PlayReadyAsync($"{PlayReady}?AxDrmMessage={jwt}")).Text);
        sandbox.IsPlayReadyLicense((await sandbox.PlayReadyAsync(PlayReady, jwt)).Text);
    }

    [Fact]
    public async Task Message_in_two_places_is_refused()
    {
        string jwt = await sandbox.TokenAsync("axinom");
        IsRefused(await sandbox.PostAsync($"{Widevine}?AxDrmMessage={jwt}", sandbox.Ask().Message, headers: (Header, jwt)), HttpStatusCode.BadRequest, "exactly one");
        IsRefused(await sandbox.PlayReadyAsync(PlayReady, jwt, (Header, jwt)), HttpStatusCode.BadRequest, "exactly one");
    }

    [Fact]
    public async Task Refusals_are_a_status_and_a_sentence_in_a_header()
    {
        string jwt = await sandbox.TokenAsync("axinom"), changed = jwt[..^2] + (jwt[^2] == 'A' ? "BA" : "AA");
        byte[] message = sandbox.Ask().Message;
        IsRefused(await sandbox.PostAsync(Widevine, message), HttpStatusCode.Forbidden, "no token");
        IsRefused(await sandbox.PostAsync(Widevine, message, headers: (Header, changed)), HttpStatusCode.Forbidden, "none of this service");
        IsRefused(await sandbox.PostAsync(Widevine, message, headers: (Header, await sandbox.MakeJwtAsync("""{"alg":"none"}""", "{}"))), HttpStatusCode.Forbidden, "none of this service");
        IsRefused(await sandbox.PostAsync(Widevine, message, headers: (Header, await sandbox.TokenAsync("nagra"))), HttpStatusCode.Forbidden, "another service");
        IsRefused(await sandbox.PostAsync(Widevine, message, headers: (Header, await sandbox.MakeJwtAsync("""{"alg":"HS256"}""", """{"exp":1}"""))), HttpStatusCode.Forbidden, "expired");
        IsRefused(await sandbox.PostAsync(Widevine, [1], headers: (Header, jwt)), HttpStatusCode.BadRequest, "SignedMessage");
        IsRefused(await sandbox.PostAsync(Widevine + "?refuse=1", message, headers: (Header, jwt)), HttpStatusCode.Forbidden, "asked for");
        IsRefused(await sandbox.PlayReadyAsync(PlayReady), HttpStatusCode.Forbidden, "no token");
    }

    private static void IsRefused(ProviderSandbox.Reply reply, HttpStatusCode status, string reason)
    {
        reply.Status.Should().Be(status);
        reply.AxinomError.Should().Contain(reason);
        reply.Reason.Should().Be(reply.AxinomError, "HTTP/1 has it in the reason phrase, too");
        reply.Notes.Should().Be("assumed=body,status");
        reply.Body.Should().BeEmpty();
    }
}

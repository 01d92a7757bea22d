using System.Net;
using System.Text;

namespace Keyway.Sandbox.Providers;

[Collection(ProviderSandboxes.Name)]
public sealed class VualtoTests(ProviderSandbox sandbox)
{
    private const string Widevine = "/providers/vualto/widevine", PlayReady = "/providers/vualto/playready";

    [Fact]
    public async Task Message_goes_as_decimal_numbers_and_the_certificate_request_likewise()
    {
        string token = await sandbox.TokenAsync("vualto");
        ProviderSandbox.Reply certificate = await PostAsync(token, [8, 4]);
        sandbox.IsCertificate(certificate.Body);
        certificate.Notes.Should().Be("assumed=certificate-keeps-token");

        (byte[] msg, byte[] message) = sandbox.Ask();
        ProviderSandbox.Reply reply = await PostAsync(token, message);
        sandbox.IsLicense(reply.Body, msg);
        (reply.ContentType, reply.Notes).Should().Be(("application/octet-stream", "documented"));
    }

    [Fact]
    public async Task Token_is_good_for_one_licence()
    {
        string token = await sandbox.TokenAsync("vualto");
        (byte[] msg, byte[] message) = sandbox.Ask();
        IsRefused(await PostAsync(token, [1, 2, 3]), HttpStatusCode.BadRequest, "SignedMessage");
        sandbox.IsLicense((await PostAsync(token, message)).Body, msg);
        IsRefused(await PostAsync(token, sandbox.Ask().Message), HttpStatusCode.Forbidden, "has been used");
        IsRefused(await PostAsync(token, [8, 4]), HttpStatusCode.Forbidden, "has been used");
    }

    [Fact]
    public async Task Token_is_good_for_half_a_minute()
    {
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        string token = await sandbox.TokenAsync("vualto", $"?now={now}");
        IsRefused(await PostAsync(token, sandbox.Ask().Message, $"?now={now + 30}"), HttpStatusCode.Forbidden, "expired");
        (byte[] msg, byte[] message) = sandbox.Ask();
        sandbox.IsLicense((await PostAsync(token, message, $"?now={now + 29}")).Body, msg);
    }

    [Fact]
    public async Task PlayReady_has_the_token_in_the_query()
    {
        string token = await sandbox.TokenAsync("vualto");
        sandbox.IsPlayReadyLicense((await sandbox.PlayReadyAsync($"{PlayReady}?token={token}")).Text);
        IsRefused(await sandbox.PlayReadyAsync($"{PlayReady}?token={token}"), HttpStatusCode.Forbidden, "has been used");
        IsRefused(await sandbox.PlayReadyAsync(PlayReady), HttpStatusCode.Forbidden, "no token");
    }

    [Theory]
    [InlineData("""{"drm_info":[8,4],"kid":"k"}""", HttpStatusCode.Forbidden, "no token")]
    [InlineData("""{"token":"x","drm_info":[8,4],"kid":"k"}""", HttpStatusCode.Forbidden, "none of this service")]
    [InlineData("""{"token":"x","drm_info":[8,256],"kid":"k"}""", HttpStatusCode.BadRequest, "not a byte")]
    [InlineData("""{"token":"x","drm_info":[8,"4"],"kid":"k"}""", HttpStatusCode.BadRequest, "form")]
    [InlineData("""{"token":"x","drm_info":"CAQ=","kid":"k"}""", HttpStatusCode.BadRequest, "drm_info")]
    [InlineData("""{"token":"x","drm_info":[8,4]}""", HttpStatusCode.BadRequest, "kid")]
    [InlineData("""[8,4]""", HttpStatusCode.BadRequest, "object")]
    [InlineData("\u0008\u0004", HttpStatusCode.BadRequest, "form")]
    public async Task Body_of_another_form_is_refused(string body, HttpStatusCode status, string reason) =>
        IsRefused(await sandbox.PostAsync(Widevine, Encoding.UTF8.GetBytes(body), "application/json"), status, reason);

    private Task<ProviderSandbox.Reply> PostAsync(string token, byte[] message, string query = "") =>
        sandbox.PostAsync(Widevine + query, Encoding.UTF8.GetBytes($$"""{"token":"{{token}}","drm_info":[{{string.Join(',', message)}}],"kid":"{{ProviderSandbox.Kid}}"}"""), "application/json");

    private static void IsRefused(ProviderSandbox.Reply reply, HttpStatusCode status, string reason)
    {
        reply.Status.Should().Be(status, reply.Text);
        reply.Text.Should().Contain(reason);
        reply.Notes.Should().Be("assumed=body,status");
    }
}

using System.Net;
using System.Text;

namespace Keyway.Sandbox.Providers;

[Collection(ProviderSandboxes.Name)]
public sealed class ComcastTests(ProviderSandbox sandbox)
{
    private const string Widevine = "/providers/comcast/widevine";

    [Fact]
    public async Task Message_and_answer_are_base64_inside_json_and_the_certificate_likewise()
    {
        string query = $"?token={await sandbox.TokenAsync("comcast")}&account=1";
        ProviderSandbox.Reply certificate = await PostAsync(query, [8, 4]);
        sandbox.IsCertificate(Inside(certificate));
        certificate.Notes.Should().Be("assumed=certificate-form");

        (byte[] msg, byte[] message) = sandbox.Ask();
        ProviderSandbox.Reply reply = await PostAsync(query, message);
        sandbox.IsLicense(Inside(reply), msg);
        (reply.Status, reply.ContentType, reply.Notes).Should().Be((HttpStatusCode.OK, "application/json", "documented"));
    }

    [Fact]
    public async Task Refusals_are_json()
    {
        string token = await sandbox.TokenAsync("comcast");
        byte[] message = sandbox.Ask().Message;
        IsRefused(await PostAsync("?account=1", message), HttpStatusCode.Forbidden, "no token");
        IsRefused(await PostAsync($"?token={token}", message), HttpStatusCode.Forbidden, "no account");
        IsRefused(await PostAsync("?account=1&token=x", message), HttpStatusCode.Forbidden, "none of this service");
        IsRefused(await PostAsync($"?account=1&token={token}", [1]), HttpStatusCode.BadRequest, "SignedMessage");
        foreach (string wrong in (string[])["{}", """{"getWidevineLicense":{"releasePid":"p","widevineChallenge":"*"}}""", """{"getWidevineLicense":{"widevineChallenge":"CAQ="}}""", "x"])
            IsRefused(await sandbox.PostAsync($"{Widevine}?account=1&token={token}", Encoding.UTF8.GetBytes(wrong), "application/json"), HttpStatusCode.BadRequest, "form");
    }

    [Fact]
    public async Task There_is_no_playready() =>
        (await sandbox.PlayReadyAsync("/providers/comcast/playready")).Status.Should().Be(HttpStatusCode.NotFound);

    private Task<ProviderSandbox.Reply> PostAsync(string query, byte[] message) =>
        sandbox.PostAsync(Widevine + query, Encoding.UTF8.GetBytes($$$"""{"getWidevineLicense":{"releasePid":"pid-1","widevineChallenge":"{{{Convert.ToBase64String(message)}}}"}}"""), "application/json");

    private static byte[] Inside(ProviderSandbox.Reply reply) => reply.Json.GetProperty("getWidevineLicenseResponse").GetProperty("license").GetBytesFromBase64();

    private static void IsRefused(ProviderSandbox.Reply reply, HttpStatusCode status, string reason)
    {
        (reply.Status, reply.ContentType, reply.Notes).Should().Be((status, "application/json", "assumed=json,status"));
        reply.Text.Should().Contain(reason);
    }
}

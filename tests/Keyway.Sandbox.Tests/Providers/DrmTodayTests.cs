using System.Net;
using System.Text;

namespace Keyway.Sandbox.Providers;

[Collection(ProviderSandboxes.Name)]
public sealed class DrmTodayTests(ProviderSandbox sandbox)
{
    private const string Widevine = "/providers/drmtoday/widevine", PlayReady = "/providers/drmtoday/playready", Header = "x-dt-custom-data";

    private static readonly string Custom = Base64("""{"userId":"purchase","sessionId":"p0","merchant":"keyway"}""");

    [Theory]
    [InlineData("x-dt-custom-data")]
    [InlineData("dt-custom-data")]
    public async Task Licence_is_base64_inside_json(string header)
    {
        (byte[] msg, byte[] message) = sandbox.Ask();
        ProviderSandbox.Reply reply = await sandbox.PostAsync(Widevine, message, headers: (header, Custom));

        (reply.Status, reply.ContentType).Should().Be((HttpStatusCode.OK, "application/json"));
        reply.Json.EnumerateObject().Select(member => member.Name).Should().BeEquivalentTo("status", "license", "message_type", "supported_tracks");
        reply.Notes.Should().Be("assumed=message_type,status-text,supported_tracks");
        sandbox.IsLicense(reply.Json.GetProperty("license").GetBytesFromBase64(), msg);
        sandbox.IsCertificate((await sandbox.PostAsync(Widevine, [8, 4], headers: (header, Custom))).Json.GetProperty("license").GetBytesFromBase64());
    }

    [Fact]
    public async Task Licence_is_raw_where_the_address_says_so()
    {
        (byte[] msg, byte[] message) = sandbox.Ask();
        ProviderSandbox.Reply reply = await sandbox.PostAsync(Widevine + "?specConform=true", message, headers: (Header, Custom));
        (reply.ContentType, reply.Notes).Should().Be(("application/octet-stream", "documented"));
        sandbox.IsLicense(reply.Body, msg);
        sandbox.IsCertificate((await sandbox.PostAsync(Widevine + "?specConform=true", [8, 4], headers: (Header, Custom))).Body);
    }

    [Fact]
    public async Task PlayReady_is_as_it_always_is_and_so_are_its_refusals()
    {
        sandbox.IsPlayReadyLicense((await sandbox.PlayReadyAsync(PlayReady, headers: (Header, Custom))).Text);
        ProviderSandbox.Reply refusal = await sandbox.PlayReadyAsync(PlayReady);
        (refusal.Status, refusal.ContentType).Should().Be((HttpStatusCode.InternalServerError, "text/xml"));
        refusal.Text.Should().Contain("<soap:Fault>").And.Contain(Header);
    }

    [Fact]
    public async Task Upfront_token_must_be_good_when_it_is_there()
    {
        (byte[] msg, byte[] message) = sandbox.Ask();
        ProviderSandbox.Reply reply = await sandbox.PostAsync(Widevine, message, headers: [(Header, Custom), ("x-dt-auth-token", await sandbox.TokenAsync("drmtoday"))]);
        sandbox.IsLicense(reply.Json.GetProperty("license").GetBytesFromBase64(), msg);
        IsRefused(await sandbox.PostAsync(Widevine, message, headers: [(Header, Custom), ("x-dt-auth-token", "x")]), HttpStatusCode.Forbidden, "ACCESS_DENIED");
    }

    [Fact]
    public async Task Refusals_are_json_without_a_licence()
    {
        byte[] message = sandbox.Ask().Message;
        IsRefused(await sandbox.PostAsync(Widevine, message), HttpStatusCode.Forbidden, "ACCESS_DENIED");
        foreach (string wrong in (string[])["""{"userId":"u","sessionId":"s"}""", """{"userId":1,"sessionId":"s","merchant":"keyway"}""", "[]", "x"])
            IsRefused(await sandbox.PostAsync(Widevine, message, headers: (Header, Base64(wrong))), HttpStatusCode.BadRequest, "MALFORMED_REQUEST");
        IsRefused(await sandbox.PostAsync(Widevine, message, headers: (Header, "{}")), HttpStatusCode.BadRequest, "MALFORMED_REQUEST");
        IsRefused(await sandbox.PostAsync(Widevine, message, headers: (Header, Base64("""{"userId":"u","sessionId":"s","merchant":"other"}"""))), HttpStatusCode.Forbidden, "ACCESS_DENIED");
        IsRefused(await sandbox.PostAsync(Widevine, [1], headers: (Header, Custom)), HttpStatusCode.BadRequest, "INVALID_LICENSE_CHALLENGE");
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static void IsRefused(ProviderSandbox.Reply reply, HttpStatusCode status, string text)
    {
        reply.Status.Should().Be(status);
        reply.Json.GetProperty("status").GetString().Should().Be(text);
        reply.Json.TryGetProperty("license", out _).Should().BeFalse();
        reply.Notes.Should().Contain("status");
    }
}

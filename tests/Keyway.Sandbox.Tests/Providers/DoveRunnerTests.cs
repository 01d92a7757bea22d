using System.Net;

namespace Keyway.Sandbox.Providers;

[Collection(ProviderSandboxes.Name)]
public sealed class DoveRunnerTests(ProviderSandbox sandbox)
{
    private const string License = "/providers/doverunner/license", Name = "pallycon-customdata-v2";

    [Theory]
    [InlineData("/providers/doverunner/license")]
    [InlineData("/providers/doverunner/widevine")]
    public async Task Token_in_header_or_query_brings_a_widevine_licence_and_the_certificate(string path)
    {
        string token = await sandbox.TokenAsync("doverunner");
        (byte[] msg, byte[] message) = sandbox.Ask();
        ProviderSandbox.Reply reply = await sandbox.PostAsync(path, message, headers: (Name, token));
        sandbox.IsLicense(reply.Body, msg);
        reply.Notes.Should().Be("documented");

        (msg, message) = sandbox.Ask();
        sandbox.IsLicense((await sandbox.PostAsync($"{path}?{Name}={token}", message)).Body, msg);
        sandbox.IsCertificate((await sandbox.PostAsync(path, [8, 4], headers: (Name, token))).Body);
    }

    [Fact]
    public async Task Certificate_is_at_an_address_of_its_own_too()
    {
        sandbox.IsCertificate((await sandbox.GetAsync("/providers/doverunner/certificate?siteId=KWAY")).Body);
        IsRefused(await sandbox.GetAsync("/providers/doverunner/certificate"));
    }

    [Fact]
    public async Task PlayReady_answer_is_base64()
    {
        string token = await sandbox.TokenAsync("doverunner");
        foreach (ProviderSandbox.Reply reply in (ProviderSandbox.Reply[])
            [
                await sandbox.PlayReadyAsync(License, headers: (Name, token)),
                await sandbox.PlayReadyAsync($"{License}?{Name}={token}"),
                await sandbox.PlayReadyAsync("/providers/doverunner/playready", token),
                await sandbox.PostAsync(License, System.Text.Encoding.UTF8.GetBytes(sandbox.PlayReadyChallenge()), "text/plain", (Name, token)),
                await sandbox.PostAsync(License, System.Text.Encoding.UTF8.GetBytes(sandbox.PlayReadyChallenge()), "", (Name, token)),
            ])
        {
            sandbox.IsPlayReadyLicense(System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(reply.Text)));
        }
    }

    [Fact]
    public async Task Refusals_come_under_200_with_a_number_and_a_sentence()
    {
        string token = await sandbox.TokenAsync("doverunner"), old = await sandbox.TokenAsync("doverunner", "?now=1&ttl=1");
        byte[] message = sandbox.Ask().Message;
        int missing = IsRefused(await sandbox.PostAsync(License, message)), bad = IsRefused(await sandbox.PostAsync(License, message, headers: (Name, "x")));
        int ended = IsRefused(await sandbox.PostAsync(License, message, headers: (Name, old))), challenge = IsRefused(await sandbox.PostAsync(License, [1], headers: (Name, token)));
        new[] { missing, bad, ended, challenge }.Should().OnlyHaveUniqueItems();
        IsRefused(await sandbox.PlayReadyAsync(License)).Should().Be(missing);
        IsRefused(await sandbox.PostAsync(License, "<x/>"u8.ToArray(), "text/xml", (Name, token))).Should().Be(challenge);
        IsRefused(await sandbox.PostAsync(License + "?refuse=7017", message, headers: (Name, token))).Should().Be(7017);
    }

    private static int IsRefused(ProviderSandbox.Reply reply)
    {
        (reply.Status, reply.ContentType, reply.Notes).Should().Be((HttpStatusCode.OK, "application/json", "assumed=errorCode"));
        reply.Json.EnumerateObject().Select(member => member.Name).Should().Equal("errorCode", "message");
        reply.Json.GetProperty("message").GetString().Should().NotBeEmpty();
        return reply.Json.GetProperty("errorCode").GetInt32();
    }
}

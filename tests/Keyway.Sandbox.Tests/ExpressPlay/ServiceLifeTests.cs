using System.Net;
using System.Text;
using System.Text.Json;
using Keyway.Sandbox.Widevine;
using WidevineClient = Keyway.Sandbox.Widevine.TestClient;

namespace Keyway.Sandbox.ExpressPlay;

/// <summary>What of the service outlives the process, what its options do, and what it does not say.</summary>
public sealed class ServiceLifeTests
{
    private const string Order = "kid=a0a1a2a3a4a5a6a7a8a9aaabacadaeaf&contentKey=b0b1b2b3b4b5b6b7b8b9babbbcbdbebf&securityLevel=1&hdcpOutputControl=0&errorFormat=json&customerAuthenticator=";
    private const string Own = "201722,00112233445566778899aabbccddeeff";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Authenticators_tokens_and_the_log_are_kept_with_the_data_and_nothing_secret_is_said()
    {
        string data = Path.Combine(Path.GetTempPath(), $"keyway-sandbox-{Guid.NewGuid():N}");
        try
        {
            string url, first;
            await using (SandboxProcess sandbox = await SandboxProcess.StartAsync("--data", data))
            {
                first = await File.ReadAllTextAsync(Path.Combine(data, "expressplay.json"), Token);
                url = ExpressPlaySandbox.Url(await sandbox.Http.GetStringAsync($"/hms/wv/token?{Order}{Authenticator(first)}&max_redemptions=2&cookie=c1", Token));
                await RedeemAsync(sandbox, url, HttpStatusCode.OK);
                (int code, string more, string errors) = await sandbox.EndAsync();

                (code, more).Should().Be((0, ""));
                errors.Should().Contain("token for Widevine with 1 keys");
                foreach (string secret in (string[])[ExpressPlaySandbox.TokenOf(url), Authenticator(first), "b0b1b2b3b4b5b6b7b8b9babbbcbdbebf"])
                {
                    errors.Should().NotContain(secret).And.NotContain(secret[(secret.Length / 2)..]);
                }
            }

            await using SandboxProcess again = await SandboxProcess.StartAsync("--data", data);
            string second = await File.ReadAllTextAsync(Path.Combine(data, "expressplay.json"), Token);
            Authenticator(second).Should().Be(Authenticator(first)).And.MatchRegex("^[0-9]{6},[0-9a-f]{32}$");
            string moved = $"/hms/wv/rights/?ExpressPlayToken={ExpressPlaySandbox.TokenOf(url)}";
            await RedeemAsync(again, moved, HttpStatusCode.OK);
            await RedeemAsync(again, moved, HttpStatusCode.Unauthorized);

            JsonElement log = JsonDocument.Parse(await again.Http.GetStringAsync("/expressplay/redemptions", Token)).RootElement.GetProperty("records");
            log.EnumerateArray().Select(one => (one.GetProperty("id").GetInt64(), one.GetProperty("count").GetInt32(), one.GetProperty("outcome").GetString()))
                .Should().Equal((1, 1, "redeemed"), (2, 2, "redeemed"), (3, 2, "redeemed-too-often"));
            string file = Path.Combine(data, "expressplay.json");
            (await File.ReadAllTextAsync(file, Token)).Should().NotContain(ExpressPlaySandbox.TokenOf(url)).And.NotContain("b0b1b2b3b4b5b6b7b8b9babbbcbdbebf");
            if (!OperatingSystem.IsWindows()) File.GetUnixFileMode(file).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task Options_set_authenticator_credits_codes_and_faults_for_all_requests()
    {
        await using SandboxProcess sandbox = await SandboxProcess.StartAsync(
            "--expressplay", $"test_authenticator={Own}&credits=1&license_query=id%3D7", "--fault", "/hms/wv/token=status:503,once", "--fault", "/hms/pr/token=cut");

        using HttpResponseMessage fault = await sandbox.Http.GetAsync($"/hms/wv/token?{Order}{Own}", Token);
        fault.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        Func<Task> cut = () => sandbox.Http.GetStringAsync("/hms/pr/token", Token);
        await cut.Should().ThrowAsync<HttpRequestException>();

        string url = ExpressPlaySandbox.Url(await sandbox.Http.GetStringAsync($"/hms/wv/token?{Order}{Own}", Token));
        url.Should().EndWith("&id=7");
        await RedeemAsync(sandbox, url, HttpStatusCode.OK);
        ExpressPlaySandbox.Error(await RedeemAsync(sandbox, url, HttpStatusCode.Unauthorized), -2019);   // making tokens is free, redeeming them is not
        using HttpResponseMessage empty = await sandbox.Http.GetAsync($"/hms/wv/token?{Order}{Own}", Token);
        ExpressPlaySandbox.Error(await empty.Content.ReadAsStringAsync(Token), -2019);
        JsonDocument.Parse(sandbox.ReadyLine).RootElement.TryGetProperty("production", out _).Should().BeFalse("no port was asked for");
    }

    [Theory]
    [InlineData("--expressplay", "test_authenticator=201722")]
    [InlineData("--expressplay", "credits=-1")]
    [InlineData("--expressplay", "token_code=-1")]
    [InlineData("--expressplay", "authenticator=201722,00112233445566778899aabbccddeeff")]
    [InlineData("--production-port", "65536")]
    [InlineData("--fault", "status:503")]
    [InlineData("--fault", "/hms/wv/token=stat")]
    public async Task Wrong_options_are_told_and_no_authenticator_with_them(string option, string value)
    {
        (int code, _, string errors) = await SandboxProcess.RunAsync(option, value);
        code.Should().Be(2);
        errors.Should().StartWith(option);
        if (option == "--expressplay") errors.Should().NotContain("00112233445566778899aabbccddeeff").And.NotContain("201722\n");
    }

    [Theory]
    [InlineData("{")]
    [InlineData("""{"secret":"AAAA","accounts":[]}""")]
    [InlineData("""{"secret":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","accounts":[{"name":"test","world":"test","authenticator":"201722,0011"}]}""")]
    [InlineData("""{"secret":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","accounts":[{"name":"test","world":"test","authenticator":"201722,00112233445566778899aabbccddeeff"}]}""")]
    public async Task File_of_another_form_is_told_by_name(string content)
    {
        DirectoryInfo data = Directory.CreateTempSubdirectory("keyway-sandbox-");
        try
        {
            string file = Path.Combine(data.FullName, "expressplay.json");
            await File.WriteAllTextAsync(file, content, Token);
            (int code, _, string errors) = await SandboxProcess.RunAsync("--data", data.FullName, "--port", "0");
            code.Should().Be(1);
            errors.Should().StartWith(file).And.Contain("not a file of this sandbox");
            errors.Should().NotContain("201722");
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    [Fact]
    public void Texts_of_what_holds_secrets_hold_none()
    {
        const string key = "b0b1b2b3b4b5b6b7b8b9babbbcbdbebf";
        GrantedRight right = new("a0a1a2a3a4a5a6a7a8a9aaabacadaeaf", Convert.FromHexString(key), "");
        TokenGrant grant = new() { System = TokenSystem.Widevine, World = World.Test, Account = "test", Expires = DateTimeOffset.UnixEpoch, Rights = [right] };
        Account account = new() { Name = "test", World = World.Test, Authenticator = Own };
        string token = new TokenSeal(new byte[32]).Seal(grant, account);
        object[] all =
        [
            right, grant, account, new KeyMaterial(right.Kid, right.Key), ServiceOptions.Read([new("test_authenticator", Own)]), TokenAnswer.Line(token, new EmulatorNotes()),
            new TokenParameters(new Dictionary<string, Microsoft.Extensions.Primitives.StringValues> { ["contentKey"] = key, ["customerAuthenticator"] = Own }),
        ];

        foreach (string text in all.Select(one => one.ToString()!)) text.Should().NotContain(key).And.NotContain(Own).And.NotContain(token).And.NotContain("System.Byte");
    }

    private static string Authenticator(string file) => JsonDocument.Parse(file).RootElement.GetProperty("accounts")[0].GetProperty("authenticator").GetString()!;

    private static async Task<string> RedeemAsync(SandboxProcess sandbox, string url, HttpStatusCode expected)
    {
        using WidevineClient client = await WidevineSandbox.CredentialAsync(sandbox.Http);
        using ByteArrayContent content = new(client.Sign(client.New(WidevineSandbox.Payload("a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"))));
        using HttpResponseMessage response = await sandbox.Http.PostAsync(url, content, Token);
        string body = Encoding.Latin1.GetString(await response.Content.ReadAsByteArrayAsync(Token));
        response.StatusCode.Should().Be(expected, body);
        return body;
    }
}

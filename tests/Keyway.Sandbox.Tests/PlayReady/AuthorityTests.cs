using System.Net;
using System.Text.Json;

namespace Keyway.Sandbox.PlayReady;

/// <summary>Root, trust and devices: made once, kept, and the user's alone.</summary>
public sealed class AuthorityTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Credential_of_the_command_line_opens_licences_of_the_sandbox_with_the_same_data()
    {
        string folder = Path.Combine(Path.GetTempPath(), $"keyway-playready-{Guid.NewGuid():N}"), data = Path.Combine(folder, "data"), output = Path.Combine(folder, "device");
        try
        {
            (int code, string printed, string errors) = await SandboxProcess.RunAsync("credential", "--system", "playready", "--out", output, "--data", data);
            code.Should().Be(0, errors);
            printed.Should().BeEmpty();
            Directory.GetFiles(output).Select(Path.GetFileName).Should().BeEquivalentTo("chain.bin", "sign_key.pem", "encrypt_key.pem");
            if (!OperatingSystem.IsWindows())
            {
                foreach (string file in Directory.GetFiles(output).Append(Path.Combine(data, "playready.json")))
                    File.GetUnixFileMode(file).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite, file);
                File.GetUnixFileMode(data).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }

            TestDevice device = new(
                await File.ReadAllBytesAsync(Path.Combine(output, "chain.bin"), Token),
                TestDevice.Pem(await File.ReadAllBytesAsync(Path.Combine(output, "sign_key.pem"), Token)),
                TestDevice.Pem(await File.ReadAllBytesAsync(Path.Combine(output, "encrypt_key.pem"), Token)));

            string? trust = null;
            for (int i = 0; i < 2; i++)   // started again, it is the same authority
            {
                await using SandboxProcess sandbox = await SandboxProcess.StartAsync("--data", data);
                string seen = await sandbox.Http.GetStringAsync("/trust", Token);
                JsonElement playready = JsonDocument.Parse(seen).RootElement.GetProperty("playready");
                (trust ??= playready.GetRawText()).Should().Be(playready.GetRawText());
                playready.EnumerateObject().Select(member => member.Name).Should().Equal("rootPublicKey", "serverEncryptionKey");
                TestClient client = new(sandbox.Http, device, playready.GetProperty("rootPublicKey").GetBytesFromBase64(), playready.GetProperty("serverEncryptionKey").GetBytesFromBase64());
                TestAnswer answer = await client.AskAsync(client.Challenge with { Header = TestChallenge.Of40(new Guid("6f651ae1-dbe4-4434-bcb4-690d1564c41c")) });
                answer.Licenses.Single().Open(device.Encrypt).Should().Equal(Convert.FromHexString("88da852ae4fa2e1e36aeb2d5c94997b1"));
            }

            (code, _, errors) = await SandboxProcess.RunAsync("credential", "--system", "playready", "--out", output, "--data", data);
            code.Should().Be(1);
            errors.Should().Contain("is there already");
        }
        finally
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Device_has_a_chain_to_the_root_and_what_was_asked_for()
    {
        await using SandboxProcess sandbox = await SandboxProcess.StartAsync();
        File.Exists(Path.Combine(sandbox.Data, "playready.json")).Should().BeFalse("no key is made before it is needed");

        foreach ((string query, uint level, uint[] features, uint expires) in new[]
        {
            ("", 150u, new uint[] { 4, 13 }, uint.MaxValue),
            ("?level=2000", 2000u, [4, 13], uint.MaxValue),
            ("?level=3000&features=4,9&expiration_time_seconds=2000000000", 3000u, [4, 9], 2000000000u),
        })
        {
            TestClient client = await TestClient.MakeAsync(sandbox.Http, query);
            TestCertificate[] chain = TestCertificate.Chain(client.Device.Chain);

            chain.Select(one => one.Type).Should().Equal(2u, 4u, 4u);
            chain.Should().OnlyContain(one => one.HasRightSignature);
            (chain[0].Level, chain[0].Expires).Should().Be((level, expires));
            chain[0].Body(5).Should().Equal([0, 0, 0, (byte)features.Length, .. features.SelectMany(feature => new byte[] { 0, 0, 0, (byte)feature })]);
            chain[0].KeyOf(1).Should().Equal(P256.Public(client.Device.Sign));
            chain[0].KeyOf(2).Should().Equal(P256.Public(client.Device.Encrypt));
            chain[0].IssuerKey.Should().Equal(chain[1].KeyOf(6));
            chain[1].IssuerKey.Should().Equal(chain[2].KeyOf(6));
            chain[2].IssuerKey.Should().Equal(client.Root);
            chain[0].Body(4).Should().Equal(0, 0, 0x28, 0, 0, 0, 0x3C, 0, 0, 0, 0, 2);
        }

        using HttpResponseMessage wrong = await sandbox.Http.PostAsync("/credential/playready?level=1000", null, Token);
        wrong.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        (await sandbox.Http.GetStringAsync("/", Token)).Should().Contain("POST /playready/rightsmanager.asmx").And.Contain("errorcode");
    }

    [Fact]
    public async Task File_of_another_form_is_told_by_name()
    {
        await using SandboxProcess sandbox = await SandboxProcess.StartAsync();
        string file = Path.Combine(sandbox.Data, "playready.json");
        await File.WriteAllTextAsync(file, "{}", Token);
        using HttpResponseMessage response = await sandbox.Http.PostAsync("/credential/playready", null, Token);
        response.StatusCode.Should().Be(HttpStatusCode.InternalServerError);
        (await response.Content.ReadAsStringAsync(Token)).Should().Contain(file);
    }

    [Fact]
    public async Task Log_tells_no_key()
    {
        await using SandboxProcess sandbox = await SandboxProcess.StartAsync();
        TestClient client = await TestClient.MakeAsync(sandbox.Http);
        await client.AskAsync("?cfg=(contentkey:0F0E0D0C0B0A09080706050403020155)");
        await client.AskAsync("?cfg=(contentkey:0F0E0D0C0B0A090807060504030201)");
        await client.AskAsync("?cfg=(sl:2000)");

        (_, _, string errors) = await sandbox.EndAsync();

        errors.Should().Contain("playready").And.Contain("0x8004A004").And.NotContainAny("0F0E0D", "0f0e0d", Convert.ToBase64String(client.Challenge.Nonce));
    }
}

using System.Security.Cryptography;
using System.Text;

namespace Keyway.Sandbox.Widevine;

/// <summary>The sandbox's own root, and what it issues.</summary>
public sealed class WidevineAuthorityTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("keyway-sandbox-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Several_that_start_at_once_agree_on_one_root()
    {
        // Each with its own view of the folder, as several processes have it; of a process's own threads, a lock lets one through.
        AuthorityKeys[] keys = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() => AuthorityKeys.Read(DataFolder.Open(_folder).ReadOrCreate("widevine.json", () => AuthorityKeys.Make(DateTimeOffset.UnixEpoch)).Content))));
        keys.Select(one => Convert.ToHexString(one.RootPublicKey)).Distinct().Should().ContainSingle();
        Directory.GetFiles(_folder).Select(Path.GetFileName).Should().Equal("widevine.json");
    }

    [Fact]
    public void File_of_another_form_is_told_by_name_and_kept()
    {
        string file = Path.Combine(_folder, "widevine.json");
        foreach (string text in new[] { "", "{}", "[]", """{ "root": { "key": "AAAA", "certificate": "AAAA" } }""", """{ "root": { "key": 1 } }""" })
        {
            File.WriteAllText(file, text);
            WidevineAuthority authority = new(DataFolder.Open(_folder), TimeProvider.System);
            authority.Invoking(one => one.Keys).Should().Throw<SandboxException>().WithMessage(file + "*");
            File.ReadAllText(file).Should().Be(text);
        }
    }

    [Fact]
    public void Nothing_is_made_before_it_is_needed()
    {
        _ = new WidevineAuthority(DataFolder.Open(_folder), TimeProvider.System).Help;
        Directory.GetFiles(_folder).Should().BeEmpty();
    }

    [Fact]
    public async Task Credential_is_issued_without_a_server_into_a_folder_of_its_own()
    {
        string data = Path.Combine(_folder, "data"), output = Path.Combine(_folder, "device");

        (int code, string text, string errors) = await SandboxProcess.RunAsync("credential", "--system", "widevine", "--out", output, "--data", data);

        (code, text, errors).Should().Be((0, "", ""));
        Directory.GetFiles(output).Select(Path.GetFileName).Should().BeEquivalentTo("private_key.pem", "client_id.bin");
        byte[] pem = await File.ReadAllBytesAsync(Path.Combine(output, "private_key.pem"), Token), id = await File.ReadAllBytesAsync(Path.Combine(output, "client_id.bin"), Token);
        Encoding.ASCII.GetString(pem).Should().StartWith("-----BEGIN PRIVATE KEY-----\n");

        // The certificate is of the key beside it, and its chain ends in the root of that data folder.
        AuthorityKeys keys = AuthorityKeys.Read(await File.ReadAllBytesAsync(Path.Combine(data, "widevine.json"), Token));
        WireMessage client = new(id), leaf = client.Message(2), facts = leaf.Message(1), model = leaf.Message(3);
        client.Number(1).Should().Be(1);
        using RSA key = RSA.Create(), modelKey = RSA.Create(), root = RSA.Create();
        key.ImportFromPem(Encoding.ASCII.GetString(pem));
        (key.KeySize, facts.Number(1), model.Message(1).Number(1)).Should().Be((2048, 2, 1));
        facts.Bytes(4).Should().Equal(key.ExportRSAPublicKey());
        facts.Number(5).Should().Be(model.Message(1).Number(5));
        modelKey.ImportRSAPublicKey(model.Message(1).Bytes(4), out _);
        root.ImportRSAPublicKey(keys.RootPublicKey, out _);
        modelKey.VerifyData(leaf.Bytes(1), leaf.Bytes(2), HashAlgorithmName.SHA1, RSASignaturePadding.Pss).Should().BeTrue();
        root.VerifyData(model.Bytes(1), model.Bytes(2), HashAlgorithmName.SHA1, RSASignaturePadding.Pss).Should().BeTrue();
        (leaf.Bytes(2).Length, model.Bytes(2).Length, model.Has(3)).Should().Be((256, 384, false), "the root does not travel");

        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(output).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            foreach (string file in Directory.GetFiles(output).Append(Path.Combine(data, "widevine.json"))) File.GetUnixFileMode(file).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        // A device that is there already stays.
        (code, _, errors) = await SandboxProcess.RunAsync("credential", "--system", "widevine", "--out", output, "--data", data);
        code.Should().Be(1);
        errors.Should().StartWith(Path.Combine(output, "private_key.pem"));
        (await File.ReadAllBytesAsync(Path.Combine(output, "private_key.pem"), Token)).Should().Equal(pem);
    }

    [Theory]
    [InlineData("--out", "x")]
    [InlineData("--system", "widevine")]
    [InlineData("--system", "none", "--out", "x", "--data", "DATA")]
    [InlineData("--system", "widevine", "--out")]
    [InlineData("--system", "widevine", "--to", "x")]
    public async Task Wrong_arguments_are_told_with_the_usage(params string[] args)
    {
        (int code, string output, string errors) = await SandboxProcess.RunAsync(["credential", .. args.Select(arg => arg == "DATA" ? _folder : arg)]);
        code.Should().Be(2);
        output.Should().BeEmpty();
        errors.Should().Contain("credential --system widevine --out DIR");
        Directory.Exists("x").Should().BeFalse();
    }

    [Fact]
    public async Task File_that_is_damaged_while_the_service_runs_is_told_by_the_service()
    {
        await using SandboxProcess sandbox = await SandboxProcess.StartAsync();
        await File.WriteAllTextAsync(Path.Combine(sandbox.Data, "widevine.json"), "{}", Token);
        foreach (HttpMethod method in new[] { HttpMethod.Get, HttpMethod.Post })
        {
            using HttpRequestMessage request = new(method, method == HttpMethod.Get ? "/trust" : "/widevine") { Content = method == HttpMethod.Get ? null : new ByteArrayContent([8, 4]) };
            using HttpResponseMessage response = await sandbox.Http.SendAsync(request, Token);
            response.StatusCode.Should().Be(System.Net.HttpStatusCode.InternalServerError);
            (await response.Content.ReadAsStringAsync(Token)).Should().Contain("data-folder").And.Contain("widevine.json");
        }
    }
}

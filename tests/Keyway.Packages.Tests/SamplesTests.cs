using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Keyway.Decryption;
using Keyway.Hosting;
using Keyway.Mp4;
using Keyway.Testing;

namespace Keyway.Packages;

/// <summary>The samples, run: a host that embeds Keyway, and a stranger's plugin dropped beside it.</summary>
[Collection(nameof(PackedCollection))]
public sealed class SamplesTests(Packed packed) : IAsyncDisposable
{
    private const string DeviceKey = "000102030405060708090a0b0c0d0e0f";

    private static readonly Dictionary<string, string> Keys =
        JsonNode.Parse(File.ReadAllText(Path.Combine(Corpus.Root, "samples", "keys.json")))!["keys"]!.AsArray().ToDictionary(static key => (string)key!["kid"]!, static key => (string)key!["key"]!);

    private readonly string _folder = Directory.CreateTempSubdirectory("keyway-embed-").FullName;
    private LoopbackServer? _server;

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Host_of_twenty_lines_writes_a_track_clear_with_a_token_of_its_own()
    {
        _server = new LoopbackServer(static request => Json(new JsonObject
        {
            ["keys"] = new JsonArray([.. JsonNode.Parse(request.Body)!["kids"]!.AsArray().Select(static kid => Jwk((string)kid!))]),
        }));
        JsonNode settings = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(packed.Embed, "appsettings.json"), TestContext.Current.CancellationToken))!;
        settings["Keyway"]!["Providers"]!["acme"]!["Endpoints"]!["clearkey"] = $"{_server.Address}clearkey";
        (int code, string said) = await RunAsync(settings);
        code.Should().Be(0, said);
        said.Should().Contain("Video avc1.64001e").And.NotContain("token for");
        LoopbackServer.Received request = _server.Requests.Should().ContainSingle().Subject;
        (request.Method, request.Path, request.Headers["X-Acme-Token"]).Should().Be(("POST", "/clearkey", "First token for clearkey"));
        await ShouldBeClearAsync();
    }

    [Fact]
    public async Task Strangers_key_system_and_provider_work_when_they_are_dropped_into_the_folder()
    {
        _server = new LoopbackServer(static request => Json(new JsonObject
        {
            ["keys"] = new JsonArray([.. JsonNode.Parse(request.Body)!["kids"]!.AsArray().Select(static kid => Wrapped((string)kid!))]),
            ["seconds"] = 60,
        }));
        (int code, string said) = await RunAsync(Acme(_server.Address));
        code.Should().Be(0, said);
        LoopbackServer.Received request = _server.Requests.Should().ContainSingle().Subject;
        (request.Headers["X-Acme-Tenant"], request.Headers["Authorization"], request.Headers["Content-Type"]).Should().Be(("north", "Bearer First token for acme", "application/json"));
        said.Should().NotContain(DeviceKey);
        await ShouldBeClearAsync();
    }

    [Fact]
    public async Task Strangers_refusal_ends_the_run_in_his_words()
    {
        _server = new LoopbackServer(static _ => new LoopbackServer.Answer(402, "text/plain", "pay"u8.ToArray()));
        (int code, string said) = await RunAsync(Acme(_server.Address));
        code.Should().NotBe(0);
        said.Should().Contain("the tenant has not paid");
    }

    private static JsonNode Acme(Uri server) => JsonNode.Parse(
        $$"""
        {
          "Keyway": {
            "Plugins": { "Directory": "plugins", "Allow": { "acme": {} } },
            "KeySystems": { "acme": { "Plugin": "acme", "Settings": { "DeviceKey": "secret:acme-device" } } },
            "Providers": { "acme": { "Plugin": "acme", "Settings": { "Tenant": "north" }, "Endpoints": { "acme": "{{server}}" } } }
          }
        }
        """)!;

    private static JsonObject Jwk(string kid)
    {
        string hex = Convert.ToHexStringLower(Base64Url.DecodeFromChars(kid));
        return new JsonObject { ["kty"] = "oct", ["kid"] = kid, ["k"] = Base64Url.EncodeToString(Convert.FromHexString(Keys[hex])) };
    }

    private static JsonObject Wrapped(string kid)
    {
        using Aes aes = Aes.Create();
        aes.Key = Convert.FromHexString(DeviceKey);
        string hex = kid.Replace("-", "", StringComparison.Ordinal);
        return new JsonObject { ["kid"] = kid, ["key"] = Convert.ToBase64String(aes.EncryptKeyWrapPadded(Convert.FromHexString(Keys[hex]))) };
    }

    private static LoopbackServer.Answer Json(JsonNode body) => new(200, "application/json", Encoding.UTF8.GetBytes(body.ToJsonString()));

    /// <summary>Runs the sample's program with settings of the test, the stranger's plugin beside it.</summary>
    private async Task<(int Code, string Said)> RunAsync(JsonNode settings)
    {
        foreach (string file in Directory.EnumerateFiles(packed.Embed, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(_folder, Path.GetRelativePath(packed.Embed, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        string plugin = Directory.CreateDirectory(Path.Combine(_folder, "plugins", "acme")).FullName;
        foreach (string file in Directory.EnumerateFiles(packed.Plugin)) File.Copy(file, Path.Combine(plugin, Path.GetFileName(file)));
        await File.WriteAllTextAsync(Path.Combine(_folder, "appsettings.json"), settings.ToJsonString(), TestContext.Current.CancellationToken);
        return await packed.RunAsync(
            _folder, "dotnet", [Path.Combine(_folder, "Embed.dll"), Path.Combine(Corpus.Root, "samples", "cenc", "manifest.mpd"), Path.Combine(_folder, "out.mp4")],
            new Dictionary<string, string> { ["KEYWAY_SECRET_ACME_DEVICE"] = DeviceKey });
    }

    [SuppressMessage("Security", "CA5351", Justification = "The tables hold MD5, as ffmpeg's framemd5 does.")]
    private async Task ShouldBeClearAsync()
    {
        await using FileStream file = File.OpenRead(Path.Combine(_folder, "out.mp4"));
        using Mp4Reader reader = await Mp4Reader.OpenAsync(file, "out.mp4", TestContext.Current.CancellationToken);
        List<string> rows = [];
        await foreach (ClearFragment fragment in reader.ReadAsync(new NoKeys(), null, TestContext.Current.CancellationToken))
            foreach (ClearSample sample in fragment.Samples) rows.Add($"{sample.Data.Length}\t{Convert.ToHexStringLower(MD5.HashData(sample.Data.Span))}");
        rows.Should().Equal(File.ReadLines(Path.Combine(Corpus.Root, "samples", "expected", "video-360.tsv")).Where(static line => line.Length > 0 && line[0] != '#').Select(static line => line[(line.IndexOf('\t') + 1)..]));
    }

    private sealed class NoKeys : IMediaKeys
    {
        public ValueTask<IFragmentDecryptor> LeaseAsync(FragmentNeeds needs, CancellationToken cancellationToken) => throw new InvalidOperationException("the output is protected");
    }
}

using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using Keyway.Testing;

namespace Keyway.Packages;

/// <summary>The image of a service, made by the SDK without a network: from a registry on loopback, on a base of a few bytes. It is read, and not run: that needs an engine.</summary>
/// <remarks>Needs Debian's docker-registry, umoci and skopeo. With <c>KEYWAY_CONTAINERS=required</c> it fails where they are not there, and else it skips.</remarks>
public sealed class ContainerTests : IDisposable
{
    private static readonly string[] Tools = ["docker-registry", "umoci", "skopeo"];
    private readonly string _folder = Directory.CreateTempSubdirectory("keyway-image-").FullName;
    private Process? _registry;

    public void Dispose()
    {
        if (_registry is not null)
        {
            _registry.Kill();
            _registry.WaitForExit();
            _registry.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>The services; every run takes the smallest, a long one all, each of them twice.</summary>
    public static TheoryData<string> Services => LongRun.IsOn ? ["sandbox", "cli", "fleet"] : ["sandbox"];

    [Theory]
    [MemberData(nameof(Services))]
    public async Task Image_of_a_service_has_an_entry_point_a_user_and_what_is_needed_and_nothing_else(string service)
    {
        foreach (string tool in Tools)
        {
            if ((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, tool)))) continue;
            if (Environment.GetEnvironmentVariable("KEYWAY_CONTAINERS") == "required") Assert.Fail($"{tool} is not installed, and KEYWAY_CONTAINERS says required");
            Assert.Skip($"needs {tool}");
        }

        string registry = await StartRegistryAsync();
        await MustRunAsync("umoci", ["init", "--layout", "base"]);
        await MustRunAsync("umoci", ["new", "--image", "base:latest"]);
        await MustRunAsync("umoci", ["config", "--image", "base:latest", "--os", "linux", "--architecture", "amd64"]);
        Directory.CreateDirectory(Path.Combine(_folder, "etc"));
        await File.WriteAllTextAsync(Path.Combine(_folder, "etc", "passwd"), "app:x:1654:1654::/home/app:/bin/false\n", TestContext.Current.CancellationToken);
        await MustRunAsync("umoci", ["insert", "--image", "base:latest", "etc", "/etc"]);
        await MustRunAsync("skopeo", ["copy", "--dest-tls-verify=false", "oci:base:latest", $"docker://{registry}/base:latest"]);

        SortedDictionary<string, string>[] images = new SortedDictionary<string, string>[LongRun.Times(2, 1)];
        for (int i = 0; i < images.Length; i++)
        {
            string archive = Path.Combine(_folder, $"image{i}.tar");
            await MustRunAsync(
                "dotnet",
                [
                    "publish", Path.Combine(Corpus.Root, "hosts", service), "-c", "Release", "-t:PublishContainer", $"-p:ContainerBaseImage={registry}/base:latest", $"-p:ContainerArchiveOutputPath={archive}",
                    // Beside the builds of the checkout, so that nothing of those changes.
                    $"-p:PublishDir={_folder}/publish/", "-p:RunAnalyzers=false", "-v", "q", "--nologo",
                ],
                ("DOTNET_CONTAINER_INSECURE_REGISTRIES", registry));
            images[i] = await ReadAsync(service, archive, i);
        }

        images[^1].Should().Equal(images[0], "the same source and base are the same files");
    }

    /// <summary>Reads an image: its configuration is checked, and the files of the layer that is ours are returned with their digests.</summary>
    private async Task<SortedDictionary<string, string>> ReadAsync(string service, string archive, int number)
    {
        string layout = Path.Combine(_folder, $"layout{number}");
        Directory.CreateDirectory(layout);
        await TarFile.ExtractToDirectoryAsync(archive, layout, overwriteFiles: false, TestContext.Current.CancellationToken);
        // An OCI layout: index, manifest, configuration.
        using JsonDocument index = await JsonAsync(Path.Combine(layout, "index.json"));
        JsonElement named = index.RootElement.GetProperty("manifests").EnumerateArray().Single();
        named.GetProperty("annotations").GetProperty("io.containerd.image.name").GetString().Should().EndWith($"/keyway/{(service == "cli" ? "keyway" : service)}:0.1.0");
        using JsonDocument manifest = await JsonAsync(Blob(layout, named));
        using JsonDocument document = await JsonAsync(Blob(layout, manifest.RootElement.GetProperty("config")));
        string program = $"Keyway.{char.ToUpperInvariant(service[0])}{service[1..]}";
        JsonElement config = document.RootElement.GetProperty("config");
        config.GetProperty("Entrypoint").EnumerateArray().Select(static each => each.GetString()).Should().Equal("dotnet", $"/app/{program}.dll");
        config.GetProperty("User").GetString().Should().Be("app", "not root");
        config.GetProperty("Env").EnumerateArray().Select(static each => each.GetString()).Should().Contain("DOTNET_DbgEnableMiniDump=0", "a dump would have keys in it");
        JsonElement labels = config.GetProperty("Labels");
        labels.GetProperty("org.opencontainers.image.licenses").GetString().Should().Be("Apache-2.0");
        labels.GetProperty("org.keyway.sbom").GetString().Should().Be($"{program}.cdx.json");

        SortedDictionary<string, string> files = new(StringComparer.Ordinal);
        await using FileStream layer = File.OpenRead(Blob(layout, manifest.RootElement.GetProperty("layers").EnumerateArray().Last()));
        await using GZipStream unpacked = new(layer, CompressionMode.Decompress);
        await using TarReader reader = new(unpacked);
        while (await reader.GetNextEntryAsync(copyData: true, TestContext.Current.CancellationToken) is { } entry)
            if (entry.DataStream is { } data) files.Add(entry.Name, Convert.ToHexString(await SHA256.HashDataAsync(data, TestContext.Current.CancellationToken)));
        files.Keys.Should().Contain($"app/{program}.dll");
        files.Keys.Should().NotContain(static name => name.EndsWith(".pdb", StringComparison.Ordinal) || name.EndsWith(".xml", StringComparison.Ordinal) || (name.Contains("appsettings", StringComparison.Ordinal) && name != "app/appsettings.json"));
        // What a service starts and loads lies beside it.
        if (service is "cli" or "fleet") files.Keys.Should().Contain(["app/appsettings.json", "app/plugins/clearkey/Keyway.ClearKey.dll", "app/plugins/widevine/Keyway.Widevine.dll", "app/sandbox/Keyway.Sandbox.dll"]);
        if (service == "cli") files.Keys.Should().Contain(["app/samples/cenc/manifest.mpd", "app/Keyway.Relay.dll"]);
        return files;
    }

    private static string Blob(string layout, JsonElement descriptor) => Path.Combine(layout, "blobs", descriptor.GetProperty("digest").GetString()!.Replace(':', '/'));

    private static async Task<JsonDocument> JsonAsync(string file) => JsonDocument.Parse(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));

    private async Task<string> StartRegistryAsync()
    {
        int port;
        using (TcpListener free = new(IPAddress.Loopback, 0))
        {
            free.Start();
            port = ((IPEndPoint)free.LocalEndpoint).Port;
        }

        await File.WriteAllTextAsync(
            Path.Combine(_folder, "registry.yml"),
            $"version: 0.1\nlog: {{ level: error }}\nstorage: {{ filesystem: {{ rootdirectory: {_folder}/registry }} }}\nhttp: {{ addr: 127.0.0.1:{port} }}\n",
            TestContext.Current.CancellationToken);
        _registry = Process.Start(new ProcessStartInfo("docker-registry", ["serve", Path.Combine(_folder, "registry.yml")]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        using HttpClient http = new();
        await Eventually.Is(() => Answers(http, port));
        return $"127.0.0.1:{port}";
    }

    private static bool Answers(HttpClient http, int port)
    {
        try
        {
            using HttpResponseMessage answer = http.Send(new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{port}/v2/"));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private async Task MustRunAsync(string program, IReadOnlyList<string> arguments, params (string Name, string Value)[] environment)
    {
        ProcessStartInfo start = new(program, arguments) { WorkingDirectory = _folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> said = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        (await said + await error).Should().Match(text => process.ExitCode == 0, "{0} {1} ended with {2}", program, string.Join(' ', arguments), process.ExitCode);
    }
}

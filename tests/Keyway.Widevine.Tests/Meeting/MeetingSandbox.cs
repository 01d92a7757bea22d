using System.Diagnostics;
using System.Text.Json;
using Keyway.Plugins;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;

namespace Keyway.Widevine.Meeting;

/// <summary>The sandbox beside this program, started as a process, and a device that it has issued. Every wait is bounded.</summary>
public sealed class MeetingSandbox : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _data = Directory.CreateTempSubdirectory("keyway-meeting-").FullName;
    private readonly Dictionary<string, byte[]> _secrets = [];
    private Process? _process;
    private string _root = "";

    /// <summary>The keys that it gives: those of the bundled sample.</summary>
    internal static IReadOnlyList<(string Label, KeyId Id, byte[] Key)> ContentKeys { get; } = ReadKeys();

    public HttpClient Http { get; } = new() { Timeout = Patience };

    public Uri Url => new(Http.BaseAddress!, "widevine");

    public async ValueTask InitializeAsync()
    {
        string assembly = Path.Combine(AppContext.BaseDirectory, "sandbox", "Keyway.Sandbox.dll");
        string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host : "dotnet";
        _process = Process.Start(new ProcessStartInfo(dotnet, [assembly, "--port", "0", "--data", _data, "--ready", "-"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginErrorReadLine();
        string ready = await _process.StandardOutput.ReadLineAsync().WaitAsync(Patience) ?? throw new InvalidOperationException("the sandbox ended at once");
        Http.BaseAddress = new Uri(JsonDocument.Parse(ready).RootElement.GetProperty("url").GetString()!);

        using HttpResponseMessage device = await Http.PostAsync(new Uri("credential/widevine", UriKind.Relative), null);
        using JsonDocument files = JsonDocument.Parse(await device.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync());
        _secrets["key"] = files.RootElement.GetProperty("private_key.pem").GetBytesFromBase64();
        _secrets["client"] = files.RootElement.GetProperty("client_id.bin").GetBytesFromBase64();
        using JsonDocument trust = JsonDocument.Parse(await Http.GetByteArrayAsync(new Uri("trust", UriKind.Relative)));
        _root = trust.RootElement.GetProperty("widevine").GetProperty("rootPublicKey").GetString()!;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (_process is not null)
        {
            _process.StandardInput.Close();
            try
            {
                await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10));
            }
            catch (TimeoutException)
            {
                _process.Kill();
                await _process.WaitForExitAsync();
            }

            _process.Dispose();
        }

        Directory.Delete(_data, recursive: true);
    }

    /// <summary>The real key system with the sandbox's device, started.</summary>
    internal async Task<WidevineKeySystem> StartAsync(TimeProvider clock, params (string Name, string Value)[] more)
    {
        Dictionary<string, string?> settings = new()
        {
            ["w:PrivateKey"] = "secret:key",
            ["w:ClientId"] = "secret:client",
            ["w:Roots:sandbox:PublicKey"] = _root,
            ["w:Roots:sandbox:Development"] = "true",
        };
        foreach ((string name, string value) in more) settings["w:" + name] = value;
        IConfigurationRoot root = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        WidevineKeySystem system = new(WidevineOptions.Read(root.GetSection("w")), new PluginContext
        {
            PluginId = "widevine",
            Settings = root.GetSection("none"),
            Logging = NullLoggerFactory.Instance,
            Events = Substitute.For<Keyway.Messaging.IEventSource>(),
            Secrets = new Secrets(_secrets),
            Http = Http,
            Clock = clock,
        });
        await system.StartAsync(CancellationToken.None);
        return system;
    }

    /// <summary>Asks it, with its clock set to this one.</summary>
    internal async Task<(int Status, byte[] Body)> PostAsync(byte[] challenge, TimeProvider clock, string query)
    {
        using ByteArrayContent content = new(challenge);
        using HttpResponseMessage answer = await Http.PostAsync(new Uri($"{Url}?now={clock.GetUtcNow().ToUnixTimeSeconds()}{query}"), content);
        return ((int)answer.StatusCode, await answer.Content.ReadAsByteArrayAsync());
    }

    /// <summary>A header that asks for keys.</summary>
    internal static byte[] Payload(params IEnumerable<KeyId> ids)
    {
        Issuing.Proto payload = new();
        foreach (KeyId id in ids) payload.Bytes(2, Convert.FromHexString(id.ToString().Replace("-", "", StringComparison.Ordinal)));
        return payload;
    }

    private static List<(string Label, KeyId Id, byte[] Key)> ReadKeys()
    {
        using JsonDocument keys = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "meeting", "keys.json")));
        return [.. keys.RootElement.GetProperty("keys").EnumerateArray().Select(key =>
        {
            KeyId.TryParse(key.GetProperty("kid").GetString(), out KeyId id).Should().BeTrue();
            return (key.GetProperty("label").GetString()!, id, Convert.FromHexString(key.GetProperty("key").GetString()!));
        })];
    }
}

/// <summary>One sandbox for all that meet.</summary>
[CollectionDefinition(nameof(MeetingCollection))]
public sealed class MeetingCollection : ICollectionFixture<MeetingSandbox>;

using System.Buffers;
using System.Diagnostics;
using System.Text.Json;
using Keyway.Licensing;
using Keyway.PlayReady.Issuer;
using Keyway.Plugins;
using Microsoft.Extensions.Logging.Abstractions;

namespace Keyway.PlayReady.Meeting;

/// <summary>The sandbox beside this program, started as a process, and a device that it has issued. Every wait is bounded.</summary>
public sealed class MeetingSandbox : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _data = Directory.CreateTempSubdirectory("keyway-meeting-").FullName;
    private Process? _process;
    private string _root = "";
    private string _serverKey = "";

    public HttpClient Http { get; } = new() { Timeout = Patience };

    public Uri Url => new(Http.BaseAddress!, "playready/rightsmanager.asmx");

    internal Device Device { get; private set; } = new([], [], []);

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
        Device = await IssueAsync();
        using JsonDocument trust = JsonDocument.Parse(await Http.GetByteArrayAsync(new Uri("trust", UriKind.Relative)));
        JsonElement service = trust.RootElement.GetProperty("playready");
        (_root, _serverKey) = (service.GetProperty("rootPublicKey").GetString()!, service.GetProperty("serverEncryptionKey").GetString()!);
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

    /// <summary>Has a further device issued.</summary>
    internal async Task<Device> IssueAsync(string query = "")
    {
        using HttpResponseMessage answer = await Http.PostAsync(new Uri("credential/playready" + query, UriKind.Relative), null);
        using JsonDocument files = JsonDocument.Parse(await answer.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync());
        byte[] Of(string name) => files.RootElement.GetProperty(name).GetBytesFromBase64();
        return new Device(Of("chain"), Of("signKey"), Of("encryptKey"));
    }

    internal PlayReadyOptions Options(params IEnumerable<(string Name, string Value)> more) => TestWorld.Read(
        [
            ("Chain", "secret:chain"), ("SignKey", "secret:sign"), ("EncryptKey", "secret:encrypt"), ("ServerKey", _serverKey),
            ("Roots:sandbox:PublicKey", _root), ("Roots:sandbox:Development", "true"), .. more,
        ]);

    /// <summary>The real key system with a device of the sandbox's, started.</summary>
    internal async Task<PlayReadyKeySystem> StartAsync(TimeProvider clock, params IEnumerable<(string Name, string Value)> more) => await StartAsync(Device, clock, more);

    internal async Task<PlayReadyKeySystem> StartAsync(Device device, TimeProvider clock, params IEnumerable<(string Name, string Value)> more)
    {
        PlayReadyKeySystem system = new(Options(more), device, clock, NullLogger.Instance);
        await system.StartAsync(CancellationToken.None);
        return system;
    }

    /// <summary>Asks it, with its clock set to this one.</summary>
    /// <param name="challenge">The challenge.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="query">Parameters, each with its <c>&amp;</c>.</param>
    internal async Task<byte[]> PostAsync(byte[] challenge, TimeProvider clock, string query)
    {
        using ByteArrayContent content = new(challenge);
        using HttpResponseMessage answer = await Http.PostAsync(new Uri($"{Url}?now={clock.GetUtcNow().ToUnixTimeSeconds()}{query}"), content);
        byte[] body = await answer.Content.ReadAsByteArrayAsync();
        ((int)answer.StatusCode).Should().Be(200, System.Text.Encoding.UTF8.GetString(body));
        return body;
    }

    /// <summary>One exchange up to the answer.</summary>
    internal async Task<byte[]> AskAsync(ILicenseSession session, TimeProvider clock, string query)
    {
        ArrayBufferWriter<byte> written = new();
        await session.WriteChallengeAsync(new ChallengeRequest { Kind = ChallengeKind.License }, written, CancellationToken.None);
        return await PostAsync(written.WrittenSpan.ToArray(), clock, query);
    }
}

/// <summary>A device, as the reader of secrets gives it.</summary>
internal sealed record Device(byte[] Chain, byte[] SignKey, byte[] EncryptKey) : ISecretReader
{
    public ValueTask<IMemoryOwner<byte>> ReadAsync(string name, CancellationToken cancellationToken) =>
        new(new Owner([.. name switch { "chain" => Chain, "sign" => SignKey, "encrypt" => EncryptKey, _ => throw new SecretException(name, "no such secret") }]));

    private sealed class Owner(byte[] bytes) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory => bytes;

        public void Dispose() => Array.Clear(bytes);
    }
}

/// <summary>Shorter words for the tests that meet.</summary>
internal static class Meetings
{
    public static async Task<LicenseOutcome> GiveAsync(this ILicenseSession session, byte[] body) => await session.AcceptAsync(TestWorld.Http(body), CancellationToken.None);

    public static async Task<LicenseServiceException> RefusedAsync(this ILicenseSession session, byte[] body) =>
        (await FluentActions.Awaiting(() => session.GiveAsync(body)).Should().ThrowAsync<LicenseServiceException>()).Which;

    /// <summary>A header as content would carry it: a PlayReady Object in a pssh box.</summary>
    public static ProtectionHeader Header(string markup) => PlayReadyHeader.Read(PlayReadyHeaderTests.Pssh(PlayReadyHeaderTests.Pro(markup)));

    /// <summary>The order that PlayReady's texts have.</summary>
    public static Guid GuidOf(KeyId id)
    {
        byte[] bytes = new byte[16];
        id.Write(bytes);
        return new Guid(bytes, bigEndian: true);
    }
}

/// <summary>One sandbox for all that meet.</summary>
[CollectionDefinition(nameof(MeetingCollection))]
public sealed class MeetingCollection : ICollectionFixture<MeetingSandbox>;

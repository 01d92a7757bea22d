using System.Buffers;
using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.Plugins;
using Keyway.Widevine.Issuing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using NSubstitute;

namespace Keyway.Widevine;

/// <summary>Writes down what a session says to the framework.</summary>
internal sealed class RecordingHost : ISessionHost
{
    public Dictionary<KeyId, string> Keys { get; } = [];

    public Dictionary<KeyId, KeyPolicy> Policies { get; } = [];

    public Dictionary<KeyId, KeyStatus> Statuses { get; } = [];

    public int Calls { get; private set; }

    public void Import(KeyId id, ReadOnlySpan<byte> key, KeyPolicy policy)
    {
        Calls++;
        key.Length.Should().Be(16);
        Keys[id] = Convert.ToHexStringLower(key);
        Policies[id] = policy;
    }

    public void UpdatePolicy(KeyId id, KeyPolicy policy)
    {
        Calls++;
        Keys.Should().ContainKey(id);
        Policies[id] = policy;
    }

    public void SetStatus(KeyId id, KeyStatus status)
    {
        Calls++;
        Statuses[id] = status;
    }

    public void RequestExchange(ChallengeKind kind) => Calls++;

    public void Close(LicenseErrorKind reason) => Calls++;

    public override string ToString() => string.Join('\n', Keys.OrderBy(key => key.Key.Value).Select(key => $"{key.Key} {key.Value} {Show(Policies[key.Key])}"));

    /// <summary>Every value of a policy, lists included: records compare lists by reference.</summary>
    public static string Show(KeyPolicy policy) => string.Join(' ', (object?[])
    [
        policy.NotBefore, policy.NotAfter, policy.FirstUseBefore, policy.AfterFirstUse, policy.FirstUseGrace, policy.MayFinish, policy.RenewAt, policy.RenewEvery,
        policy.RenewOnFirstUse, policy.RenewalGrace, policy.MayPersist, policy.Output.ClearExport, policy.Output.Hdcp, policy.Output.Levels,
        .. policy.Output.Resolutions.Select(rule => $"[{rule.MinPixels} {rule.MaxPixels} {rule.Hdcp}]"),
        .. policy.Output.Restrictions.Select(restriction => $"<{restriction.Id} {Convert.ToHexStringLower(restriction.Data.Span)}>"),
    ]);
}

internal sealed class TestClock : TimeProvider
{
    public DateTimeOffset Now { get; set; } = DateTimeOffset.FromUnixTimeSeconds(1_750_000_000);

    public override DateTimeOffset GetUtcNow() => Now;
}

internal sealed class Secrets(IReadOnlyDictionary<string, byte[]> secrets) : ISecretReader
{
    public List<byte[]> Given { get; } = [];

    public ValueTask<IMemoryOwner<byte>> ReadAsync(string name, CancellationToken cancellationToken)
    {
        if (!secrets.TryGetValue(name, out byte[]? secret)) throw new SecretException(name, "no such secret");
        byte[] copy = [.. secret];
        Given.Add(copy);
        return new(new Owner(copy));
    }

    private sealed class Owner(byte[] bytes) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory => bytes;

        public void Dispose() => Array.Clear(bytes);
    }
}

internal sealed class ListLogger : ILoggerFactory, ILogger
{
    public List<string> Lines { get; } = [];

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) { }

    public void Dispose() { }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (Lines) Lines.Add(formatter(state, exception));
    }
}

/// <summary>One key system with a throw-away device, and a way to talk to it.</summary>
internal sealed class Bench
{
    public TestClock Clock { get; } = new();

    public ListLogger Logger { get; } = new();

    public Dictionary<string, byte[]> SecretValues { get; } = new()
    {
        ["key"] = TestPki.Device.ExportPkcs8PrivateKey(),
        ["client"] = TestPki.ClientId,
    };

    public Dictionary<string, string?> Settings { get; } = new()
    {
        ["PrivateKey"] = "secret:key",
        ["ClientId"] = "secret:client",
        ["Roots:test:PublicKey"] = TestPki.RootText,
        ["Roots:test:Development"] = "true",
    };

    public Issuer Issuer { get; } = new();

    public static byte[] Kid { get; } = Convert.FromHexString("00112233445566778899aabbccddeeff");

    public static byte[] Pssh { get; } = new Proto().Bytes(2, Kid).Number(9, 0x63656E63);

    public WidevineKeySystem Create()
    {
        IConfigurationSection section = new ConfigurationBuilder()
            .AddInMemoryCollection(Settings.Select(pair => KeyValuePair.Create($"Keyway:KeySystems:widevine:Settings:{pair.Key}", pair.Value))).Build()
            .GetSection("Keyway:KeySystems:widevine:Settings");
        return new WidevineKeySystem(WidevineOptions.Read(section), Context(new Secrets(SecretValues)));
    }

    public PluginContext Context(ISecretReader secrets) => new()
    {
        PluginId = "widevine",
        Settings = new ConfigurationBuilder().Build().GetSection("none"),
        Logging = Logger,
        Events = Substitute.For<IEventSource>(),
        Secrets = secrets,
        Http = new HttpMessageInvoker(new HttpClientHandler()),
        Clock = Clock,
    };

    public async Task<WidevineKeySystem> StartAsync()
    {
        WidevineKeySystem system = Create();
        await system.StartAsync(CancellationToken.None);
        return system;
    }

    public async Task<(ILicenseSession Session, RecordingHost Host)> OpenAsync(SessionRequest? request = null, WidevineKeySystem? system = null)
    {
        RecordingHost host = new();
        system ??= await StartAsync();
        ILicenseSession session = await system.OpenSessionAsync(request ?? Request(Pssh), host, CancellationToken.None);
        return (session, host);
    }

    public static SessionRequest Request(params byte[][] payloads) => new()
    {
        Headers = [.. payloads.Select(Header)],
    };

    public static ProtectionHeader Header(byte[] payload) => new() { System = WidevineConstants.System, Data = payload };

    public static LicenseAnswer Answer(byte[] body, int status = 200) => new() { Status = status, Body = new ReadOnlySequence<byte>(body) };
}

internal static class SessionSteps
{
    public static async Task<(byte[] Bytes, ChallengeInfo Info)> AskAsync(this ILicenseSession session, ChallengeKind kind = ChallengeKind.License)
    {
        ArrayBufferWriter<byte> written = new();
        ChallengeInfo info = await session.WriteChallengeAsync(new ChallengeRequest { Kind = kind }, written, CancellationToken.None);
        return (written.WrittenSpan.ToArray(), info);
    }

    public static async Task<LicenseOutcome> GiveAsync(this ILicenseSession session, byte[] body) =>
        await session.AcceptAsync(Bench.Answer(body), CancellationToken.None);

    public static async Task<LicenseServiceException> RefusedAsync(this ILicenseSession session, byte[] body) =>
        (await FluentActions.Awaiting(() => session.GiveAsync(body)).Should().ThrowAsync<LicenseServiceException>()).Which;

    /// <summary>Asks, has it issued, and accepts.</summary>
    public static async Task<LicenseOutcome> LicenseAsync(this ILicenseSession session, Issuer issuer, IssuedLicense license) =>
        await session.GiveAsync(issuer.Issue((await session.AskAsync()).Bytes, license));

    public static async Task<byte[]?> SavedAsync(this ILicenseSession session)
    {
        ArrayBufferWriter<byte> written = new();
        return await session.SaveAsync(written, CancellationToken.None) ? written.WrittenSpan.ToArray() : null;
    }
}

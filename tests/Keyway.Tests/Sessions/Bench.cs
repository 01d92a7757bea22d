using System.Collections.Concurrent;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Licensing.Steps;
using Keyway.Messaging;
using Keyway.Testing;
using Microsoft.Extensions.Configuration;

namespace Keyway.Sessions;

/// <summary>An engine with a fake key system, a fake licence service and a clock that stands.</summary>
internal sealed class Bench : IAsyncDisposable
{
    public static readonly Uri LicenseUrl = new("https://license.example/acquire");

    private readonly ConcurrentQueue<object> _facts = new();

    public Bench(Action<SessionEngineOptions>? inspect = null, TimeSpan? grace = null, params (string Path, string Value)[] provider)
        : this(new ManualClock(), store: null, inspect, grace, provider)
    {
    }

    public Bench(ManualClock clock, ILicenseStore? store, Action<SessionEngineOptions>? inspect = null, TimeSpan? grace = null, params (string Path, string Value)[] provider)
    {
        Clock = clock;
        Vault = new ContentKeyVault(Clock);
        SessionEngineOptions options = new() { Vault = Vault, Bus = Bus, Clock = Clock, Grace = grace ?? TimeSpan.FromSeconds(3), Store = store };
        inspect?.Invoke(options);
        Hear<ProtectionDetected>();
        Hear<LicenseNeeded>();
        Hear<ChallengeReady>();
        Hear<LicenseReceived>();
        Hear<KeysChanged>();
        Hear<SessionStateChanged>();
        Hear<SessionFailed>();
        Engine = new SessionEngine(options);
        IConfigurationSection section = Settings.Section("Providers:acme", provider.Length > 0 ? provider :
        [
            ("Endpoints:fake", LicenseUrl.AbsoluteUri), ("Pipeline:0:Use", "challenge"),
        ]);
        Service = LicenseService.Read(section, provider: null, new LicenseSteps(), Settings.Context(Clock), Server);
    }

    public ManualClock Clock { get; }

    public InProcessBus Bus { get; } = new();

    public ContentKeyVault Vault { get; }

    public SessionEngine Engine { get; }

    public FakeKeySystem System { get; init; } = new();

    public FakeLicenseServer Server { get; } = new();

    public LicenseService Service { get; }

    public IEnumerable<T> Facts<T>() => _facts.OfType<T>();

    public static KeyId Kid(int number) => new((UInt128)(ulong)number);

    public static WantedKey Want(int number) => new() { Id = Kid(number), Scheme = ProtectionScheme.Cenc };

    public KeyRingSession Join(string? scope = null, Func<KeyRingOptions, KeyRingOptions>? change = null)
    {
        KeyRingOptions options = new() { Presentation = PresentationId.Create(), KeySystem = System, Service = Service, SharingScope = scope };
        return Engine.Join(change is null ? options : change(options));
    }

    /// <summary>A ring that needs keys which the service knows.</summary>
    public async Task<KeyRingSession> PlayAsync(params int[] kids)
    {
        KeyRingSession ring = Join();
        foreach (int kid in kids) Server.Add(Kid(kid));
        await ring.NeedAsync([FakeKeySystem.Header([.. kids.Select(Kid)])], [.. kids.Select(Want)], CancellationToken.None);
        return ring;
    }

    public static ValueTask WaitAsync(KeyRingSession ring, params int[] kids) =>
        ring.WaitAsync([.. kids.Select(Kid)], OutputCapabilities.None, null, CancellationToken.None);

    /// <summary>Decrypts with a key, as a reader of the ring does.</summary>
    public DecryptStatus Use(KeyRingSession ring, int kid)
    {
        using IFragmentDecryptor lease = new SampleDecryptor(Vault, ring.Ring, OutputCapabilities.None).LeaseFragment();
        return lease.Decrypt(new byte[16], new SampleProtection { Scheme = ProtectionScheme.Cenc, KeyId = Kid(kid), InitializationVector = new byte[8] });
    }

    public static SessionState StateOf(KeyRingSession ring) => ring.Reports[0].State;

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        Vault.Dispose();
    }

    private void Hear<T>()
        where T : IKeywayEvent
        => Bus.Subscriber<T>().Subscribe(fact => _facts.Enqueue(fact));
}

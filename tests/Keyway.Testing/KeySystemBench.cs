using System.Collections.Concurrent;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Licensing.Steps;
using Keyway.Licensing.Transport;
using Keyway.Messaging;
using Keyway.Plugins;
using Keyway.Sessions;

namespace Keyway.Testing;

/// <summary>
/// A key system in the engine that runs it, for one presentation: its sessions and their life, a licence service over HTTP or a handler that speaks for one, keys where the
/// engine keeps them, samples decrypted. For tests of key systems; no content and no configuration.
/// </summary>
/// <remarks>Threads: any. Ownership: the test's; it disposes the handler after this, and the key system is the test's, too.</remarks>
public sealed class KeySystemBench : IAsyncDisposable
{
    private readonly InProcessBus _bus = new();
    private readonly ConcurrentQueue<SessionFailed> _failures = new();
    private readonly ContentKeyVault _vault;
    private readonly SessionEngine _engine;
    private readonly KeyRingSession _ring;
    private readonly HttpMessageInvoker _http;

    /// <summary>Makes one. No session is opened before keys are needed.</summary>
    /// <param name="keySystem">The key system.</param>
    /// <param name="service">The address of the licence service.</param>
    /// <param name="wire">What its requests go through. Ownership: the test's.</param>
    /// <param name="clock">The clock that licences run by.</param>
    /// <param name="secrets">The secrets that steps of the pipeline may read; <see langword="null"/>: none.</param>
    /// <param name="kind">How long licences may live.</param>
    /// <param name="store">Where licences are stored that may be; <see langword="null"/>: nowhere.</param>
    public KeySystemBench(
        IKeySystem keySystem, Uri service, HttpMessageHandler wire, TimeProvider clock, ISecretReader? secrets = null, SessionKind kind = SessionKind.Temporary, ILicenseStore? store = null)
    {
        ArgumentNullException.ThrowIfNull(keySystem);
        ArgumentNullException.ThrowIfNull(service);
        _vault = new ContentKeyVault(clock);
        _bus.Subscriber<SessionFailed>().Subscribe(_failures.Enqueue);
        _engine = new SessionEngine(new SessionEngineOptions { Vault = _vault, Bus = _bus, Clock = clock, Store = store });
        _http = new HttpMessageInvoker(wire, disposeHandler: false);
        Dictionary<string, string> settings = new(StringComparer.OrdinalIgnoreCase)
        {
            [$"test:Endpoints:{keySystem.Descriptor.Name}"] = service.AbsoluteUri,
            ["test:Pipeline:0:Use"] = "challenge",
        };
        StepContext context = new() { Clock = clock, Secrets = secrets ?? new NoSecrets() };
        _ring = _engine.Join(new KeyRingOptions
        {
            Presentation = PresentationId.Create(),
            KeySystem = keySystem,
            Service = LicenseService.Read(new TestSettings("test", settings), provider: null, new LicenseSteps(), context, new HttpLicenseTransport(_http)),
            Kind = kind,
        });
    }

    /// <summary>What may be known of the sessions, in the order in which they were opened.</summary>
    public IReadOnlyList<SessionReport> Sessions => _ring.Reports;

    /// <summary>The failures that were published.</summary>
    public IReadOnlyList<SessionFailed> Failures => [.. _failures];

    /// <summary>Says what content needs, as a reader does whenever it comes to a fragment. Does not wait for licences.</summary>
    /// <param name="headers">Headers, as the key system has read them.</param>
    /// <param name="keys">The keys.</param>
    /// <returns>A task that ends when each key has a session that brings it.</returns>
    public ValueTask NeedAsync(IReadOnlyList<ProtectionHeader> headers, params IReadOnlyList<WantedKey> keys) => _ring.NeedAsync(headers, keys, CancellationToken.None);

    /// <summary>Waits until a key may be used.</summary>
    /// <param name="id">The key.</param>
    /// <param name="sink">Where samples go; <see langword="null"/>: nobody knows.</param>
    /// <param name="pixels">The frame size of a video track (width × height); <see langword="null"/>: not video.</param>
    /// <returns>A task that ends when it may.</returns>
    /// <exception cref="KeyUnavailableException">It will not be there.</exception>
    public ValueTask WaitAsync(KeyId id, OutputCapabilities? sink = null, long? pixels = null) => _ring.WaitAsync([id], sink ?? OutputCapabilities.None, pixels, CancellationToken.None);

    /// <summary>Says that a key is about to be used: of a licence that is stored its first use is noted.</summary>
    /// <param name="id">The key.</param>
    /// <returns>A task that ends when it may be used.</returns>
    public ValueTask BeginUseAsync(KeyId id) => _ring.BeginUseAsync([id], OutputCapabilities.None, null, CancellationToken.None);

    /// <inheritdoc cref="VaultSessionHost.Decrypt"/>
    public DecryptStatus Decrypt(KeyId id, ReadOnlySpan<byte> key, ProtectionScheme scheme = ProtectionScheme.Cenc, OutputCapabilities? sink = null, long? pixels = null) =>
        KnownSample.Decrypt(_vault, _ring.Ring, id, key, scheme, sink ?? OutputCapabilities.None, pixels);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _ring.DisposeAsync().ConfigureAwait(false);
        await _engine.DisposeAsync().ConfigureAwait(false);
        _vault.Dispose();
        _http.Dispose();
    }
}

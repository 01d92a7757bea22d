using System.Collections.Concurrent;
using System.Collections.Frozen;
using Keyway.Content;
using Keyway.Hosting.Configuration;
using Keyway.Hosting.Plugins;
using Keyway.Licensing;
using Keyway.Licensing.Configuration;
using Keyway.Messaging;
using Keyway.Protection;
using Keyway.Sessions;
using Keyway.Sources;
using Keyway.Timeline;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Keyway.Hosting;

/// <summary>Keyway as configuration describes it: plugins loaded, key systems and providers made, an engine over them.</summary>
/// <remarks>
/// <para>Threads: any. The first call that needs it starts it; a generic host starts it with the application.</para>
/// <para>Ownership: who creates it disposes it, after the presentations that it opened.</para>
/// </remarks>
public sealed partial class KeywayHost : IKeyway, IHostedService, IAsyncDisposable, IDisposable
{
    private readonly KeywayHostOptions _host;
    private readonly IConfigurationSection _section;
    private readonly ILoggerFactory _logging;
    private readonly ILogger _logger;
    private readonly IMessageBus _bus;
    private readonly MirrorBus _events;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly CancellationTokenSource _ending = new();
    private readonly FileLicenseStore? _ownStore;

    // One a plugin, whatever its version: two versions of it that are loaded beside each other share what is kept.
    private readonly ConcurrentDictionary<string, PluginStorage> _storage = new(StringComparer.Ordinal);
    private IConfigurationSection _read;
    private HostHttp? _http;
    private PluginHost? _plugins;
    private HostBuild? _build;
    private HostRecording? _recording;
    private bool _disposed;

    /// <summary>Reads and checks configuration. Nothing is loaded yet.</summary>
    /// <param name="section">The section <c>Keyway</c>.</param>
    /// <param name="host">What the host adds in code; <see langword="null"/>: nothing.</param>
    /// <exception cref="KeywayConfigurationException">Something is wrong; every mistake is reported.</exception>
    public KeywayHost(IConfigurationSection section, KeywayHostOptions? host = null)
    {
        ArgumentNullException.ThrowIfNull(section);
        _host = host ?? new KeywayHostOptions();
        _logging = _host.Logging ?? NullLoggerFactory.Instance;
        _logger = _logging.CreateLogger("Keyway.Host");
        _section = section;
        _read = FrozenSection.Of(section);
        Options = KeywayOptions.Read(_read, _host.Configuration);
        if (_host.LicenseStore is null && Options.Licenses.Store is { } folder)
            _ownStore = new FileLicenseStore(Path.GetFullPath(folder, AppContext.BaseDirectory), cancellationToken => SecretReader.ForLicenseStore(Options).ReadAsync(FileLicenseStore.SecretName, cancellationToken));
        _bus = Options.Messaging.Transport switch
        {
            MessageTransport.MessagePipe => _host.MessagePipe?.Invoke(_logging)
                ?? throw new KeywayConfigurationException([new SettingError("Keyway:Messaging:Transport", "this host has no MessagePipe: build the command with -p:UseMessagePipe=true; in a container call AddKeywayMessagePipe(); else set KeywayHostOptions.MessagePipe")]),
            _ => new InProcessBus(_logging),
        };
        _events = new MirrorBus(_bus, _logging);
    }

    /// <summary>Reads and checks the section <c>Keyway</c> of a configuration. Nothing is loaded yet. Mistakes and warnings name the layer that they stand in.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="host">What the host adds in code; <see langword="null"/>: nothing.</param>
    /// <exception cref="KeywayConfigurationException">Something is wrong; every mistake is reported.</exception>
    public KeywayHost(IConfigurationRoot configuration, KeywayHostOptions? host = null)
        : this(SectionOf(configuration), (host ?? new KeywayHostOptions()) with { Configuration = configuration })
    {
    }

    /// <summary>What configuration says, as far as it is in use: after a change of it, the last that was good.</summary>
    public KeywayOptions Options { get; private set; }

    /// <summary>What is no mistake and looks like one; after the start also what plugins report. Each is logged at the start.</summary>
    public IReadOnlyList<SettingError> Warnings => Volatile.Read(ref _build)?.Warnings ?? Options.Warnings;

    /// <summary>Where licences are kept that outlive their session; <see langword="null"/>: nowhere. It needs no start.</summary>
    public ILicenseStore? LicenseStore => _host.LicenseStore ?? _ownStore;

    /// <summary>The facts, to subscribe to. They are published after they have happened.</summary>
    public IEventSource Events => _events;

    /// <summary>The providers, ready for use, after the start.</summary>
    public IReadOnlyList<ConfiguredProvider> Providers => Volatile.Read(ref _build)?.Providers ?? [];

    /// <summary>Providers that are configured and whose plugin is not there, by name, and why, after the start.</summary>
    public IReadOnlyDictionary<string, string> AbsentProviders => Volatile.Read(ref _build)?.AbsentProviders ?? FrozenDictionary<string, string>.Empty;

    /// <summary>The configured key systems, with the reason for those that are not there, after the start.</summary>
    public IReadOnlyList<KeySystemCandidate> KeySystems => Volatile.Read(ref _build)?.KeySystems ?? [];

    /// <summary>Every plugin that was found or that configuration names, after the start.</summary>
    public IReadOnlyList<PluginRecord> Plugins => _plugins?.Plugins ?? [];

    /// <summary>What may be known about every licence session there is. Empty before the start.</summary>
    public IReadOnlyList<SessionReport> Sessions
    {
        get
        {
            HostBuild[] builds;
            lock (_replaced) builds = [.. _replaced, .. Volatile.Read(ref _build) is { } build ? (HostBuild[])[build] : []];
            return [.. builds.SelectMany(static each => each.Sessions)];
        }
    }

    /// <summary>Loads the plugins, makes key systems and providers. Once; later calls return at once.</summary>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <returns>A task that ends when presentations can be opened.</returns>
    /// <exception cref="KeywayConfigurationException">A provider's or key system's settings are wrong; every mistake is reported.</exception>
    /// <exception cref="PluginException">A plugin that configuration requires is not there.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default) => await BuildAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Opens what a text names: a path, relative to the working directory, or an address.</summary>
    /// <param name="source">The path or the address (<c>file</c>, <c>http</c>, <c>https</c>).</param>
    /// <param name="options">How; without it, everything by default.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The presentation. Ownership: the caller's.</returns>
    /// <inheritdoc cref="KeywayEngine.OpenAsync(Uri, PresentationOptions, CancellationToken)" path="/exception"/>
    public ValueTask<Presentation> OpenAsync(string source, PresentationOptions? options = null, CancellationToken cancellationToken = default) =>
        OpenAsync(MediaSources.AddressOf(source), options, cancellationToken);

    /// <inheritdoc cref="KeywayEngine.OpenAsync(Uri, PresentationOptions, CancellationToken)"/>
    public async ValueTask<Presentation> OpenAsync(Uri source, PresentationOptions? options = null, CancellationToken cancellationToken = default)
    {
        HostBuild build = await EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            Presentation presentation = await build.Engine.OpenAsync(source, options, cancellationToken).ConfigureAwait(false);
            presentation.OnDisposed(build.Leave);
            return presentation;
        }
        catch
        {
            build.Leave();
            throw;
        }
    }

    /// <summary>Looks at what a text names: a path, relative to the working directory, or an address.</summary>
    /// <param name="source">The path or the address (<c>file</c>, <c>http</c>, <c>https</c>).</param>
    /// <param name="options">How; without it, everything by default.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>What was found.</returns>
    /// <inheritdoc cref="KeywayEngine.InspectAsync(Uri, PresentationOptions, CancellationToken)" path="/exception"/>
    public ValueTask<ContentFacts> InspectAsync(string source, PresentationOptions? options = null, CancellationToken cancellationToken = default) =>
        InspectAsync(MediaSources.AddressOf(source), options, cancellationToken);

    /// <inheritdoc cref="KeywayEngine.InspectAsync(Uri, PresentationOptions, CancellationToken)"/>
    public ValueTask<ContentFacts> InspectAsync(Uri source, PresentationOptions? options = null, CancellationToken cancellationToken = default) =>
        WithAsync(engine => engine.InspectAsync(source, options, cancellationToken), cancellationToken);

    /// <inheritdoc cref="KeywayEngine.ListSegmentsAsync(ContentFacts, Rendition, TimeRange, PresentationOptions, CancellationToken)"/>
    public ValueTask<IReadOnlyList<TimelineSegment>> ListSegmentsAsync(ContentFacts facts, Rendition rendition, TimeRange range = default, PresentationOptions? options = null, CancellationToken cancellationToken = default) =>
        WithAsync(engine => engine.ListSegmentsAsync(facts, rendition, range, options, cancellationToken), cancellationToken);

    /// <inheritdoc cref="KeywayEngine.ReadManifestAsync"/>
    public ValueTask<ManifestFacts> ReadManifestAsync(Uri source, PresentationOptions? options = null, CancellationToken cancellationToken = default) =>
        WithAsync(engine => engine.ReadManifestAsync(source, options, cancellationToken), cancellationToken);

    /// <inheritdoc cref="KeywayEngine.ReadProtectionAsync"/>
    public ValueTask<ProtectionMap> ReadProtectionAsync(ManifestFacts manifest, CancellationToken cancellationToken = default) =>
        WithAsync(engine => engine.ReadProtectionAsync(manifest, cancellationToken), cancellationToken);

    /// <inheritdoc cref="KeywayEngine.ReadClockAsync"/>
    public ValueTask<TimeSpan?> ReadClockAsync(ManifestFacts manifest, CancellationToken cancellationToken = default) =>
        WithAsync(engine => engine.ReadClockAsync(manifest, cancellationToken), cancellationToken);

    /// <inheritdoc cref="KeywayEngine.ProbeAsync"/>
    public ValueTask<SegmentProbe> ProbeAsync(ManifestFacts manifest, TimelineSegment segment, long most = long.MaxValue, PresentationOptions? options = null, CancellationToken cancellationToken = default) =>
        WithAsync(engine => engine.ProbeAsync(manifest, segment, most, options, cancellationToken), cancellationToken);

    /// <inheritdoc cref="KeywayEngine.ListSegmentsAsync(ManifestFacts, Rendition, TimeRange, PresentationOptions, CancellationToken)"/>
    public ValueTask<IReadOnlyList<TimelineSegment>> ListSegmentsAsync(ManifestFacts manifest, Rendition rendition, TimeRange range = default, PresentationOptions? options = null, CancellationToken cancellationToken = default) =>
        WithAsync(engine => engine.ListSegmentsAsync(manifest, rendition, range, options, cancellationToken), cancellationToken);

    /// <summary>The stored licences: to be listed, renewed and given back without media. After a reload of plugins, ask for them anew.</summary>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <returns>The licences.</returns>
    /// <inheritdoc cref="StartAsync" path="/exception"/>
    public async ValueTask<StoredLicenses> LicensesAsync(CancellationToken cancellationToken = default) => (await BuildAsync(cancellationToken).ConfigureAwait(false)).Engine.Licenses;

    /// <summary>Starts with the application, and sends again what an earlier run did not bring to an end.</summary>
    async Task IHostedService.StartAsync(CancellationToken cancellationToken) => (await BuildAsync(cancellationToken).ConfigureAwait(false)).Engine.Licenses.ReleasePendingInBackground();

    /// <inheritdoc/>
    Task IHostedService.StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Closes every session, zeroes every key, lets the plugins go, and writes the record that <c>Licenses:Record</c> names.</summary>
    /// <returns>A task that ends when all is disposed.</returns>
    /// <exception cref="IOException">The record could not be written. Everything else is done.</exception>
    public async ValueTask DisposeAsync()
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_disposed) return;
            _disposed = true;
            await _ending.CancelAsync().ConfigureAwait(false);
            _watch?.Dispose();
            if (_soon is not null) await _soon.DisposeAsync().ConfigureAwait(false);
            HostBuild[] builds;
            // A caller that comes now is told that it has been disposed.
            lock (_replaced) builds = [.. _replaced, .. Interlocked.Exchange(ref _build, null) is { } build ? (HostBuild[])[build] : []];
            foreach (HostBuild each in builds) await EndAsync(each).ConfigureAwait(false);
            await Task.WhenAll(_leaving).ConfigureAwait(false);
            _ownStore?.Dispose();
            foreach (PluginStorage storage in _storage.Values) storage.Dispose();
            if (_plugins is not null) await _plugins.DisposeAsync().ConfigureAwait(false);
            _http?.Dispose();
            _events.Dispose();
            _ending.Dispose();
            using (_recording) _recording?.Write();
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>As <see cref="DisposeAsync"/>, and waits for it: for containers that are not disposed asynchronously.</summary>
    public void Dispose() => Task.Run(() => DisposeAsync().AsTask()).GetAwaiter().GetResult();

    /// <summary>Has something done by the engine of now, which stays until it is done.</summary>
    private async ValueTask<T> WithAsync<T>(Func<KeywayEngine, ValueTask<T>> act, CancellationToken cancellationToken)
    {
        HostBuild build = await EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await act(build.Engine).ConfigureAwait(false);
        }
        finally
        {
            build.Leave();
        }
    }

    private async ValueTask<HostBuild> EnterAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            HostBuild build = await BuildAsync(cancellationToken).ConfigureAwait(false);
            if (build.TryEnter()) return build;
        }
    }

    private async ValueTask<HostBuild> BuildAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _build) is { } ready) return ready;
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_build is { } built) return built;
            _http ??= new HostHttp(Options.Http, AppContext.BaseDirectory);
            _plugins ??= await PluginHost.LoadAsync(Options.Plugins with { Needed = NeededPlugins() }, PluginServices(_http), cancellationToken).ConfigureAwait(false);
            _recording ??= await HostRecording.BeginAsync(Options, _host.Clock, cancellationToken).ConfigureAwait(false);
            HostBuild build = await MakeAsync(Options, cancellationToken).ConfigureAwait(false);
            Volatile.Write(ref _build, build);
            LogWarnings(build);
            Watch();
            return build;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Which plugins somebody will ask for something; <see langword="null"/>: any of them may be asked.</summary>
    private HashSet<string>? NeededPlugins()
    {
        if (_host.KeySystem is not { } only || !Options.KeySystems.TryGetValue(only, out KeySystemOptions? entry)) return null;
        return
        [
            entry.Plugin,
            .. Options.Providers.Values.Select(static provider => provider.Plugin).OfType<string>(),
            .. Options.Providers.Values.SelectMany(static provider => provider.Pipeline).Select(static step => step.Use.Split('.')[0]),
        ];
    }

    /// <summary>Ends a build. A key system that fails in it stops nobody.</summary>
    private async ValueTask EndAsync(HostBuild build)
    {
        (KeywayEngine? engine, IReadOnlyList<IKeySystem> made) = build.Forget();
        if (engine is not null) await engine.DisposeAsync().ConfigureAwait(false);
        foreach (IKeySystem system in made)
        {
            try
            {
                await system.DisposeAsync().AsTask().WaitAsync(Options.Plugins.Patience, TimeProvider.System).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                HostLog.NotDisposed(_logger, exception.GetType().Name);
            }
        }
    }

    private async ValueTask<HostBuild> MakeAsync(KeywayOptions options, CancellationToken cancellationToken)
    {
        HostBuild build = new() { Plugins = _plugins!.Current };
        try
        {
            HostBuilder builder = new(options, _plugins, _host, _http!, Explain) { Recorder = _recording?.Recorder };
            build.Begin(new KeywayEngine(await builder.MakeAsync(build, cancellationToken).ConfigureAwait(false) with { Bus = _bus, Events = _events, LicenseStore = LicenseStore }));
            return build;
        }
        catch
        {
            // Who starts again makes them again.
            await EndAsync(build).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Adds to mistakes and warnings where they stand.</summary>
    private IReadOnlyList<SettingError> Explain(IReadOnlyList<SettingError> errors) => SettingLayers.Explain(errors, _section, _host.Configuration);

    private PluginServices PluginServices(HostHttp http) => new()
    {
        Bus = _bus,
        Events = _events,
        Secrets = id => SecretReader.ForPlugin(Options, id),
        Storage = Options.Plugins.Storage is { } storage
            ? id => _storage.GetOrAdd(id, each => new PluginStorage(Path.GetFullPath(storage, AppContext.BaseDirectory), each, cancellationToken => SecretReader.ForPluginStorage(Options).ReadAsync(PluginStorage.SecretName, cancellationToken)))
            : null,
        Http = _host.LicenseHttp ?? http.Licenses,
        Logging = _logging,
        Clock = _host.Clock,
    };

    private static IConfigurationSection SectionOf(IConfigurationRoot configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return configuration.GetSection("Keyway");
    }
}

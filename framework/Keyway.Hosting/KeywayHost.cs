using Keyway.Content;
using Keyway.Hosting.Configuration;
using Keyway.Hosting.Plugins;
using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.Protection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Keyway.Hosting;

/// <summary>Keyway as configuration describes it: plugins loaded, key systems and providers made, an engine over them.</summary>
/// <remarks>
/// <para>Threads: any. The first call that needs it starts it; a generic host starts it with the application.</para>
/// <para>Ownership: whoever makes it disposes it, after the presentations that it opened.</para>
/// </remarks>
public sealed class KeywayHost : IHostedService, IAsyncDisposable
{
    private readonly KeywayHostOptions _host;
    private readonly ILoggerFactory _logging;
    private readonly IMessageBus _bus;
    private readonly MirrorBus _events;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly List<IKeySystem> _keySystems = [];
    private HostHttp? _http;
    private PluginHost? _plugins;
    private KeywayEngine? _engine;
    private bool _disposed;

    /// <summary>Reads and checks configuration. Nothing is loaded yet.</summary>
    /// <param name="section">The section <c>Keyway</c>.</param>
    /// <param name="host">What the host adds in code; <see langword="null"/>: nothing.</param>
    /// <exception cref="KeywayConfigurationException">Something is wrong; every mistake is told.</exception>
    public KeywayHost(IConfigurationSection section, KeywayHostOptions? host = null)
    {
        ArgumentNullException.ThrowIfNull(section);
        _host = host ?? new KeywayHostOptions();
        _logging = _host.Logging ?? NullLoggerFactory.Instance;
        Options = KeywayOptions.Read(section);
        _bus = Options.Messaging.Transport switch
        {
            MessageTransport.MessagePipe => _host.MessagePipe?.Invoke(_logging)
                ?? throw new KeywayConfigurationException([new SettingError("Keyway:Messaging:Transport", "this host was built without the MessagePipe adapter")]),
            _ => new InProcessBus(_logging),
        };
        _events = new MirrorBus(_bus, _logging);
    }

    /// <summary>What configuration says.</summary>
    public KeywayOptions Options { get; }

    /// <summary>The facts, to listen to. They are told after they have happened.</summary>
    public IEventSource Events => _events;

    /// <summary>The providers, ready for use, after the start.</summary>
    public IReadOnlyList<ConfiguredProvider> Providers { get; private set; } = [];

    /// <summary>The configured key systems, with the reason for those that are not there, after the start.</summary>
    public IReadOnlyList<KeySystemCandidate> KeySystems { get; private set; } = [];

    /// <summary>Every plugin that was found or that configuration names, after the start.</summary>
    public IReadOnlyList<PluginRecord> Plugins => _plugins?.Plugins ?? [];

    /// <summary>Loads the plugins, makes key systems and providers. Once; later calls return at once.</summary>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <returns>A task that ends when presentations can be opened.</returns>
    /// <exception cref="KeywayConfigurationException">A provider's or key system's settings are wrong; every mistake is told.</exception>
    /// <exception cref="PluginException">A plugin that configuration requires is not there.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default) => await EngineAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc cref="KeywayEngine.OpenAsync"/>
    public async ValueTask<Presentation> OpenAsync(Uri source, PresentationOptions? options = null, CancellationToken cancellationToken = default)
    {
        KeywayEngine engine = await EngineAsync(cancellationToken).ConfigureAwait(false);
        return await engine.OpenAsync(source, options, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc cref="KeywayEngine.InspectAsync"/>
    public async ValueTask<ContentFacts> InspectAsync(Uri source, PresentationOptions? options = null, CancellationToken cancellationToken = default)
    {
        KeywayEngine engine = await EngineAsync(cancellationToken).ConfigureAwait(false);
        return await engine.InspectAsync(source, options, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    Task IHostedService.StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Closes every session, zeroes every key, and lets the plugins go.</summary>
    /// <returns>A task that ends when all is gone.</returns>
    public async ValueTask DisposeAsync()
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_disposed) return;
            _disposed = true;
            if (_engine is not null) await _engine.DisposeAsync().ConfigureAwait(false);
            foreach (IKeySystem system in _keySystems) await system.DisposeAsync().ConfigureAwait(false);
            if (_plugins is not null) await _plugins.DisposeAsync().ConfigureAwait(false);
            _http?.Dispose();
            _events.Dispose();
        }
        finally
        {
            _gate.Release();
        }
    }

    private async ValueTask<KeywayEngine> EngineAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _engine) is { } ready) return ready;
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _engine ??= await BuildAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async ValueTask<KeywayEngine> BuildAsync(CancellationToken cancellationToken)
    {
        _http ??= new HostHttp(Options.Http, AppContext.BaseDirectory);
        _plugins ??= await PluginHost.LoadAsync(Options.Plugins, PluginServices(), cancellationToken).ConfigureAwait(false);

        List<SettingError> errors = [];
        LicenseSteps steps = new();
        foreach ((string name, PluginPart<ILicenseMiddleware> part) in _plugins.Middleware) steps.Add(name, (settings, _) => part.Create(settings));
        HttpLicenseTransport transport = new(_host.LicenseHttp ?? _http.Licenses);
        KeySystems = [.. Options.KeySystems.Values.Select(entry => Make(entry, errors))];
        List<ConfiguredProvider> providers = [];
        foreach (ProviderOptions entry in Options.Providers.Values)
            if (Make(entry, steps, transport, errors) is { } provider) providers.Add(provider);
        if (errors.Count > 0) throw new KeywayConfigurationException(errors);
        Providers = providers;

        StepContext nobody = new() { Secrets = new SecretReader(Options.Secrets, []), Clock = _host.Clock };
        return new KeywayEngine(new KeywayEngineOptions
        {
            KeySystems = KeySystems,
            Providers = providers,
            Direct = LicenseService.Direct(steps, nobody, transport),
            Route = content => Options.FindRoute(content.IsFile ? "" : content.IdnHost)?.Provider,
            ContentHttp = _host.ContentHttp ?? _http.Content,
            Bus = _bus,
            Events = _events,
            Clock = _host.Clock,
            Logging = _logging,
            Acceleration = Options.Decryption.Acceleration,
        });
    }

    private PluginServices PluginServices() => new()
    {
        Bus = _bus,
        Events = _events,
        Secrets = id => SecretReader.ForPlugin(Options, id),
        Http = _host.LicenseHttp ?? _http!.Licenses,
        Logging = _logging,
        Clock = _host.Clock,
    };

    /// <summary>Makes a key system. One whose plugin is not there, or fails, is a candidate with a reason: the others go on.</summary>
    private KeySystemCandidate Make(KeySystemOptions entry, List<SettingError> errors)
    {
        PluginPart<IKeySystem>? part = _plugins!.FindKeySystem(entry.Plugin, entry.Name);
        if (part is null)
        {
            PluginRecord? record = _plugins.Plugins.FirstOrDefault(record => record.Id == entry.Plugin);
            string absence = record switch
            {
                null => $"its plugin '{entry.Plugin}' is not there",
                { State: PluginState.Loaded } => $"the plugin '{entry.Plugin}' has no such key system",
                { Problem: { } problem } => $"its plugin '{entry.Plugin}' is not loaded: {problem.Reason}",
                _ => $"its plugin '{entry.Plugin}' is not loaded",
            };
            return new KeySystemCandidate { Name = entry.Name, Priority = entry.Priority, Absence = absence };
        }

        try
        {
            IKeySystem system = part.Create(entry.Settings);
            _keySystems.Add(system);
            return KeySystemCandidate.Of(entry.Name, entry.Priority, system);
        }
        catch (SettingsException exception)
        {
            errors.AddRange(exception.Errors);
        }
        catch (LicenseServiceException exception)
        {
            // A plugin's own words for wrong settings; the key system is named, and stays out.
            errors.Add(new SettingError(entry.Settings.Path, exception.Message));
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return new KeySystemCandidate { Name = entry.Name, Priority = entry.Priority, Absence = $"its plugin '{entry.Plugin}' failed to make it ({exception.GetType().Name})" };
        }

        return new KeySystemCandidate { Name = entry.Name, Priority = entry.Priority, Absence = "its settings are wrong" };
    }

    private ConfiguredProvider? Make(ProviderOptions entry, LicenseSteps steps, ILicenseTransport transport, List<SettingError> errors)
    {
        try
        {
            ILicenseProvider? provider = null;
            if (entry.Plugin is { } plugin)
            {
                PluginPart<ILicenseProvider>? part = _plugins!.FindProvider(plugin, entry.Name);
                if (part is null)
                {
                    errors.Add(new SettingError($"{entry.Section.Path}:Plugin", $"no loaded plugin '{plugin}' has a provider '{entry.Name}'"));
                    return null;
                }

                provider = part.Create(entry.Section);
            }

            StepContext context = new() { Secrets = SecretReader.ForProvider(Options, entry), Clock = _host.Clock };
            return new ConfiguredProvider(LicenseService.Read(entry.Section, provider, steps, context, transport), entry.KeySystems);
        }
        catch (SettingsException exception)
        {
            errors.AddRange(exception.Errors);
            return null;
        }
        catch (Exception exception) when (exception is not (OutOfMemoryException or OperationCanceledException))
        {
            errors.Add(new SettingError(entry.Section.Path, $"the provider could not be made ({exception.GetType().Name})"));
            return null;
        }
    }
}

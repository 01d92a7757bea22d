using System.Collections.Frozen;
using Keyway.Content;
using Keyway.Hosting.Configuration;
using Keyway.Hosting.Plugins;
using Keyway.Licensing;
using Keyway.Licensing.Packs;
using Keyway.Messaging;
using Keyway.Protection;
using Keyway.Sessions;
using Keyway.Sources;
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
public sealed partial class KeywayHost : IHostedService, IAsyncDisposable, IDisposable
{
    private readonly KeywayHostOptions _host;
    private readonly IConfigurationSection _section;
    private readonly ILoggerFactory _logging;
    private readonly ILogger _logger;
    private readonly IMessageBus _bus;
    private readonly MirrorBus _events;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly List<IKeySystem> _keySystems = [];
    private readonly FileLicenseStore? _ownStore;
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
        _logger = _logging.CreateLogger("Keyway.Host");
        _section = section;
        Options = KeywayOptions.Read(section, _host.Configuration);
        Warnings = Options.Warnings;
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
    /// <exception cref="KeywayConfigurationException">Something is wrong; every mistake is told.</exception>
    public KeywayHost(IConfigurationRoot configuration, KeywayHostOptions? host = null)
        : this(SectionOf(configuration), (host ?? new KeywayHostOptions()) with { Configuration = configuration })
    {
    }

    /// <summary>What configuration says.</summary>
    public KeywayOptions Options { get; }

    /// <summary>What is no mistake and looks like one; after the start also what plugins tell. Each is logged at the start.</summary>
    public IReadOnlyList<SettingError> Warnings { get; private set; }

    /// <summary>Where licences are kept that outlive their session; <see langword="null"/>: nowhere. It needs no start.</summary>
    public ILicenseStore? LicenseStore => _host.LicenseStore ?? _ownStore;

    /// <summary>The facts, to listen to. They are told after they have happened.</summary>
    public IEventSource Events => _events;

    /// <summary>The providers, ready for use, after the start.</summary>
    public IReadOnlyList<ConfiguredProvider> Providers { get; private set; } = [];

    /// <summary>Providers that are configured and whose plugin is not there, by name, and why, after the start.</summary>
    public IReadOnlyDictionary<string, string> AbsentProviders { get; private set; } = FrozenDictionary<string, string>.Empty;

    /// <summary>The configured key systems, with the reason for those that are not there, after the start.</summary>
    public IReadOnlyList<KeySystemCandidate> KeySystems { get; private set; } = [];

    /// <summary>Every plugin that was found or that configuration names, after the start.</summary>
    public IReadOnlyList<PluginRecord> Plugins => _plugins?.Plugins ?? [];

    /// <summary>What may be known about every licence session there is. Empty before the start.</summary>
    public IReadOnlyList<SessionReport> Sessions => Volatile.Read(ref _engine)?.Sessions ?? [];

    /// <summary>Loads the plugins, makes key systems and providers. Once; later calls return at once.</summary>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <returns>A task that ends when presentations can be opened.</returns>
    /// <exception cref="KeywayConfigurationException">A provider's or key system's settings are wrong; every mistake is told.</exception>
    /// <exception cref="PluginException">A plugin that configuration requires is not there.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default) => await EngineAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Opens what a text names: a path, relative to the working directory, or an address.</summary>
    /// <param name="source">The path or the address (<c>file</c>, <c>http</c>, <c>https</c>).</param>
    /// <param name="options">How; without it, everything by default.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The presentation. Ownership: the caller's.</returns>
    /// <inheritdoc cref="KeywayEngine.OpenAsync" path="/exception"/>
    public ValueTask<Presentation> OpenAsync(string source, PresentationOptions? options = null, CancellationToken cancellationToken = default) =>
        OpenAsync(MediaSources.AddressOf(source), options, cancellationToken);

    /// <inheritdoc cref="KeywayEngine.OpenAsync"/>
    public async ValueTask<Presentation> OpenAsync(Uri source, PresentationOptions? options = null, CancellationToken cancellationToken = default)
    {
        KeywayEngine engine = await EngineAsync(cancellationToken).ConfigureAwait(false);
        return await engine.OpenAsync(source, options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Looks at what a text names: a path, relative to the working directory, or an address.</summary>
    /// <param name="source">The path or the address (<c>file</c>, <c>http</c>, <c>https</c>).</param>
    /// <param name="options">How; without it, everything by default.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>What was found.</returns>
    /// <inheritdoc cref="KeywayEngine.InspectAsync" path="/exception"/>
    public ValueTask<ContentFacts> InspectAsync(string source, PresentationOptions? options = null, CancellationToken cancellationToken = default) =>
        InspectAsync(MediaSources.AddressOf(source), options, cancellationToken);

    /// <inheritdoc cref="KeywayEngine.InspectAsync"/>
    public async ValueTask<ContentFacts> InspectAsync(Uri source, PresentationOptions? options = null, CancellationToken cancellationToken = default)
    {
        KeywayEngine engine = await EngineAsync(cancellationToken).ConfigureAwait(false);
        return await engine.InspectAsync(source, options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The stored licences: to be listed, renewed and given back without media.</summary>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <returns>The licences.</returns>
    /// <inheritdoc cref="StartAsync" path="/exception"/>
    public async ValueTask<StoredLicenses> LicensesAsync(CancellationToken cancellationToken = default) => (await EngineAsync(cancellationToken).ConfigureAwait(false)).Licenses;

    /// <summary>Starts with the application, and sends again what an earlier run did not bring to an end.</summary>
    async Task IHostedService.StartAsync(CancellationToken cancellationToken) => (await EngineAsync(cancellationToken).ConfigureAwait(false)).Licenses.ReleasePendingInBackground();

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
            // Whoever comes now is told that it is gone.
            if (Interlocked.Exchange(ref _engine, null) is { } engine) await engine.DisposeAsync().ConfigureAwait(false);
            _ownStore?.Dispose();
            await ForgetKeySystemsAsync().ConfigureAwait(false);
            if (_plugins is not null) await _plugins.DisposeAsync().ConfigureAwait(false);
            _http?.Dispose();
            _events.Dispose();
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>As <see cref="DisposeAsync"/>, and waits for it: for containers that are not disposed asynchronously.</summary>
    public void Dispose() => Task.Run(() => DisposeAsync().AsTask()).GetAwaiter().GetResult();

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

    /// <summary>Disposes the key systems that were made. One that fails in it stops nobody.</summary>
    private async ValueTask ForgetKeySystemsAsync()
    {
        foreach (IKeySystem system in _keySystems)
        {
            try
            {
                await system.DisposeAsync().ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                Log.NotDisposed(_logger, exception.GetType().Name);
            }
        }

        _keySystems.Clear();
    }

    private async ValueTask<KeywayEngine> BuildAsync(CancellationToken cancellationToken)
    {
        _http ??= new HostHttp(Options.Http, AppContext.BaseDirectory);
        _plugins ??= await PluginHost.LoadAsync(Options.Plugins, PluginServices(_http), cancellationToken).ConfigureAwait(false);
        try
        {
            return Build(_http, _plugins);
        }
        catch
        {
            // Who starts again makes them again.
            await ForgetKeySystemsAsync().ConfigureAwait(false);
            throw;
        }
    }

    private KeywayEngine Build(HostHttp http, PluginHost plugins)
    {
        List<SettingError> errors = [.. http.Errors];
        LicenseSteps steps = new();
        foreach ((string name, PluginPart<ILicenseMiddleware> part) in plugins.Middleware) steps.Add(name, (settings, _) => part.Create(settings));
        HttpLicenseTransport transport = new(_host.LicenseHttp ?? http.Licenses);
        KeySystems = [.. Options.KeySystems.Values.Select(entry => Make(entry, plugins, errors))];
        List<ConfiguredProvider> providers = [];
        Dictionary<string, string> absent = new(StringComparer.OrdinalIgnoreCase);
        foreach (ProviderOptions entry in Options.Providers.Values)
        {
            if (WhyAbsent(entry, plugins) is { } reason) absent.Add(entry.Name, reason);
            else if (Make(entry, plugins, steps, transport, errors) is { } provider) providers.Add(provider);
        }

        if (errors.Count > 0) throw new KeywayConfigurationException(SettingLayers.Explain(errors, _section, _host.Configuration));
        (Providers, AbsentProviders) = (providers, absent);
        Warnings = [.. Options.Warnings, .. SettingLayers.Explain([.. ConfigurationWarnings.Of(Options, plugins.Plugins)], _section, _host.Configuration)];
        foreach (SettingError warning in Warnings) Log.Warned(_logger, warning);

        StepContext nobody = new() { Secrets = new SecretReader(Options.Secrets, []), Clock = _host.Clock };
        return new KeywayEngine(new KeywayEngineOptions
        {
            KeySystems = KeySystems,
            Providers = providers,
            AbsentProviders = absent,
            Direct = LicenseService.Direct(steps, nobody, transport),
            Route = content => Options.FindRoute(content.IsFile ? "" : content.IdnHost)?.Provider,
            ContentHttp = _host.ContentHttp ?? http.Content,
            Bus = _bus,
            Events = _events,
            Clock = _host.Clock,
            LicenseStore = LicenseStore,
            Logging = _logging,
            KeyWait = TimeSpan.FromSeconds(Options.Licenses.KeyWaitSeconds),
            Acceleration = Options.Decryption.Acceleration,
            MaxParallelFragments = Options.Decryption.MaxParallelFragments,
        });
    }

    private PluginServices PluginServices(HostHttp http) => new()
    {
        Bus = _bus,
        Events = _events,
        Secrets = id => SecretReader.ForPlugin(Options, id),
        Http = _host.LicenseHttp ?? http.Licenses,
        Logging = _logging,
        Clock = _host.Clock,
    };

    /// <summary>Makes a key system. One whose plugin is not there, or fails, is a candidate with a reason: the others go on.</summary>
    private KeySystemCandidate Make(KeySystemOptions entry, PluginHost plugins, List<SettingError> errors)
    {
        PluginPart<IKeySystem>? part = plugins.FindKeySystem(entry.Plugin, entry.Name);
        if (part is null)
            return new KeySystemCandidate { Name = entry.Name, Priority = entry.Priority, Absence = WhyAbsent(entry.Plugin, plugins) ?? $"the plugin '{entry.Plugin}' has no such key system" };

        try
        {
            IKeySystem system = part.Create(entry.Settings);
            _keySystems.Add(system);
            return KeySystemCandidate.Of(entry.Name, entry.Priority, system);
        }
        catch (SettingsException exception)
        {
            errors.AddRange(exception.Errors);
            return new KeySystemCandidate { Name = entry.Name, Priority = entry.Priority, Absence = "its settings are wrong" };
        }
        catch (KeywayException exception)
        {
            errors.AddRange(Split(exception.Message, entry.Settings.Path));
            return new KeySystemCandidate { Name = entry.Name, Priority = entry.Priority, Absence = "its settings are wrong" };
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return new KeySystemCandidate { Name = entry.Name, Priority = entry.Priority, Absence = $"its plugin '{entry.Plugin}' failed to make it ({exception.GetType().Name})" };
        }
    }

    /// <summary>Why a provider is not there: it, or a step of its pipeline, is of a plugin that is not loaded. The host goes on without it.</summary>
    private static string? WhyAbsent(ProviderOptions entry, PluginHost plugins)
    {
        if (entry.Plugin is { } own && WhyAbsent(own, plugins) is { } reason) return reason;
        foreach (PipelineStepOptions step in entry.Pipeline)
        {
            if (plugins.Middleware.ContainsKey(step.Use) || step.Use.IndexOf('.', StringComparison.Ordinal) is not (> 0 and int dot)) continue;
            // A prefix that is no plugin's is a mistake, or a step of the framework.
            string id = step.Use[..dot];
            if (plugins.Plugins.Any(record => record.Id == id) && WhyAbsent(id, plugins) is { } why) return $"its step '{step.Use}': {why}";
        }

        return null;
    }

    /// <summary>Why a plugin is not loaded; <see langword="null"/>: it is.</summary>
    private static string? WhyAbsent(string plugin, PluginHost plugins)
    {
        PluginRecord[] records = [.. plugins.Plugins.Where(record => record.Id == plugin)];
        if (records.Any(static record => record.State == PluginState.Loaded)) return null;
        return records.FirstOrDefault() switch
        {
            null => $"its plugin '{plugin}' is not there",
            { State: PluginState.Disabled } => $"its plugin '{plugin}' is disabled",
            { Problem: { } problem } => $"its plugin '{plugin}' is not loaded: {problem.Reason}",
            _ => $"its plugin '{plugin}' is not loaded",
        };
    }

    private ConfiguredProvider? Make(ProviderOptions entry, PluginHost plugins, LicenseSteps steps, ILicenseTransport transport, List<SettingError> errors)
    {
        try
        {
            ILicenseProvider? provider = null;
            if (entry.Plugin is { } plugin)
            {
                PluginPart<ILicenseProvider>? part = plugins.FindProvider(plugin, entry.Name);
                if (part is null)
                {
                    errors.Add(new SettingError($"{entry.Section.Path}:Plugin", $"the plugin '{plugin}' has no provider '{entry.Name}'"));
                    return null;
                }

                provider = part.Create(entry.Section);
            }

            ProviderPack? pack = entry.Pack is null ? null : Load(entry);
            StepContext context = new() { Secrets = SecretReader.ForProvider(Options, entry, pack), Clock = _host.Clock };
            LicenseService service = LicenseService.Read(entry.Section, provider, steps, context, transport, pack);
            return new ConfiguredProvider(service, entry.KeySystems.Count > 0 ? entry.KeySystems : ServedBy(service));
        }
        catch (SettingsException exception)
        {
            errors.AddRange(exception.Errors);
        }
        catch (KeywayException exception)
        {
            errors.AddRange(Split(exception.Message, entry.Section.Path));
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // A plugin's own text may hold anything.
            errors.Add(new SettingError(entry.Section.Path, $"the provider could not be made ({exception.GetType().Name})"));
        }

        return null;
    }

    /// <summary>A plugin's own words for wrong settings: a line each, some with the path of the setting, the others about the section.</summary>
    private static IEnumerable<SettingError> Split(string message, string section)
    {
        foreach (string line in message.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int end = line.StartsWith(section, StringComparison.OrdinalIgnoreCase) ? line.IndexOf(": ", StringComparison.Ordinal) : -1;
            yield return end < 0 ? new SettingError(section, line) : new SettingError(line[..end], line[(end + 2)..]);
        }
    }

    private static ProviderPack Load(ProviderOptions entry)
    {
        try
        {
            return ProviderPack.Load(entry.Pack!, AppContext.BaseDirectory);
        }
        catch (SettingsException exception) when (exception.Errors is [{ Path: var path } error] && !path.Contains(": $", StringComparison.Ordinal))
        {
            // There is none: the mistake is the setting's, not the pack's.
            throw new SettingsException($"{entry.Section.Path}:Pack", $"{error.Reason}{Spelling.Question(entry.Pack!, BuiltInPacks.Names)}");
        }
    }

    /// <summary>The configured names of the key systems that a pack serves: a provider that names none serves no others.</summary>
    private IReadOnlyList<string> ServedBy(LicenseService service)
    {
        if (service.PackKeySystems is not { } served) return [];
        string[] configured = [.. KeySystems.Where(system => served.Contains(system.Descriptor?.Name ?? system.Name, StringComparer.OrdinalIgnoreCase)).Select(static system => system.Name)];
        return configured.Length > 0 ? configured : served;
    }

    private static IConfigurationSection SectionOf(IConfigurationRoot configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return configuration.GetSection("Keyway");
    }

    private static partial class Log
    {
        [LoggerMessage(302, LogLevel.Warning, "configuration: {Warning}")]
        public static partial void Warned(ILogger logger, SettingError warning);

        [LoggerMessage(301, LogLevel.Warning, "a key system failed when it was disposed ({Fault})")]
        public static partial void NotDisposed(ILogger logger, string fault);
    }
}

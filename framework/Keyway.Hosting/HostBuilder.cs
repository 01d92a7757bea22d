using Keyway.Hosting.Configuration;
using Keyway.Hosting.Plugins;
using Keyway.Licensing;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Packs;
using Keyway.Licensing.Recording;
using Keyway.Licensing.Steps;
using Keyway.Licensing.Transport;
using Keyway.Protection;

namespace Keyway.Hosting;

/// <summary>Makes what configuration asks for of the plugins that are loaded: key systems, providers, and what an engine over them is made of.</summary>
/// <param name="options">What configuration says.</param>
/// <param name="plugins">The plugins.</param>
/// <param name="host">What the host adds in code.</param>
/// <param name="http">The host's way to HTTP.</param>
/// <param name="explain">Adds to mistakes where they stand.</param>
/// <remarks>Used once.</remarks>
internal sealed class HostBuilder(KeywayOptions options, PluginHost plugins, KeywayHostOptions host, HostHttp http, Func<IReadOnlyList<SettingError>, IReadOnlyList<SettingError>> explain)
{
    private readonly List<SettingError> _errors = [.. http.Errors];

    /// <summary>What writes exchanges down; <see langword="null"/>: nobody does.</summary>
    public LicenseRecorder? Recorder { get; init; }

    /// <summary>Makes key systems and providers, and notes them in a build.</summary>
    /// <param name="build">Where; what was made is in it also when this throws.</param>
    /// <param name="cancellationToken">Cancels between two key systems.</param>
    /// <returns>What an engine is made of, without the host's bus and store.</returns>
    /// <exception cref="KeywayConfigurationException">Settings are wrong; every mistake is reported.</exception>
    public async ValueTask<KeywayEngineOptions> MakeAsync(HostBuild build, CancellationToken cancellationToken)
    {
        LicenseSteps steps = new();
        foreach ((string name, PluginPart<ILicenseMiddleware> part) in plugins.Middleware) steps.Add(name, (settings, _) => part.Create(settings));
        ILicenseTransport transport = new HttpLicenseTransport(host.LicenseHttp ?? http.Licenses);
        if (Recorder is not null) transport = Recorder.Around(transport);
        List<KeySystemCandidate> systems = [];
        foreach (KeySystemOptions entry in options.KeySystems.Values) systems.Add(await MakeAsync(entry, build, cancellationToken).ConfigureAwait(false));
        List<ConfiguredProvider> providers = [];
        Dictionary<string, string> absent = new(StringComparer.OrdinalIgnoreCase);
        foreach (ProviderOptions entry in options.Providers.Values)
        {
            if (WhyAbsent(entry) is { } reason) absent.Add(entry.Name, reason);
            else if (Make(entry, systems, steps, transport) is { } provider) providers.Add(provider);
        }

        if (_errors.Count > 0) throw new KeywayConfigurationException(explain(_errors));
        (build.KeySystems, build.Providers, build.AbsentProviders) = (systems, providers, absent);
        build.Warnings = [.. options.Warnings, .. explain([.. ConfigurationWarnings.Of(options, plugins.Plugins)])];

        StepContext nobody = new() { Secrets = new SecretReader(options.Secrets, []), Clock = host.Clock };
        return new KeywayEngineOptions
        {
            KeySystems = systems,
            Providers = providers,
            AbsentProviders = absent,
            Direct = LicenseService.Direct(steps, nobody, transport),
            Route = content => options.FindRoute(content.IsFile ? "" : content.IdnHost)?.Provider,
            ContentHttp = host.BeforeContent?.Invoke(host.ContentHttp ?? http.Content) ?? host.ContentHttp ?? http.Content,
            Coordinator = host.Coordinator,
            Clock = host.Clock,
            Logging = host.Logging,
            Fallback = options.Licenses.Fallback,
            Recorder = Recorder,
            KeyWait = TimeSpan.FromSeconds(options.Licenses.KeyWaitSeconds),
            KeySystemPatience = options.Plugins.Patience,
            Acceleration = options.Decryption.Acceleration,
            MaxParallelFragments = options.Decryption.MaxParallelFragments,
        };
    }

    /// <summary>Makes a key system. One whose plugin is not there, or fails, is a candidate with a reason: the others go on.</summary>
    private async ValueTask<KeySystemCandidate> MakeAsync(KeySystemOptions entry, HostBuild build, CancellationToken cancellationToken)
    {
        PluginPart<IKeySystem>? part = plugins.FindKeySystem(entry.Plugin, entry.Name);
        if (part is null) return Absent(WhyAbsent(entry.Plugin) ?? $"the plugin '{entry.Plugin}' has no such key system");

        try
        {
            (IKeySystem? system, KeySystemDescriptor? descriptor) = await plugins.WatchAsync(
                () => part.Create(entry.Settings) is { } made ? (made, made.Descriptor) : ((IKeySystem?)null, (KeySystemDescriptor?)null), cancellationToken).ConfigureAwait(false);
            if (system is null) return Absent($"its plugin '{entry.Plugin}' made none: the factory returned null");
            build.Add(system);
            if (descriptor is null) return Absent($"its plugin '{entry.Plugin}' does not describe it: Descriptor is null");
            return new KeySystemCandidate { Name = entry.Name, Priority = entry.Priority, Descriptor = descriptor, KeySystem = system };
        }
        catch (TimeoutException)
        {
            return Absent($"its plugin '{entry.Plugin}' has not made it after {options.Plugins.Patience.TotalSeconds:0.#} s");
        }
        catch (SettingsException exception)
        {
            _errors.AddRange(exception.Errors);
            return Absent("its settings are wrong");
        }
        catch (KeywayException exception)
        {
            _errors.AddRange(Split(exception.Message, entry.Settings.Path));
            return Absent("its settings are wrong");
        }
        catch (Exception exception) when (exception is not (OutOfMemoryException or OperationCanceledException))
        {
            return Absent($"its plugin '{entry.Plugin}' failed to make it: {PluginText.Of(exception)}");
        }

        KeySystemCandidate Absent(string reason) => new() { Name = entry.Name, Priority = entry.Priority, Absence = reason };
    }

    /// <summary>Why a provider is not there: it, or a step of its pipeline, is of a plugin that is not loaded. The host goes on without it.</summary>
    private string? WhyAbsent(ProviderOptions entry)
    {
        if (entry.Plugin is { } own && WhyAbsent(own) is { } reason) return reason;
        foreach (PipelineStepOptions step in entry.Pipeline)
        {
            if (plugins.Middleware.ContainsKey(step.Use) || step.Use.IndexOf('.', StringComparison.Ordinal) is not (> 0 and int dot)) continue;
            // A prefix that is no plugin's is a mistake, or a step of the framework.
            string id = step.Use[..dot];
            if (plugins.Plugins.Any(record => record.Id == id) && WhyAbsent(id) is { } why) return $"its step '{step.Use}': {why}";
        }

        return null;
    }

    /// <summary>Why a plugin is not loaded; <see langword="null"/>: it is.</summary>
    private string? WhyAbsent(string plugin)
    {
        PluginRecord[] records = [.. plugins.Plugins.Where(record => record.Id == plugin)];
        if (records.Any(static record => record.State == PluginState.Loaded)) return null;
        return records.FirstOrDefault() switch
        {
            null => $"its plugin '{plugin}' is not there",
            { State: PluginState.Disabled } => $"its plugin '{plugin}' is disabled",
            { State: PluginState.NotNeeded } => $"its plugin '{plugin}' was not loaded: nobody asks for it",
            { Problem: { } problem } => $"its plugin '{plugin}' is not loaded: {problem.Reason}",
            _ => $"its plugin '{plugin}' is not loaded",
        };
    }

    private ConfiguredProvider? Make(ProviderOptions entry, IReadOnlyList<KeySystemCandidate> systems, LicenseSteps steps, ILicenseTransport transport)
    {
        try
        {
            ILicenseProvider? provider = null;
            if (entry.Plugin is { } plugin)
            {
                PluginPart<ILicenseProvider>? part = plugins.FindProvider(plugin, entry.Name);
                if (part is null)
                {
                    _errors.Add(new SettingError($"{entry.Section.Path}:Plugin", $"the plugin '{plugin}' has no provider '{entry.Name}'"));
                    return null;
                }

                provider = part.Create(entry.Section);
            }

            ProviderPack? pack = entry.Pack is null ? null : Load(entry);
            StepContext context = new() { Secrets = SecretReader.ForProvider(options, entry, pack), Clock = host.Clock };
            LicenseService service = LicenseService.Read(entry.Section, provider, steps, context, transport, pack);
            return new ConfiguredProvider(service, entry.KeySystems.Count > 0 ? entry.KeySystems : ServedBy(service, systems));
        }
        catch (SettingsException exception)
        {
            _errors.AddRange(exception.Errors);
        }
        catch (KeywayException exception)
        {
            _errors.AddRange(Split(exception.Message, entry.Section.Path));
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            _errors.Add(new SettingError(entry.Section.Path, $"the provider could not be made: {PluginText.Of(exception)}"));
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
    private static IReadOnlyList<string> ServedBy(LicenseService service, IReadOnlyList<KeySystemCandidate> systems)
    {
        if (service.PackKeySystems is not { } served) return [];
        string[] configured = [.. systems.Where(system => served.Contains(system.Descriptor?.Name ?? system.Name, StringComparer.OrdinalIgnoreCase)).Select(static system => system.Name)];
        return configured.Length > 0 ? configured : served;
    }
}

using System.Collections.Frozen;
using Keyway.Decryption;
using Keyway.Hosting.Plugins;
using Keyway.Licensing;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Origins;
using Keyway.Licensing.Steps;
using Microsoft.Extensions.Configuration;

namespace Keyway.Hosting.Configuration;

/// <summary>Reads the section <c>Keyway</c> by hand, section by section, and goes on after a mistake, so that all are reported together.</summary>
internal sealed class KeywayOptionsReader
{
    private readonly List<SettingError> _errors = [];
    private readonly List<KeyValuePair<string, string>> _defaults = [];
    private readonly SectionReader _keyway;

    public KeywayOptionsReader(IConfigurationSection section) => _keyway = new SectionReader(section, _errors, _defaults);

    /// <summary>What is wrong.</summary>
    public IReadOnlyList<SettingError> Errors => _errors;

    /// <summary>Members that are not set, with the values that count.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Defaults => _defaults;

    /// <summary>Reads everything. Where something is wrong, the rest is as if it were not set.</summary>
    public KeywayOptions Read()
    {
        KeywayOptions options = new()
        {
            Plugins = ReadPlugins(_keyway.Object("Plugins")),
            KeySystems = ByName(_keyway.Entries("KeySystems").Select(ReadKeySystem), system => system.Name),
            Providers = ByName(_keyway.Entries("Providers").Select(ReadProvider), provider => provider.Name),
            Routes = ByName(_keyway.Entries("Routes").Select(ReadRoute), route => route.Name),
            Licenses = ReadLicenses(_keyway.Object("Licenses")),
            Decryption = ReadDecryption(_keyway.Object("Decryption")),
            Messaging = ReadMessaging(_keyway.Object("Messaging")),
            Secrets = ReadSecrets(_keyway.Object("Secrets")),
            Http = ReadHttp(_keyway.Object("Http")),
        };
        _keyway.End();

        options = options with { Plugins = options.Plugins with { Allow = WithNamed(options) } };
        CheckReferences(options);
        CheckSecretNames(_keyway.Section);
        return options;
    }

    private static PluginOptions ReadPlugins(SectionReader plugins)
    {
        PluginOptions options = new()
        {
            Directory = plugins.Text("Directory", "plugins")!,
            Unknown = plugins.Choice<UnknownPlugins>("Unknown"),
            Unloadable = plugins.Flag("Unloadable"),
            Storage = plugins.Text("Storage"),
            Patience = TimeSpan.FromSeconds(plugins.Number("PatienceSeconds", 15, 1, 600)),
            Allow = plugins.Entries("Allow").ToFrozenDictionary(entry => entry.Name.ToLowerInvariant(), ReadAllowed),
        };
        plugins.End();
        return options;
    }

    // Not ended: what it does not know here is the plugin's own, unless it is nearly a name that is known here. A pin that is not looked at protects nothing.
    private static AllowedPlugin ReadAllowed(SectionReader plugin)
    {
        if (!IsPluginId(plugin.Name)) plugin.Wrong("not the id of a plugin: lower-case letters, digits and dashes");
        string? pin = plugin.Text("Pin");
        if (pin is not null && (pin.Length != 64 || !pin.All(char.IsAsciiHexDigit))) plugin.Wrong("Pin", "not 64 hexadecimal digits, as 'keyway plugins --pin' prints them");
        AllowedPlugin allowed = new() { Pin = pin, Required = plugin.Flag("Required"), Disabled = plugin.Flag("Disabled"), WhenNamed = plugin.Flag("WhenNamed"), Settings = plugin.Section };
        plugin.EndOfOwn();
        return allowed;
    }

    private static KeySystemOptions ReadKeySystem(SectionReader system)
    {
        KeySystemOptions options = new()
        {
            Name = system.Name,
            Plugin = system.Text("Plugin", system.Name)!.ToLowerInvariant(),
            Priority = system.Number("Priority", 100, 0, 10_000),
            Settings = system.Foreign("Settings"),
        };
        system.End();
        return options;
    }

    private ProviderOptions ReadProvider(SectionReader provider)
    {
        ProviderOptions options = new()
        {
            Name = provider.Name,
            Plugin = provider.Text("Plugin")?.ToLowerInvariant(),
            Pack = provider.Text("Pack"),
            KeySystems = [.. provider.List("KeySystems").Select(item => item.Value!)],
            Endpoints = ReadEndpoints(provider),
            AllowedOrigins = [.. provider.List("AllowedOrigins").Select(ReadOrigin).OfType<Uri>()],
            Pipeline = [.. provider.Items("Pipeline").Select(ReadStep).OfType<PipelineStepOptions>()],
            Section = provider.Section,
        };
        provider.Foreign("Steps");      // settings of steps that the provider's own list names
        provider.Foreign("Settings");   // the provider's own, or those of its pack's parameters or its own
        provider.Foreign("Parameters"); // what the steps of its own list may name
        provider.Foreign("Token");      // where its pack's token comes from
        provider.End();
        if (options is { Plugin: not null, Pack: not null }) provider.Wrong("Pack", "a provider is made by its plugin or of a pack, not both");
        return options;
    }

    private Dictionary<string, Uri> ReadEndpoints(SectionReader provider)
    {
        Dictionary<string, Uri> endpoints = new(StringComparer.OrdinalIgnoreCase);
        foreach (IConfigurationSection endpoint in provider.Texts("Endpoints"))
        {
            if (IsHttp(endpoint.Value, out Uri? url)) endpoints[endpoint.Key] = url;
            else WrongValue(endpoint, "not an http or https URL without a user name");
        }

        return endpoints;
    }

    private Uri? ReadOrigin(IConfigurationSection item)
    {
        if (IsHttp(item.Value, out Uri? url) && Origin.TryParse(item.Value, out _)) return url;
        WrongValue(item, "not an origin (https://host or https://host:port)");
        return null;
    }

    private PipelineStepOptions? ReadStep(IConfigurationSection item)
    {
        if (item["Use"] is { Length: > 0 } use) return new PipelineStepOptions { Use = use, Section = item };
        Wrong(item, "a step is an object whose 'Use' names it");
        return null;
    }

    private static RouteOptions ReadRoute(SectionReader route)
    {
        string host = route.Text("Host", "*")!;
        bool pattern = host == "*" || Uri.CheckHostName(host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host) != UriHostNameType.Unknown;
        if (!pattern) route.Wrong("Host", "not a host, '*.' and a domain, or '*'");
        string? provider = route.Text("Provider");
        if (provider is null) route.Wrong("Provider", "missing: which provider serves these manifests?");
        route.End();
        return new RouteOptions { Name = route.Name, Host = host, Provider = provider ?? "" };
    }

    private LicenseOptions ReadLicenses(SectionReader licenses)
    {
        LicenseOptions options = new()
        {
            Store = licenses.Text("Store"),
            KeyWaitSeconds = licenses.Number("KeyWaitSeconds", 30, 1, 3600),
            Record = licenses.Text("Record"),
            RecordBodies = licenses.Flag("RecordBodies"),
            Fallback = [.. licenses.Items("Fallback").Select(ReadFallback).OfType<LicenseFallback>()],
        };
        licenses.End();
        return options;
    }

    private LicenseFallback? ReadFallback(IConfigurationSection item)
    {
        if (item.Value is { Length: > 0 })
        {
            Wrong(item, "an object is expected: { \"KeySystem\": \"…\", \"Provider\": \"…\" }, or one of the two");
            return null;
        }

        SectionReader entry = new(item, _errors, _defaults);
        LicenseFallback fallback = new() { KeySystem = entry.Text("KeySystem"), Provider = entry.Text("Provider") };
        entry.End();
        if (fallback is { KeySystem: null, Provider: null }) Wrong(item, "it names neither a KeySystem nor a Provider: what is to be tried?");
        return fallback;
    }

    private static DecryptionOptions ReadDecryption(SectionReader decryption)
    {
        DecryptionOptions options = new()
        {
            Acceleration = decryption.Choice<Acceleration>("Acceleration"),
            MaxParallelFragments = decryption.Number("MaxParallelFragments", 0, 0, 1024),
        };
        decryption.End();
        return options;
    }

    private static MessagingOptions ReadMessaging(SectionReader messaging)
    {
        MessagingOptions options = new() { Transport = messaging.Choice<MessageTransport>("Transport") };
        messaging.End();
        return options;
    }

    private static SecretOptions ReadSecrets(SectionReader secrets)
    {
        SecretOptions options = new() { Directory = secrets.Text("Directory") };
        secrets.End();
        return options;
    }

    private HttpOptions ReadHttp(SectionReader http)
    {
        List<string> roots = [];
        foreach (IConfigurationSection item in http.List("TrustedRoots"))
        {
            string file = Path.GetFullPath(item.Value!, AppContext.BaseDirectory);
            if (!File.Exists(file)) WrongValue(item, $"there is no file {file}");
            roots.Add(file);
        }

        http.End();
        return new HttpOptions { TrustedRoots = roots };
    }

    // Who names a plugin for a key system or a provider allows it: "Allow" is for pins, for plugins that are required, and for settings of their own.
    private FrozenDictionary<string, AllowedPlugin> WithNamed(KeywayOptions options)
    {
        Dictionary<string, AllowedPlugin> allowed = new(options.Plugins.Allow);
        foreach (KeySystemOptions system in options.KeySystems.Values) Name(system.Plugin, $"KeySystems:{system.Name}:Plugin");
        foreach (ProviderOptions provider in options.Providers.Values)
            if (provider.Plugin is { } plugin) Name(plugin, $"Providers:{provider.Name}:Plugin");
        return allowed.ToFrozenDictionary();

        void Name(string plugin, string path)
        {
            if (!IsPluginId(plugin)) Wrong(path, "not the id of a plugin: lower-case letters, digits and dashes");
            else allowed[plugin] = allowed.GetValueOrDefault(plugin, new AllowedPlugin()) with { WhenNamed = false };
        }
    }

    private void CheckReferences(KeywayOptions options)
    {
        foreach (ProviderOptions provider in options.Providers.Values)
        {
            string path = $"Providers:{provider.Name}";
            foreach (IConfigurationSection name in provider.Section.GetSection("KeySystems").GetChildren().Where(name => name.Value is { Length: > 0 }))
                if (!options.KeySystems.ContainsKey(name.Value!)) Wrong(name, NoKeySystem(options, name.Value!));

            foreach (string name in provider.Endpoints.Keys)
            {
                if (!options.KeySystems.ContainsKey(name)) Wrong($"{path}:Endpoints:{name}", NoKeySystem(options, name));
                else if (provider.KeySystems.Count > 0 && !provider.KeySystems.Contains(name, StringComparer.OrdinalIgnoreCase))
                    Wrong($"{path}:Endpoints:{name}", $"the provider's KeySystems do not name '{name}'");
            }

            CheckSteps(options, provider);
        }

        foreach (IConfigurationSection fallback in _keyway.Section.GetSection("Licenses:Fallback").GetChildren())
        {
            if (fallback["KeySystem"] is { Length: > 0 } system && !options.KeySystems.ContainsKey(system)) Wrong(fallback.GetSection("KeySystem"), NoKeySystem(options, system));
            if (fallback["Provider"] is { Length: > 0 } named && !IsDirect(named) && !options.Providers.ContainsKey(named))
                Wrong(fallback.GetSection("Provider"), $"there is no provider '{named}' in Keyway:Providers{Spelling.Question(named, options.Providers.Keys)}");
        }

        foreach (RouteOptions route in options.Routes.Values)
        {
            if (route.Provider.Length > 0 && !options.Providers.ContainsKey(route.Provider))
                Wrong($"Routes:{route.Name}:Provider", $"there is no provider '{route.Provider}' in Keyway:Providers{Spelling.Question(route.Provider, options.Providers.Keys)}");
        }

        foreach (IGrouping<string, RouteOptions> alike in options.Routes.Values.GroupBy(route => route.Host, StringComparer.OrdinalIgnoreCase))
        {
            foreach (RouteOptions route in alike.Skip(1)) Wrong($"Routes:{route.Name}:Host", $"the route '{alike.First().Name}' is for '{route.Host}' already");
        }
    }

    private void CheckSteps(KeywayOptions options, ProviderOptions provider)
    {
        IReadOnlyList<string> known = new LicenseSteps().Names;
        foreach (PipelineStepOptions step in provider.Pipeline.Where(step => !known.Contains(step.Use, StringComparer.OrdinalIgnoreCase)))
        {
            int dot = step.Use.IndexOf('.', StringComparison.Ordinal);
            if (dot < 0 || known.Any(name => name.StartsWith(step.Use[..(dot + 1)], StringComparison.OrdinalIgnoreCase)))
                Wrong(step.Section, $"no step is named '{step.Use}' (there are {string.Join(", ", known)}, and those of plugins, as PLUGIN.STEP){Spelling.Question(step.Use, known)}");
            else if (!MayBeThere(options, step.Use[..dot]))
                Wrong(step.Section, NoPlugin(options, step.Use[..dot]));   // whether it has that step is known when it is loaded
        }
    }

    private void CheckSecretNames(IConfigurationSection section)
    {
        if (SecretReference.IsReference(section.Value) && SecretReference.NameOf(section.Value) is null)
            Wrong(section, $"not '{SecretReference.Prefix}' and a name ({SecretReference.NameRule})");   // and not repeated: it may be the secret itself
        foreach (IConfigurationSection child in section.GetChildren()) CheckSecretNames(child);
    }

    private void Wrong(IConfigurationSection section, string reason) => _errors.Add(new SettingError(section.Path, reason));

    /// <summary>Notes a mistake in a setting that holds no secret.</summary>
    private void WrongValue(IConfigurationSection section, string reason) => _errors.Add(new SettingError(section.Path, reason) { Value = SecretSettings.InMessage(section.Value) });

    private void Wrong(string path, string reason) => Wrong(_keyway.Section.GetSection(path), reason);

    private static bool MayBeThere(KeywayOptions options, string plugin) =>
        options.Plugins.Unknown == UnknownPlugins.Load || options.Plugins.Allow.ContainsKey(plugin.ToLowerInvariant());

    private static string NoPlugin(KeywayOptions options, string plugin) =>
        $"plugin '{plugin}' is not in Keyway:Plugins:Allow{Spelling.Question(plugin, options.Plugins.Allow.Keys)}";

    private static string NoKeySystem(KeywayOptions options, string name) =>
        $"there is no key system '{name}' in Keyway:KeySystems{Spelling.Question(name, options.KeySystems.Keys)}";

    private static bool IsDirect(string provider) => provider.Equals(LicenseService.DirectName, StringComparison.OrdinalIgnoreCase);

    private static bool IsPluginId(string id) => id.All(c => char.IsAsciiLetter(c) || char.IsAsciiDigit(c) || c == '-');

    private static bool IsHttp(string? text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Uri? url) =>
        Uri.TryCreate(text, UriKind.Absolute, out url) && (url.Scheme == Uri.UriSchemeHttps || url.Scheme == Uri.UriSchemeHttp) && url.UserInfo.Length == 0;

    private static FrozenDictionary<string, T> ByName<T>(IEnumerable<T> entries, Func<T, string> name) =>
        entries.ToFrozenDictionary(name, StringComparer.OrdinalIgnoreCase);
}

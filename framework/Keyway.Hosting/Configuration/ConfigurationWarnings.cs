using System.Net;
using Keyway.Hosting.Plugins;
using Keyway.Licensing.Configuration;
using Microsoft.Extensions.Configuration;

namespace Keyway.Hosting.Configuration;

/// <summary>Finds what a host can start with and hardly is what somebody meant.</summary>
internal static class ConfigurationWarnings
{
    /// <summary>What can be seen from configuration alone.</summary>
    /// <param name="options">The options.</param>
    /// <param name="keyway">The section <c>Keyway</c>.</param>
    /// <param name="root">The configuration that it is of; <see langword="null"/>: it is not known.</param>
    public static IEnumerable<SettingError> Of(KeywayOptions options, IConfigurationSection keyway, IConfigurationRoot? root) =>
        [.. Sections(keyway, root), .. Plugins(options, keyway), .. Secrets(options, keyway), .. Unencrypted(options)];

    /// <summary>What is known once the plugins are loaded: those whose key systems nobody configured.</summary>
    /// <param name="options">The options.</param>
    /// <param name="plugins">The plugins.</param>
    public static IEnumerable<SettingError> Of(KeywayOptions options, IReadOnlyList<PluginRecord> plugins)
    {
        foreach (PluginRecord plugin in plugins.Where(static plugin => plugin.State == PluginState.Loaded && plugin.KeySystems.Count > 0))
        {
            if (options.KeySystems.Values.Any(system => system.Plugin == plugin.Id)) continue;
            string name = plugin.KeySystems[0];
            yield return new SettingError("Keyway:KeySystems", $"plugin '{plugin.Id}' is loaded, and no entry here uses its key system: add \"{name}\": {(name == plugin.Id ? "{}" : $"{{ \"Plugin\": \"{plugin.Id}\" }}")}");
        }

        if (!Directory.Exists(Path.Combine(AppContext.BaseDirectory, options.Plugins.Directory))) yield break;
        string[] found = [.. plugins.Where(static plugin => plugin.State != PluginState.Absent).Select(static plugin => plugin.Id)];
        foreach (PluginRecord plugin in plugins.Where(static plugin => plugin.State == PluginState.Absent))
            yield return new SettingError($"Keyway:Plugins:Allow:{plugin.Id}", $"{plugin.Problem!.Reason}{Spelling.Question(plugin.Id, found)}");
    }

    // { "KeySystems": … } without { "Keyway": … } around it, or { "KeyWay2": … }
    private static IEnumerable<SettingError> Sections(IConfigurationSection keyway, IConfigurationRoot? root)
    {
        if (root is null)
        {
            if (!keyway.GetChildren().Any()) yield return Missing(keyway);
            yield break;
        }

        string[] members = ["Plugins", "KeySystems", "Providers", "Routes", "Licenses", "Decryption", "Secrets"];
        foreach (IConfigurationProvider provider in root.Providers.OfType<FileConfigurationProvider>())
        {
            string[] own = [.. provider.GetChildKeys([], null).Distinct(StringComparer.OrdinalIgnoreCase)];
            if (own.Length == 0 || own.Contains(keyway.Key, StringComparer.OrdinalIgnoreCase)) continue;
            string file = SettingLayers.NameOf(provider);
            if (own.FirstOrDefault(name => members.Contains(name, StringComparer.OrdinalIgnoreCase)) is { } outside)
                yield return new SettingError(outside, $"it is ignored: it stands outside of the member \"{keyway.Key}\"") { Origin = file };
            else if (Spelling.Nearest(keyway.Key, own) is { } meant)
                yield return new SettingError(meant, $"it is ignored: the section is called \"{keyway.Key}\"") { Origin = file };
        }

        if (!keyway.GetChildren().Any()) yield return Missing(keyway);
    }

    private static SettingError Missing(IConfigurationSection keyway) => new(keyway.Path, "there is no such section in the configuration: every setting is at its default, and no key system is configured");

    private static IEnumerable<SettingError> Plugins(KeywayOptions options, IConfigurationSection keyway)
    {
        string folder = Path.Combine(AppContext.BaseDirectory, options.Plugins.Directory);
        if (options.Plugins.Allow.Count > 0 && !Directory.Exists(folder))
            yield return new SettingError($"{keyway.Path}:Plugins:Directory", $"there is no folder {folder}, so no plugin is loaded");
    }

    private static IEnumerable<SettingError> Secrets(KeywayOptions options, IConfigurationSection keyway)
    {
        if (options.Secrets.Directory is { } directory && Path.GetFullPath(directory, AppContext.BaseDirectory) is var full && !Directory.Exists(full))
            yield return new SettingError($"{keyway.Path}:Secrets:Directory", $"there is no folder {full}");
        foreach (IConfigurationSection leaf in References(keyway))
        {
            string name = SecretReference.NameOf(leaf.Value)!;
            if (!SecretReader.Exists(options.Secrets, name))
                yield return new SettingError(leaf.Path, $"the secret '{name}' is not there: {(options.Secrets.Directory is null ? "Keyway:Secrets:Directory is not set" : "no file of that name in Keyway:Secrets:Directory")}, and no environment variable {SecretReader.VariableOf(name)}");
        }
    }

    private static IEnumerable<IConfigurationSection> References(IConfigurationSection section) =>
        SecretReference.NameOf(section.Value) is not null ? [section] : section.GetChildren().SelectMany(References);

    private static IEnumerable<SettingError> Unencrypted(KeywayOptions options)
    {
        foreach (ProviderOptions provider in options.Providers.Values)
        {
            foreach ((string keySystem, Uri url) in provider.Endpoints)
                if (IsPublic(url)) yield return new SettingError($"{provider.Section.Path}:Endpoints:{keySystem}", "plain http to a host that is not of this machine or its network: tokens and licences can be read on the way; use https");
            foreach (IConfigurationSection origin in provider.Section.GetSection("AllowedOrigins").GetChildren())
                if (Uri.TryCreate(origin.Value, UriKind.Absolute, out Uri? url) && IsPublic(url)) yield return new SettingError(origin.Path, "plain http to a host that is not of this machine or its network: tokens and licences can be read on the way; use https");
        }
    }

    private static bool IsPublic(Uri url)
    {
        if (url.Scheme != Uri.UriSchemeHttp || url.IsLoopback) return false;
        if (!IPAddress.TryParse(url.DnsSafeHost, out IPAddress? address)) return url.Host.Contains('.', StringComparison.Ordinal) && !url.Host.EndsWith(".local", StringComparison.OrdinalIgnoreCase) && !url.Host.EndsWith(".internal", StringComparison.OrdinalIgnoreCase);
        return HostHttp.IsPublic(address);
    }
}

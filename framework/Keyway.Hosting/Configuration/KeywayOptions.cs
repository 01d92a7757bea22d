using System.Collections.Frozen;
using Keyway.Hosting.Plugins;
using Keyway.Licensing.Configuration;
using Microsoft.Extensions.Configuration;

namespace Keyway.Hosting.Configuration;

/// <summary>Everything that configuration says: the section <c>Keyway</c>, checked as a whole.</summary>
public sealed record KeywayOptions
{
    /// <summary>Which plugins are loaded, and from where.</summary>
    public PluginOptions Plugins { get; init; } = new();

    /// <summary>The key systems, by name.</summary>
    public IReadOnlyDictionary<string, KeySystemOptions> KeySystems { get; init; } = FrozenDictionary<string, KeySystemOptions>.Empty;

    /// <summary>The licence services, by name.</summary>
    public IReadOnlyDictionary<string, ProviderOptions> Providers { get; init; } = FrozenDictionary<string, ProviderOptions>.Empty;

    /// <summary>Which provider serves which manifests, by the route's name.</summary>
    public IReadOnlyDictionary<string, RouteOptions> Routes { get; init; } = FrozenDictionary<string, RouteOptions>.Empty;

    /// <summary>Licences that outlive their session.</summary>
    public LicenseOptions Licenses { get; init; } = new();

    /// <summary>How samples are decrypted.</summary>
    public DecryptionOptions Decryption { get; init; } = new();

    /// <summary>The bus.</summary>
    public MessagingOptions Messaging { get; init; } = new();

    /// <summary>Where secrets are.</summary>
    public SecretOptions Secrets { get; init; } = new();

    /// <summary>The host's way to HTTP.</summary>
    public HttpOptions Http { get; init; } = new();

    /// <summary>What is no mistake and looks like one: half an entry, a secret that is not there, a licence service without encryption.</summary>
    public IReadOnlyList<SettingError> Warnings { get; init; } = [];

    /// <summary>Reads the section <c>Keyway</c>.</summary>
    /// <param name="section">The section.</param>
    /// <param name="root">The configuration that it is of, so that mistakes name the layer that they stand in; <see langword="null"/>: they do not.</param>
    /// <returns>The options.</returns>
    /// <exception cref="KeywayConfigurationException">Something is wrong; every mistake is reported.</exception>
    public static KeywayOptions Read(IConfigurationSection section, IConfigurationRoot? root = null)
    {
        ArgumentNullException.ThrowIfNull(section);
        KeywayOptionsReader reader = new(section);
        KeywayOptions options = reader.Read();
        if (reader.Errors.Count > 0) throw new KeywayConfigurationException(SettingLayers.Explain(reader.Errors, section, root));
        return options with { Warnings = SettingLayers.Explain([.. ConfigurationWarnings.Of(options, section, root)], section, root) };
    }

    /// <summary>Finds the route for a manifest: the one whose pattern is the most precise.</summary>
    /// <param name="host">The manifest's host; empty for a file.</param>
    /// <returns>The route, or <see langword="null"/> when none is for that host.</returns>
    public RouteOptions? FindRoute(string host) =>
        Routes.Values.Where(route => route.Matches(host)).MaxBy(route => route.Precision);

    /// <summary>The sections that belong to one plugin: its own, those of its key systems and providers, and those of its pipeline steps.</summary>
    /// <param name="pluginId">The plugin's id.</param>
    /// <returns>The sections.</returns>
    public IEnumerable<IConfigurationSection> SectionsOf(string pluginId)
    {
        if (Plugins.Allow.TryGetValue(pluginId, out AllowedPlugin? allowed) && allowed.Settings is { } settings) yield return settings;
        foreach (KeySystemOptions system in KeySystems.Values.Where(system => system.Plugin == pluginId)) yield return system.Settings;
        foreach (ProviderOptions provider in Providers.Values)
        {
            if (provider.Plugin == pluginId) yield return provider.Section;
            else
            {
                foreach (PipelineStepOptions step in provider.Pipeline.Where(step => step.Use.StartsWith(pluginId + ".", StringComparison.Ordinal)))
                    yield return step.Section;
            }
        }
    }
}

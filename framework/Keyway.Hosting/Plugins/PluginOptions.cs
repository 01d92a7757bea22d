using System.Collections.Frozen;

namespace Keyway.Hosting.Plugins;

/// <summary>Which plugins a host loads, and from where: the section <c>Keyway:Plugins</c>.</summary>
public sealed record PluginOptions
{
    /// <summary>The folder that has a folder for each plugin. A relative path counts from the application, never from the working directory.</summary>
    /// <value><c>plugins</c>.</value>
    public string Directory { get; init; } = "plugins";

    /// <summary>What becomes of a plugin that <see cref="Allow"/> does not name.</summary>
    public UnknownPlugins Unknown { get; init; }

    /// <summary>Whether plugins can leave before the process ends. It costs a little speed, and a plugin has to behave for it.</summary>
    public bool Unloadable { get; init; }

    /// <summary>The plugins that may be loaded, by id.</summary>
    public IReadOnlyDictionary<string, AllowedPlugin> Allow { get; init; } = FrozenDictionary<string, AllowedPlugin>.Empty;
}

using System.Collections.Frozen;

namespace Keyway.Hosting.Plugins;

/// <summary>Which plugins a host loads, and from where: the section <c>Keyway:Plugins</c>.</summary>
public sealed record PluginOptions
{
    /// <summary>The folder that has a folder for each plugin. A relative path counts from the application, never from the working directory.</summary>
    /// <value><c>plugins</c>.</value>
    public string Directory { get; init; } = "plugins";

    /// <summary>How a plugin that <see cref="Allow"/> does not name is treated.</summary>
    public UnknownPlugins Unknown { get; init; }

    /// <summary>Whether plugins can leave before the process ends. It costs a little speed, and a plugin has to behave for it.</summary>
    public bool Unloadable { get; init; }

    /// <summary>How long one call of a plugin may take: its <c>Configure</c>, the making and starting of a key system, a step of a session.</summary>
    /// <value>15 seconds.</value>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// The folder in which plugins keep what they keep for themselves, a folder each, encrypted under the secret <c>plugin-storage</c>. A relative path counts from the
    /// application.
    /// </summary>
    /// <value><see langword="null"/>: nothing is kept for plugins.</value>
    public string? Storage { get; init; }

    /// <summary>The plugins that somebody will ask for something; the others are left alone, unless they are required. <see langword="null"/>: all.</summary>
    internal IReadOnlySet<string>? Needed { get; init; }

    /// <summary>The plugins that may be loaded, by id.</summary>
    public IReadOnlyDictionary<string, AllowedPlugin> Allow { get; init; } = FrozenDictionary<string, AllowedPlugin>.Empty;
}

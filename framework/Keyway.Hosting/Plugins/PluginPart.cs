using Microsoft.Extensions.Configuration;

namespace Keyway.Hosting.Plugins;

/// <summary>Something that a plugin brings and that configuration can ask for by name.</summary>
/// <typeparam name="T">What it makes.</typeparam>
/// <remarks>Keeping a part, or what it made, keeps its plugin in memory.</remarks>
public sealed record PluginPart<T>
{
    /// <summary>The plugin that brings it.</summary>
    public required string PluginId { get; init; }

    /// <summary>Its name. A pipeline step's has the plugin's id before it.</summary>
    public required string Name { get; init; }

    /// <summary>Makes one from its entry in configuration. This is code of the plugin: it may throw anything.</summary>
    public required Func<IConfigurationSection, T> Create { get; init; }
}

using Microsoft.Extensions.Configuration;

namespace Keyway.Hosting.Plugins;

/// <summary>What configuration says about one plugin: the section <c>Keyway:Plugins:Allow:ID</c>.</summary>
public sealed record AllowedPlugin
{
    /// <summary>What the files of its folder have to be, as <see cref="PluginPin.Compute"/> gives it. <see langword="null"/>: anything.</summary>
    public string? Pin { get; init; }

    /// <summary>Whether the host must not start without it.</summary>
    public bool Required { get; init; }

    /// <summary>Whether it is left out although it is named.</summary>
    public bool Disabled { get; init; }

    /// <summary>Whether it is left out, and nothing is said of it, as long as no entry of key systems or providers names it.</summary>
    public bool WhenNamed { get; init; }

    /// <summary>The section itself, which the plugin gets as its settings. <see langword="null"/>: an empty one.</summary>
    public IConfigurationSection? Settings { get; init; }
}

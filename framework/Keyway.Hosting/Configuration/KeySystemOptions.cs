using Microsoft.Extensions.Configuration;

namespace Keyway.Hosting.Configuration;

/// <summary>One key system: the section <c>Keyway:KeySystems:NAME</c>.</summary>
public sealed record KeySystemOptions
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The id of the plugin that brings it.</summary>
    /// <value>The name.</value>
    public required string Plugin { get; init; }

    /// <summary>Where content offers several systems, the lowest number is tried first; the name decides between equals.</summary>
    /// <value>100.</value>
    public int Priority { get; init; } = 100;

    /// <summary>What the plugin reads by itself.</summary>
    public required IConfigurationSection Settings { get; init; }
}

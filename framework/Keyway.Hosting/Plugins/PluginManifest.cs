namespace Keyway.Hosting.Plugins;

/// <summary>What a plugin says of itself in its assembly's metadata, read without loading it.</summary>
internal sealed record PluginManifest
{
    /// <summary>The plugin's id.</summary>
    public required string Id { get; init; }

    /// <summary>The full name of its entry type.</summary>
    public required string EntryPoint { get; init; }

    /// <summary>The contract version that it was built against.</summary>
    public required string Contract { get; init; }

    /// <summary>The path of its assembly.</summary>
    public required string AssemblyPath { get; init; }
}

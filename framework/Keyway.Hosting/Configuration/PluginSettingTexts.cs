using Keyway.Hosting.Plugins;
using Microsoft.Extensions.Configuration;

namespace Keyway.Hosting.Configuration;

/// <summary>
/// What plugins say of their own settings: <c>[assembly: AssemblyMetadata("Keyway.Setting:Roots:*:File", "…")]</c>, and <c>Keyway.Default:…</c> for what counts without one. Paths are those
/// below <c>Settings</c>; <c>*</c> stands for a name of the user's. Read from the files of the plugin folder, of which nothing is loaded.
/// </summary>
/// <param name="keyway">The section <c>Keyway</c>, which says where the folder is.</param>
internal sealed class PluginSettingTexts(IConfigurationSection keyway)
{
    private const string Setting = "Keyway.Setting:";
    private const string Default = "Keyway.Default:";
    private const string AnyName = "*";

    private readonly Dictionary<string, IReadOnlyDictionary<string, string>?> _read = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Says what a setting of a plugin does.</summary>
    /// <param name="plugin">The plugin's id.</param>
    /// <param name="names">The path below <c>Settings</c>.</param>
    /// <returns>What it does, and its default; <see langword="null"/> each where the plugin is not there or does not say it.</returns>
    public (string? Description, string? Default) Of(string plugin, ReadOnlySpan<string> names)
    {
        if (!_read.TryGetValue(plugin, out IReadOnlyDictionary<string, string>? texts)) _read[plugin] = texts = Read(plugin);
        if (texts is null) return default;
        // What is below a setting that is described is a part of it.
        for (int length = names.Length; length > 0; length--)
        {
            foreach ((string name, string description) in texts)
            {
                if (!name.StartsWith(Setting, StringComparison.OrdinalIgnoreCase) || !Fits(name[Setting.Length..], names[..length])) continue;
                return length == names.Length ? (description, texts.GetValueOrDefault(Default + name[Setting.Length..])) : ($"a part of: {description}", null);
            }
        }

        return default;
    }

    private static bool Fits(string pattern, ReadOnlySpan<string> names)
    {
        string[] parts = pattern.Split(ConfigurationPath.KeyDelimiter);
        if (parts.Length != names.Length) return false;
        for (int i = 0; i < parts.Length; i++)
            if (parts[i] != AnyName && !parts[i].Equals(names[i], StringComparison.OrdinalIgnoreCase)) return false;
        return true;
    }

    private IReadOnlyDictionary<string, string>? Read(string plugin)
    {
        try
        {
            string directory = Path.GetFullPath(keyway["Plugins:Directory"] ?? "plugins", AppContext.BaseDirectory);
            foreach (string folder in PluginDiscovery.Folders(directory))
                if (PluginDiscovery.Read(folder, out _) is { } manifest && manifest.Id.Equals(plugin, StringComparison.OrdinalIgnoreCase)) return PluginMetadata.ReadTexts(manifest.AssemblyPath);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            // What is wrong with the folder is told by who loads it.
        }

        return null;
    }
}

using System.Text.RegularExpressions;

namespace Keyway.Hosting.Plugins;

/// <summary>Finds what lies in a plugin folder. No code of a plugin runs.</summary>
internal static partial class PluginDiscovery
{
    /// <summary>Lists the folders of plugins.</summary>
    /// <param name="directory">The folder that has a folder for each plugin.</param>
    /// <returns>The folders in ordinal order; none when there is no such directory.</returns>
    public static IReadOnlyList<string> Folders(string directory) =>
        Directory.Exists(directory) ? [.. Directory.EnumerateDirectories(directory).Order(StringComparer.Ordinal)] : [];

    /// <summary>Reads what the plugin in a folder says of itself.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="problem">What is wrong with it, when the method returns <see langword="null"/>.</param>
    /// <returns>The manifest, or <see langword="null"/>.</returns>
    public static PluginManifest? Read(string folder, out PluginProblem? problem)
    {
        problem = null;
        List<PluginManifest> found = [];
        try
        {
            if (PluginPin.FindUnreadable(folder) is { } unreadable)
            {
                problem = new PluginProblem(PluginFault.Unreadable, unreadable);
                return null;
            }

            foreach (string file in Directory.EnumerateFiles(folder, "*.dll").Order(StringComparer.Ordinal))
                if (PluginMetadata.ReadAttribute(file) is { } manifest) found.Add(manifest);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            problem = new PluginProblem(PluginFault.Unreadable, exception.Message);
            return null;
        }

        problem = found switch
        {
            [] => new PluginProblem(PluginFault.NoEntry, "no assembly of the folder carries [assembly: KeywayPlugin(…)]"),
            [PluginManifest one] => Malformed(one),
            _ => new PluginProblem(
                PluginFault.SeveralEntries,
                $"more than one assembly carries [assembly: KeywayPlugin(…)]: {string.Join(", ", found.Select(static manifest => Path.GetFileName(manifest.AssemblyPath)))}"),
        };
        return problem is null ? found[0] : null;
    }

    private static PluginProblem? Malformed(PluginManifest manifest) => manifest switch
    {
        _ when !IdPattern().IsMatch(manifest.Id) =>
            new PluginProblem(PluginFault.MalformedAttribute, $"'{manifest.Id}' is no plugin id: an id is made of lower-case letters, digits and dashes"),

        // The type's name has no assembly behind it exactly when it is a type of the attribute's own assembly.
        { EntryPoint: "" } => new PluginProblem(PluginFault.MalformedAttribute, "the attribute names no entry type"),
        _ when manifest.EntryPoint.Contains(',', StringComparison.Ordinal) =>
            new PluginProblem(PluginFault.MalformedAttribute, $"the entry type {manifest.EntryPoint} is a type of another assembly"),
        _ => null,
    };

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]{0,63}\z")]
    private static partial Regex IdPattern();
}

using System.Globalization;
using System.Reflection;
using Keyway.Plugins;

namespace Keyway.Hosting.Plugins;

/// <summary>
/// What host and plugins share, checked before any code of a plugin is loaded. The loader does not say it when a plugin brings a newer version of
/// something shared: it takes the plugin's own copy, the types are then others than the host's, and the plugin "isn't there".
/// </summary>
internal static class PluginBoundary
{
    private static readonly string ContractAssembly = typeof(IPlugin).Assembly.GetName().Name!;
    private static readonly Lazy<IReadOnlyDictionary<string, Version>> Closure = new(FindClosure);

    /// <summary>The assemblies that the loader shares because the contract is shared: everything it refers to, and so on.</summary>
    public static IReadOnlyDictionary<string, Version> Shared => Closure.Value;

    /// <summary>Checks a plugin before it is loaded.</summary>
    /// <param name="manifest">What it says of itself.</param>
    /// <param name="folder">Its folder.</param>
    /// <returns>The problem, or <see langword="null"/>.</returns>
    public static PluginProblem? Check(PluginManifest manifest, string folder)
    {
        if (CheckVersion(manifest.Contract, KeywayContract.Version) is { } mismatch) return mismatch;
        try
        {
            foreach (string file in Directory.EnumerateFiles(folder, "*.dll", PluginPin.AllFiles).Order(StringComparer.Ordinal))
            {
                string name = Path.GetFileNameWithoutExtension(file);
                string path = Path.GetRelativePath(folder, file);
                if (string.Equals(name, ContractAssembly, StringComparison.OrdinalIgnoreCase))
                    return new PluginProblem(PluginFault.ShipsContract, $"the folder has a copy of {path}: the contract is the host's (reference it with Private=\"false\" ExcludeAssets=\"runtime\")");
                if (Shared.TryGetValue(name, out Version? host) && PluginMetadata.ReadVersion(file) is { } own && own > host)
                    return new PluginProblem(PluginFault.NewerDependency, $"the folder has {path} {own}, and host and plugins share {host}: build the plugin with that version or a lower one, or update the host");
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new PluginProblem(PluginFault.Unreadable, exception.Message);
        }

        return null;
    }

    /// <summary>Checks what a plugin was built against.</summary>
    /// <param name="built">The version in its attribute.</param>
    /// <param name="offered">The host's version.</param>
    /// <returns>The problem, or <see langword="null"/>: the majors are equal, and the plugin's minor is not above the host's.</returns>
    public static PluginProblem? CheckVersion(string built, string offered)
    {
        (int Major, int Minor)? theirs = Parse(built);
        (int Major, int Minor)? ours = Parse(offered);
        if (theirs is null) return new PluginProblem(PluginFault.ContractMismatch, $"'{built}' is no contract version; this host offers {offered}");
        return theirs.Value.Major == ours!.Value.Major && theirs.Value.Minor <= ours.Value.Minor
            ? null
            : new PluginProblem(PluginFault.ContractMismatch, $"built against contract {built}, this host offers {offered}");
    }

    private static (int Major, int Minor)? Parse(string version)
    {
        string[] parts = version.Split('.');
        return parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int minor)
            ? (major, minor)
            : null;
    }

    private static Dictionary<string, Version> FindClosure()
    {
        Dictionary<string, Version> found = new(StringComparer.OrdinalIgnoreCase);
        Queue<Assembly> open = new([typeof(IPlugin).Assembly]);
        while (open.TryDequeue(out Assembly? assembly))
        {
            foreach (AssemblyName reference in assembly.GetReferencedAssemblies())
            {
                if (found.ContainsKey(reference.Name!)) continue;
                Assembly loaded = Assembly.Load(reference);
                found.Add(reference.Name!, loaded.GetName().Version!);
                open.Enqueue(loaded);
            }
        }

        return found;
    }
}

using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
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
    private static readonly Lazy<IReadOnlyDictionary<string, string>> Platform = new(FindPlatform);
    private static readonly ConcurrentDictionary<string, Version?> Offered = new(StringComparer.OrdinalIgnoreCase);

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
            string[] files = [.. Directory.EnumerateFiles(folder, "*.dll", PluginPin.AllFiles).Order(StringComparer.Ordinal)];
            foreach (string file in files)
            {
                string name = Path.GetFileNameWithoutExtension(file);
                string path = Path.GetRelativePath(folder, file);
                if (string.Equals(name, ContractAssembly, StringComparison.OrdinalIgnoreCase))
                    return new PluginProblem(PluginFault.ShipsContract, $"the folder has a copy of {path}: the contract is the host's (reference it with Private=\"false\" ExcludeAssets=\"runtime\")");
                if (Shared.TryGetValue(name, out Version? host) && PluginMetadata.ReadVersion(file) is { } own && own > host)
                    return new PluginProblem(PluginFault.NewerDependency, $"the folder has {path} {own}, and host and plugins share {host}: build the plugin with that version or a lower one, or update the host");
            }

            return CheckReferences(manifest, folder, files);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new PluginProblem(PluginFault.Unreadable, exception.Message);
        }
    }

    // The runtime looks for an assembly when code that needs it is first run: a version that nobody has would be noticed with the first licence.
    private static PluginProblem? CheckReferences(PluginManifest manifest, string folder, string[] files)
    {
        HashSet<string> own = new(files.Select(Path.GetFileNameWithoutExtension)!, StringComparer.OrdinalIgnoreCase);
        foreach (string file in files)
        {
            bool isPlugin = file == manifest.AssemblyPath;
            foreach ((string name, Version wanted) in PluginMetadata.ReadReferences(file) ?? [])
            {
                bool isShared = name.Equals(ContractAssembly, StringComparison.OrdinalIgnoreCase) || Shared.ContainsKey(name);
                if (!isShared && own.Contains(name)) continue;
                string who = $"{Path.GetRelativePath(folder, file)} was built against {name} {wanted}";
                if (OfferOf(name) is not { } offered)
                {
                    // A library may name what it never uses. What the plugin itself names, it uses.
                    if (isPlugin && Platform.Value.Count > 0) return Missing(name, wanted, manifest);
                    continue;
                }

                if (offered >= wanted) continue;
                return new PluginProblem(PluginFault.NewerDependency, IsPlatform(name)
                    ? $"{who}, and this host runs on .NET {Environment.Version.ToString(2)}, which has {offered}: build the plugin for that version, or update the host"
                    : $"{who}, and this host offers {offered}: build the plugin with package {name} {offered.ToString(2)}.* or a lower one, or update the host");
            }
        }

        return null;
    }

    private static PluginProblem Missing(string name, Version wanted, PluginManifest manifest)
    {
        string where = name.StartsWith("Microsoft.AspNetCore.", StringComparison.Ordinal) ? "it is part of the shared framework Microsoft.AspNetCore.App, which this host does not run on"
            : name.StartsWith("System.Windows.", StringComparison.Ordinal) || name is "WindowsBase" or "PresentationCore" or "PresentationFramework" ? "it is part of the shared framework Microsoft.WindowsDesktop.App, which this host does not run on"
            : "neither the plugin's folder nor the host has it";
        return new PluginProblem(PluginFault.LoadFailed, $"{Path.GetFileName(manifest.AssemblyPath)} needs '{name}, {wanted}', and {where}");
    }

    /// <summary>The version of an assembly that the host gives to plugins: one that is shared, or one that the program itself runs on.</summary>
    private static Version? OfferOf(string name) => Offered.GetOrAdd(name, static name =>
    {
        if (name.Equals(ContractAssembly, StringComparison.OrdinalIgnoreCase)) return typeof(IPlugin).Assembly.GetName().Version;
        if (Shared.TryGetValue(name, out Version? shared)) return shared;
        if (Platform.Value.TryGetValue(name, out string? path)) return PluginMetadata.ReadVersion(path);
        return AssemblyLoadContext.Default.Assemblies.FirstOrDefault(assembly => name.Equals(assembly.GetName().Name, StringComparison.OrdinalIgnoreCase))?.GetName().Version;
    });

    private static bool IsPlatform(string name) =>
        Platform.Value.TryGetValue(name, out string? path)
        && string.Equals(Path.GetDirectoryName(path), Path.TrimEndingDirectorySeparator(RuntimeEnvironment.GetRuntimeDirectory()), StringComparison.OrdinalIgnoreCase);

    // What the program was started with. A program in one file has no list: what cannot be known is found when it is loaded.
    private static Dictionary<string, string> FindPlatform()
    {
        Dictionary<string, string> found = new(StringComparer.OrdinalIgnoreCase);
        foreach (string path in (AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") as string ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
            found.TryAdd(Path.GetFileNameWithoutExtension(path), path);
        return found;
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

using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Keyway.Hosting.Plugins;

/// <summary>
/// The private copies that plugins are loaded from. Code is mapped from its file for as long as it runs: whoever writes over that file changes code that
/// is running, and the process dies of it. Nobody writes over a copy: its folder is open to this user alone, and has a new name for each host.
/// </summary>
/// <remarks>
/// <para>Threads: any. Ownership: the plugin host's.</para>
/// <para>A process that was killed leaves its copies; the next host removes those whose lock nobody holds.</para>
/// </remarks>
internal sealed class PluginCopies : IDisposable
{
    private const string Prefix = "keyway-plugins-";
    private const string LockName = ".lock";

    // What the loader would read from it are folders of the machine that built the plugin: a plugin is what lies in its folder.
    private const string RuntimeConfiguration = ".runtimeconfig.json";

    // Between the making of a folder and of its lock lies a moment; a folder without a lock is left alone for much longer.
    private static readonly TimeSpan Unlocked = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new();
    private string? _root;
    private FileStream? _lock;

    /// <summary>Copies a plugin's folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="id">The plugin.</param>
    /// <param name="number">Which of its versions in this host it is.</param>
    /// <param name="hasLinks">Whether links are copied as what they lead to; else one is an error.</param>
    /// <returns>The copy.</returns>
    /// <exception cref="IOException">A file cannot be read or written, or there is more than <see cref="PluginLimits"/> allow.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read, or no folder may be made.</exception>
    public string Take(string folder, string id, int number, bool hasLinks)
    {
        string copy;
        lock (_gate) copy = Path.Combine(_root ??= Make(), string.Create(CultureInfo.InvariantCulture, $"{id}-{number}-{MarkOf(folder)}-{Guid.NewGuid():N}"));
        Directory.CreateDirectory(copy);
        if (hasLinks) CopyAll(folder, copy);
        else PluginPin.Copy(folder, copy);
        return copy;
    }

    /// <summary>What the names of all copies of a folder have in common.</summary>
    internal static string MarkOf(string folder) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFullPath(folder))))[..12];

    /// <summary>Leaves out of a copy what is not to be loaded. The copy is then no more what a pin is of.</summary>
    /// <param name="copy">The copy.</param>
    public static void Prepare(string copy)
    {
        foreach (string file in Directory.EnumerateFiles(copy, $"*{RuntimeConfiguration}")) File.Delete(file);
    }

    /// <summary>Deletes a copy.</summary>
    /// <param name="copy">The copy.</param>
    /// <exception cref="IOException">Windows does not delete what is still mapped.</exception>
    /// <exception cref="UnauthorizedAccessException">Windows does not delete what is still mapped.</exception>
    public static void Delete(string copy) => Directory.Delete(copy, recursive: true);

    /// <summary>Deletes what is left of the copies.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_root is null) return;
            _lock?.Dispose();
            TryDelete(_root);
            _root = null;
        }
    }

    /// <summary>Deletes the copies of hosts that are gone.</summary>
    internal static void RemoveAbandoned()
    {
        try
        {
            foreach (string folder in Directory.EnumerateDirectories(Path.GetTempPath(), $"{Prefix}*"))
                if (IsAbandoned(folder)) TryDelete(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // They are in nobody's way.
        }
    }

    private static bool IsAbandoned(string folder)
    {
        try
        {
            string path = Path.Combine(folder, LockName);
            if (!File.Exists(path)) return TimeProvider.System.GetUtcNow().UtcDateTime - Directory.GetCreationTimeUtc(folder) > Unlocked;
            using FileStream free = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Somebody holds it, or it is another user's.
            return false;
        }
    }

    private static void TryDelete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Windows does not delete what is still mapped; a later host does.
        }
    }

    private static void CopyAll(string folder, string copy)
    {
        int files = 0;
        long bytes = 0;
        foreach (string file in Directory.EnumerateFiles(folder, "*", PluginPin.AllFiles))
        {
            bytes += new FileInfo(file).Length;
            if (++files > PluginLimits.Files || bytes > PluginLimits.Bytes)
                throw new IOException($"{folder} has more than {PluginLimits.Files} files or {PluginLimits.Bytes >> 20} MiB: it is no plugin's folder");
            string target = Path.Combine(copy, Path.GetRelativePath(folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    private string Make()
    {
        RemoveAbandoned();
        string root = Directory.CreateTempSubdirectory(Prefix).FullName;
        _lock = new FileStream(Path.Combine(root, LockName), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        return root;
    }
}

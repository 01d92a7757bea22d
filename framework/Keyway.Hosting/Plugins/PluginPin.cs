using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Keyway.Hosting.Plugins;

/// <summary>The fingerprint of a plugin's folder: of every file in it, so that no file can be changed, added or taken away unseen.</summary>
public static class PluginPin
{
    /// <summary>Every file and folder below a folder, hidden ones included.</summary>
    internal static EnumerationOptions AllFiles { get; } = new() { RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = false };

    /// <summary>Computes the fingerprint of a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>64 lower-case hexadecimal digits.</returns>
    /// <remarks>
    /// It is the SHA-256 of one line for each file, sorted by path in ordinal order:
    /// <code>
    ///   path below the folder, '/' between its parts, UTF-8 | 00 | length, decimal | 00 | SHA-256, 64 hex digits | 0A
    /// </code>
    /// </remarks>
    /// <exception cref="IOException">A file cannot be read, or is a link, a pipe or a device.</exception>
    public static string Compute(string folder)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string path, string file) in Files(folder))
        {
            using FileStream stream = File.OpenRead(file);
            string digest = Convert.ToHexStringLower(SHA256.HashData(stream));
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{path}\0{stream.Length}\0{digest}\n")));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Copies a folder's files, to be hashed and loaded where nobody else can change them in between.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="destination">An empty folder of our own.</param>
    internal static void Copy(string folder, string destination)
    {
        foreach ((string path, string file) in Files(folder))
        {
            string target = Path.Combine(destination, path);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    /// <summary>Finds what is neither file nor folder: opening a pipe would wait for its writer, and a device has no end.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>What is wrong, or <see langword="null"/>. Where the system does not tell kinds apart always <see langword="null"/>.</returns>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    internal static string? FindUnreadable(string folder)
    {
        if (!OperatingSystem.IsLinux()) return null;
        foreach (string entry in Directory.EnumerateFileSystemEntries(folder, "*", AllFiles))
            if (UnixFile.Of(entry, followLinks: true) is { IsOrdinary: false } other) return $"{entry} is a {other.Kind.ToString().ToLowerInvariant()} and no file";
        return null;
    }

    private static IEnumerable<(string Path, string File)> Files(string folder)
    {
        if (FindUnreadable(folder) is { } unreadable) throw new IOException(unreadable);
        List<(string Path, string File)> files = [];
        foreach (string entry in Directory.EnumerateFileSystemEntries(folder, "*", AllFiles))
        {
            if (File.GetAttributes(entry).HasFlag(FileAttributes.ReparsePoint))
                throw new IOException($"{entry} is a link: what it leads to is not in the plugin's folder and cannot be pinned");
            if (File.Exists(entry)) files.Add((Path.GetRelativePath(folder, entry).Replace(Path.DirectorySeparatorChar, '/'), entry));
        }

        return files.OrderBy(static file => file.Path, StringComparer.Ordinal);
    }
}

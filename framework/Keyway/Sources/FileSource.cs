using System.Security;

namespace Keyway.Sources;

/// <summary>Opens files. What a manifest names must lie below its folder even after every link on the way is resolved.</summary>
internal static class FileSource
{
    /// <summary>Opens a file.</summary>
    /// <param name="origin">Where the manifest came from.</param>
    /// <param name="address">The file.</param>
    /// <param name="range">The part that is wanted; <see langword="null"/>: all.</param>
    /// <param name="seekable">Whether the reader goes by the file's length itself. Otherwise a file that is cut while it is read is noticed here, and not taken for one that has ended.</param>
    /// <exception cref="SourceException">It may not be opened, or cannot be.</exception>
    public static Stream Open(ContentOrigin origin, Uri address, ByteRange? range, bool seekable = true)
    {
        string path = address.LocalPath;
        try
        {
            // What the caller named itself may be, or lie behind, a link to anywhere.
            if (address != origin.Given)
            {
                string folder = Resolve(origin.Folder ?? throw new SourceException(path, "there is no folder that it could lie in"));
                string real = Resolve(Path.GetFullPath(path));
                if (!ContentOrigin.IsBelow(real, folder)) throw new SourceException(path, "it is a link to outside the manifest's folder");
                path = real;
            }

            if (Directory.Exists(path)) throw new SourceException(path, "it is a folder");
            FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 64 << 10, FileOptions.Asynchronous | FileOptions.SequentialScan);
            // What has no length (a pipe, a file that the system makes up) has no end that could be missed.
            if (range is null) return seekable || !file.CanSeek || file.Length == 0 ? file : new WindowStream(file, 0, file.Length, path);
            ByteRange part = range.Value;
            if (part.First > file.Length || (part.First == file.Length && part.Last is not null))
            {
                long length = file.Length;
                file.Dispose();
                throw new SourceException(path, $"it has {length} bytes, so it has no bytes {part}");
            }

            // RFC 9110, 14.1.2: a range that passes the end stops there.
            return new WindowStream(file, part.First, Math.Min(part.Last + 1 ?? file.Length, file.Length) - part.First, path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new SourceException(path, "there is no such file", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SecurityException or ArgumentException or NotSupportedException)
        {
            throw new SourceException(path, "it cannot be opened", e);
        }
    }

    /// <summary>The path with every link on it resolved, from the root down. A folder that is open already is where it is, whatever it is called.</summary>
    internal static string Resolve(string path)
    {
        string root = OpenFolder(path) ?? Path.GetPathRoot(path)!;
        string real = root;
        Stack<string> rest = new(Split(path[root.Length..]).Reverse());
        int links = 0;
        while (rest.TryPop(out string? name))
        {
            if (name == ".") continue;
            if (name == "..")
            {
                real = Path.GetDirectoryName(real) ?? root;
                continue;
            }

            string next = Path.Combine(real, name);
            string? target = new FileInfo(next).LinkTarget;
            if (target is null)
            {
                real = next;
                continue;
            }

            if (++links > SourceLimits.Links) throw new SourceException(path, "too many links");
            if (Path.IsPathRooted(target))
            {
                root = Path.GetPathRoot(target)!;
                real = root;
                target = target[root.Length..];
            }

            foreach (string part in Split(target).Reverse()) rest.Push(part);
        }

        return real;
    }

    // /proc/self/fd/N is not the name of a file but the file: a name that is not UTF-8 has no other form that a text could hold.
    private static string? OpenFolder(string path)
    {
        const string open = "/proc/self/fd/";
        if (!OperatingSystem.IsLinux() || !path.StartsWith(open, StringComparison.Ordinal)) return null;
        int end = path.AsSpan(open.Length).IndexOfAnyExceptInRange('0', '9');
        return end < 0 ? path : path[open.Length + end] == '/' && end > 0 ? path[..(open.Length + end)] : null;
    }

    private static string[] Split(string path) =>
        path.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries);
}

using System.Security;

namespace Keyway.Sources;

/// <summary>Opens files. What a manifest names must lie below its folder even after every link on the way is resolved.</summary>
internal static class FileSource
{
    public static Stream Open(ContentOrigin origin, Uri address, ByteRange? range)
    {
        string path = address.LocalPath;
        try
        {
            // What the caller named himself may be, or lie behind, a link to anywhere.
            if (address != origin.Given)
            {
                string folder = Resolve(origin.Folder ?? throw new SourceException(path, "there is no folder that it could lie in"));
                string real = Resolve(Path.GetFullPath(path));
                if (!ContentOrigin.IsBelow(real, folder)) throw new SourceException(path, "it is a link to outside the manifest's folder");
                path = real;
            }

            if (Directory.Exists(path)) throw new SourceException(path, "it is a folder");
            FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 64 << 10, FileOptions.Asynchronous | FileOptions.SequentialScan);
            if (range is not { } part) return file;
            if (part.First > file.Length || (part.First == file.Length && part.Last is not null))
            {
                long length = file.Length;
                file.Dispose();
                throw new SourceException(path, $"it has {length} bytes, so it has no bytes {part}");
            }

            // RFC 9110, 14.1.2: a range that passes the end stops there.
            return new WindowStream(file, part.First, Math.Min(part.Last + 1 ?? file.Length, file.Length) - part.First);
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

    /// <summary>The path with every link on it resolved, from the root down.</summary>
    internal static string Resolve(string path)
    {
        string root = Path.GetPathRoot(path)!;
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

    private static string[] Split(string path) =>
        path.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries);
}

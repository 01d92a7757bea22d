using System.Buffers;

namespace Keyway.Sandbox;

/// <summary>Where the sandbox keeps its own files. Only its user may read them: every file is 0600, and the folder is 0700 where the sandbox has made it.</summary>
internal sealed class DataFolder
{
    private const int MostTries = 8;
    private static readonly SearchValues<char> HexadecimalDigits = SearchValues.Create("0123456789abcdef");
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private DataFolder(string path) => Path = path;

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>Whether others may put files of theirs in the place of the sandbox's.</summary>
    public bool IsOpenToOthers => !OperatingSystem.IsWindows()
        && File.GetUnixFileMode(Path) is var mode && (mode & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0 && (mode & UnixFileMode.StickyBit) == 0;

    /// <summary>Makes the folder, or takes the one that is there as it is: it may be shared with others, and its mode is not the sandbox's to change.</summary>
    /// <param name="path">The folder.</param>
    /// <returns>It.</returns>
    /// <exception cref="SandboxException">It cannot be made.</exception>
    public static DataFolder Open(string path)
    {
        string full = System.IO.Path.GetFullPath(path);
        try
        {
            if (OperatingSystem.IsWindows()) Directory.CreateDirectory(full);   // the user's local data is the user's alone there
            else Directory.CreateDirectory(full, OwnerOnly | UnixFileMode.UserExecute);   // says nothing about one that is there
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SandboxException($"{full}: {e.Message}", e);
        }

        DeleteAbandoned(full);
        return new DataFolder(full);
    }

    /// <summary>The file for content keys of the user's own. It is made, without any key, when it is not there.</summary>
    /// <returns>Its path.</returns>
    public string OwnKeysFile() => WithFile("content-keys.json", "{ \"keys\": [] }\n"u8);

    /// <summary>Reads a file, which is made first when it is not there. Of several that make it at once, one wins and all read that one's.</summary>
    /// <param name="name">Its name in the folder.</param>
    /// <param name="make">Makes its content.</param>
    /// <returns>Its path and its content.</returns>
    /// <exception cref="SandboxException">It cannot be made or read.</exception>
    public (string Path, byte[] Content) ReadOrCreate(string name, Func<byte[]> make)
    {
        string file = System.IO.Path.Combine(Path, name);
        byte[]? content = File.Exists(file) ? null : make();
        try
        {
            if (content is null) Close(file);
            else Create(file, content, overwrite: false);
            return (file, File.ReadAllBytes(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SandboxException($"{file}: {e.Message}", e);
        }
    }

    /// <summary>Writes a file, instead of the one that is there.</summary>
    /// <param name="name">Its name in the folder.</param>
    /// <param name="content">Its content.</param>
    /// <exception cref="SandboxException">It cannot be written.</exception>
    public void Replace(string name, ReadOnlySpan<byte> content)
    {
        string file = System.IO.Path.Combine(Path, name);
        try
        {
            Create(file, content, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SandboxException($"{file}: {e.Message}", e);
        }
    }

    /// <summary>Puts files, for their owner only, into a folder that is not the sandbox's. It keeps its mode; when it is not there, it is made for the owner only.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="files">The files.</param>
    /// <exception cref="SandboxException">One is there already, and then none is written; or one cannot be written.</exception>
    public static void WriteNew(string folder, IReadOnlyList<CredentialFile> files)
    {
        string full = System.IO.Path.GetFullPath(folder);
        try
        {
            if (!Directory.Exists(full)) Open(full);
            string[] paths = [.. files.Select(file => System.IO.Path.Combine(full, file.Name))];
            if (paths.FirstOrDefault(File.Exists) is { } taken) throw new SandboxException($"{taken}: it is there already, and is kept");
            foreach ((string path, CredentialFile file) in paths.Zip(files)) Create(path, file.Content, overwrite: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SandboxException($"{full}: {e.Message}", e);
        }
    }

    private string WithFile(string name, ReadOnlySpan<byte> content)
    {
        string file = System.IO.Path.Combine(Path, name);
        try
        {
            if (File.Exists(file)) Close(file);
            else Create(file, content, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SandboxException($"{file}: {e.Message}", e);
        }

        return file;
    }

    private static void Create(string file, ReadOnlySpan<byte> content, bool overwrite)
    {
        // Written beside and renamed, because several sandboxes may start at once and none may read half a file.
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
        for (int tries = 1; ; tries++)
        {
            string beside = $"{file}.{Guid.NewGuid():N}";
            try
            {
                using (FileStream stream = new(beside, options)) stream.Write(content);
                File.Move(beside, file, overwrite);
                return;
            }
            catch (FileNotFoundException) when (tries < MostTries)
            {
                // Another that started just now took it for one that nobody writes.
            }
            catch (IOException) when (!overwrite && File.Exists(file))
            {
                File.Delete(beside);   // another was first
                return;
            }
            catch
            {
                File.Delete(beside);
                throw;
            }
        }
    }

    // One that was killed while it wrote has left keys under a name that nobody reads. Who still writes holds his file.
    private static void DeleteAbandoned(string folder)
    {
        foreach (string path in Directory.EnumerateFiles(folder))
        {
            ReadOnlySpan<char> digits = System.IO.Path.GetExtension(path.AsSpan());
            if (digits.Length != 33 || digits[1..].ContainsAnyExcept(HexadecimalDigits)) continue;
            try
            {
                using FileStream held = new(path, FileMode.Open, FileAccess.ReadWrite, OperatingSystem.IsWindows() ? FileShare.Delete : FileShare.None);
                File.Delete(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Somebody writes it.
            }
        }
    }

    // Never through a link: what it leads to is not the sandbox's.
    private static void Close(string file)
    {
        if (!OperatingSystem.IsWindows() && new FileInfo(file).LinkTarget is null) File.SetUnixFileMode(file, OwnerOnly);
    }
}

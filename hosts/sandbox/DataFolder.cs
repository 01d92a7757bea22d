namespace Keyway.Sandbox;

/// <summary>Where the sandbox keeps its own files. Only its user may look inside: the folder is 0700, every file 0600.</summary>
internal sealed class DataFolder
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private DataFolder(string path) => Path = path;

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>Makes the folder, or takes the one that is there and closes it to others.</summary>
    /// <param name="path">The folder.</param>
    /// <returns>It.</returns>
    /// <exception cref="SandboxException">It cannot be made or closed.</exception>
    public static DataFolder Open(string path)
    {
        string full = System.IO.Path.GetFullPath(path);
        try
        {
            if (OperatingSystem.IsWindows()) Directory.CreateDirectory(full);   // the user's local data is the user's alone there
            else
            {
                Directory.CreateDirectory(full, OwnerOnly | UnixFileMode.UserExecute);
                File.SetUnixFileMode(full, OwnerOnly | UnixFileMode.UserExecute);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SandboxException($"{full}: {e.Message}", e);
        }

        return new DataFolder(full);
    }

    /// <summary>The file for content keys of the user's own. It is made, without any key, when it is not there.</summary>
    /// <returns>Its path.</returns>
    public string OwnKeysFile() => WithFile("content-keys.json", "{ \"keys\": [] }\n"u8);

    private string WithFile(string name, ReadOnlySpan<byte> content)
    {
        string file = System.IO.Path.Combine(Path, name);
        try
        {
            if (File.Exists(file)) Close(file);
            else Create(file, content);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SandboxException($"{file}: {e.Message}", e);
        }

        return file;
    }

    private static void Create(string file, ReadOnlySpan<byte> content)
    {
        // Written beside and renamed, because several sandboxes may start at once and none may read half a file.
        string beside = $"{file}.{Environment.ProcessId}";
        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
        using (FileStream stream = new(beside, options)) stream.Write(content);
        File.Move(beside, file, overwrite: true);
    }

    private static void Close(string file)
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, OwnerOnly);
    }
}

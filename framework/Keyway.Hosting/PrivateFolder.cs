namespace Keyway.Hosting;

/// <summary>A folder that nobody but its user may enter, and files in it that are there whole or not at all.</summary>
internal static class PrivateFolder
{
    /// <summary>How the name of a file ends that is being written.</summary>
    public const string Unfinished = ".unfinished";

    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Makes the folder if it is not there, for this user only.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>Why it is not to be used; <see langword="null"/>: it is.</returns>
    public static string? Make(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
            return null;
        }

        const UnixFileMode own = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        if (!Directory.Exists(folder)) Directory.CreateDirectory(folder, own);
        return (File.GetUnixFileMode(folder) & Others) != 0 ? $"others may enter {folder} (chmod 700 closes it)" : null;
    }

    /// <summary>Writes a file beside its name, waits for the disk, and renames it.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="name">The file's name.</param>
    /// <param name="content">What it holds.</param>
    /// <exception cref="IOException">The disk did not take it. The file that was there is as it was.</exception>
    public static void Write(string folder, string name, ReadOnlySpan<byte> content)
    {
        string unfinished = Path.Combine(folder, $".{Path.GetFileNameWithoutExtension(name)}{Unfinished}");
        File.Delete(unfinished);
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        string path = Path.Combine(folder, name);
        try
        {
            using (FileStream file = new(unfinished, options))
            {
                file.Write(content);
                DiskSync.Flush(file.SafeFileHandle, path);
            }

            File.Move(unfinished, path, overwrite: true);
        }
        catch
        {
            Discard(unfinished);
            throw;
        }

        DiskSync.FlushFolder(folder);
    }

    /// <summary>Removes what the disk did not take. That it cannot be removed either is worth less than the reason.</summary>
    /// <param name="path">The file.</param>
    public static void Discard(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Whoever looks into the folder next deletes it.
        }
    }
}

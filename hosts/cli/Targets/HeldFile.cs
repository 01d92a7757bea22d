namespace Keyway.Cli.Targets;

/// <summary>Files that a running process holds by a lock, so that another can tell them from what a killed one has left.</summary>
/// <remarks>
/// Making and locking are two steps, and between them a file looks like one that nobody holds. So who makes one looks afterwards whether it is still there, and who
/// takes one away has its lock while he does: either the maker comes first, or he finds it gone and makes another.
/// </remarks>
internal static class HeldFile
{
    private const int MostTries = 16;

    /// <summary>Makes a file, readable by its owner alone, and holds it.</summary>
    /// <param name="name">Gives a name that nothing has; another for each try.</param>
    /// <exception cref="IOException">It cannot be made.</exception>
    public static FileStream Create(Func<string> name)
    {
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        for (int tries = 1; ; tries++)
        {
            string path = name();
            FileStream? file = null;
            try
            {
                file = new FileStream(path, options);
                if (OperatingSystem.IsWindows()) return file;

                // The library's own lock can be switched off. Where there are none, nobody takes files away either.
                _ = Posix.TryLock(file.SafeFileHandle);
                if (File.Exists(path)) return file;
                file.Dispose();
            }
            catch (IOException exception) when (tries < MostTries && IsHeld(exception))
            {
                // Somebody is just looking whether it is held.
                file?.Dispose();
            }

            if (tries == MostTries) throw new IOException($"{path}: it was taken away as soon as it was made");
        }
    }

    /// <summary>Opens a file that nobody holds, and holds it.</summary>
    /// <returns><see langword="null"/>: it is held, or is nothing that can be.</returns>
    public static FileStream? TryTake(string path)
    {
        try
        {
            // Opening a pipe for reading and writing does not wait; but then it is none of ours.
            if (new FileInfo(path).LinkTarget is not null) return null;
            FileStream file = new(path, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.ReadWrite, Share = OperatingSystem.IsWindows() ? FileShare.Delete : FileShare.None, BufferSize = 0 });
            if (file.CanSeek && (OperatingSystem.IsWindows() || Posix.TryLock(file.SafeFileHandle))) return file;
            file.Dispose();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Held, gone, or somebody else's.
        }

        return null;
    }

    // What the library says of a file that another has: an error code of Windows, or errno EWOULDBLOCK as the system numbers it.
    private static bool IsHeld(IOException exception) => exception.HResult == (OperatingSystem.IsWindows() ? unchecked((int)0x80070020) : OperatingSystem.IsLinux() ? 11 : 35);
}

using Keyway.Hosting;

namespace Keyway.Cli.Targets;

/// <summary>A folder of one run's own, which goes with it. Only the user may look inside. What a killed run left is deleted by the next one that makes such a folder.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private const string Prefix = "keyway-";
    private const string MarkName = ".keyway-run";
    private const int MostTries = 8;

    private readonly FileStream _mark;
    private readonly IDisposable _note;
    private int _isOver;

    private TemporaryFolder(string path, FileStream mark, Leftovers leftovers)
    {
        Path = path;
        _mark = mark;
        _note = leftovers.Add(Delete);
    }

    public string Path { get; }

    /// <summary>Makes a folder.</summary>
    /// <param name="purpose">A part of its name, for people who find it.</param>
    /// <param name="leftovers">Where it is noted.</param>
    /// <exception cref="IOException">It cannot be made.</exception>
    public static TemporaryFolder Create(string purpose, Leftovers leftovers)
    {
        DeleteAbandoned(System.IO.Path.GetTempPath());
        for (int tries = 1; ; tries++)
        {
            string path = Directory.CreateTempSubdirectory($"{Prefix}{purpose}-").FullName;
            try
            {
                return new TemporaryFolder(path, HeldFile.Create(() => MarkOf(path)), leftovers);
            }
            catch (IOException) when (tries < MostTries)
            {
                // Another run is tidying, and has looked at the folder before it was held.
                DeleteAll(path);
            }
        }
    }

    /// <summary>Makes it the user's: it stays, with what is in it.</summary>
    public void Keep()
    {
        if (Interlocked.Exchange(ref _isOver, 1) != 0) return;
        _note.Dispose();
        File.Delete(MarkOf(Path));
        _mark.Dispose();
    }

    public void Dispose()
    {
        _note.Dispose();
        Delete();
    }

    /// <summary>Deletes folders in a folder that no process holds.</summary>
    internal static void DeleteAbandoned(string folder)
    {
        try
        {
            foreach (string path in Directory.EnumerateDirectories(folder, $"{Prefix}*"))
            {
                // What another user put there is his, and might change under our hands.
                if (!IsOwn(path) || !File.Exists(MarkOf(path))) continue;
                using FileStream? mark = HeldFile.TryTake(MarkOf(path));
                if (mark is null) continue;
                if (OperatingSystem.IsWindows()) mark.Dispose();
                DeleteAll(path);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It is tidied, or it is not: the command has other work.
        }
    }

    private static string MarkOf(string folder) => System.IO.Path.Combine(folder, MarkName);

    private static bool IsOwn(string path)
    {
        const UnixFileMode own = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        if (OperatingSystem.IsLinux()) return UnixFile.Of(path, followLinks: false) is { Kind: UnixFileKind.Folder } folder && folder.Mode == own && folder.Owner == UnixFile.User;
        // Elsewhere the temporary folder is the user's own.
        return new DirectoryInfo(path).LinkTarget is null;
    }

    private static void DeleteAll(string path)
    {
        try
        {
            // The mark last: what could not be deleted is found by it.
            foreach (string folder in Directory.GetDirectories(path)) Directory.Delete(folder, recursive: true);
            foreach (string file in Directory.GetFiles(path, "*", new EnumerationOptions { AttributesToSkip = 0 }))
                if (System.IO.Path.GetFileName(file) != MarkName) File.Delete(file);
            Directory.Delete(path, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A child that is just ending may have written once more; the next run deletes it.
        }
    }

    private void Delete()
    {
        if (Interlocked.Exchange(ref _isOver, 1) != 0) return;
        if (OperatingSystem.IsWindows()) _mark.Dispose();
        DeleteAll(Path);
        _mark.Dispose();
    }
}

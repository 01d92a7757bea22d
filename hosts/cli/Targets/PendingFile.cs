using Keyway.Hosting;

namespace Keyway.Cli.Targets;

/// <summary>
/// A file that appears under its name only when it is complete: written beside, readable by its owner alone, then renamed. Until it is kept it can be withdrawn, and what it
/// replaced is there again. Disposed before that, it leaves nothing behind. A process that is killed leaves the file beside, which the next one that writes in the folder deletes.
/// </summary>
/// <remarks>Threads: one at a time. <see cref="Withdraw"/> may come while another thread writes to <see cref="Stream"/>.</remarks>
internal sealed class PendingFile : IAsyncDisposable
{
    private readonly bool _replace;
    private readonly FileStream _file;
    private string? _part;
    private string? _replaced;
    private bool _finished;
    private bool _isNamed;
    private bool _hasReplaced;

    private PendingFile(string path, bool replace, FileStream file, bool digests)
    {
        Path = path;
        _replace = replace;
        _file = file;
        _part = file.Name;
        Stream = new DigestStream(file, digests);
    }

    public string Path { get; }

    /// <summary>Where to write. Counts and digests what passes.</summary>
    public DigestStream Stream { get; }

    private string Folder => System.IO.Path.GetDirectoryName(Path)!;

    /// <summary>Opens the file beside its place.</summary>
    /// <exception cref="TargetException">The target exists and may not be replaced, or its folder cannot be written to.</exception>
    public static PendingFile Create(string path, bool replace, bool digests = true)
    {
        string full = System.IO.Path.GetFullPath(path);
        Refuse(full, replace);
        string folder = System.IO.Path.GetDirectoryName(full) ?? throw new TargetException($"{path} is not a file name");
        if (!Directory.Exists(folder)) throw new TargetException($"there is no folder {folder}");
        PartFiles.DeleteAbandoned(folder);
        try
        {
            return new PendingFile(full, replace, HeldFile.Create(() => PartFiles.NameFor(full)), digests);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new TargetException($"cannot write in {folder}: {cause.Message}", cause);
        }
    }

    /// <summary>Refuses a target that exists and may not be replaced. A folder may never be, nor what is no file: a rename would put one in its place.</summary>
    /// <exception cref="TargetException">It does.</exception>
    public static void Refuse(string path, bool replace)
    {
        if (Directory.Exists(path)) throw new TargetException($"{path} is a folder");
        if (!OperatingSystem.IsWindows() && path.StartsWith("/dev/", StringComparison.Ordinal) && !path.StartsWith("/dev/shm/", StringComparison.Ordinal)) throw new TargetException($"{path} is a device; - is standard output");
        if (OperatingSystem.IsLinux() && KindOf(path) is { } kind and not (UnixFileKind.File or UnixFileKind.Folder or UnixFileKind.Link))
            throw new TargetException($"{path} is a {kind.ToString().ToLowerInvariant()} and no file; - is standard output");
        // A link counts as existing even when it points nowhere: renaming replaces the link, never what it points to.
        FileInfo info = new(path);
        if (!replace && (info.Exists || info.LinkTarget is not null)) throw new TargetException($"{path} exists; --force replaces it");
    }

    /// <summary>Sees to it that all of it is written: the last moment at which a disk can be full.</summary>
    /// <param name="durable">Whether to wait until a disk has everything. What can be made again need not.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <exception cref="IOException">The disk did not take it.</exception>
    public async Task FinishAsync(bool durable, CancellationToken cancellationToken)
    {
        await Stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        if (durable) DiskSync.Flush(_file.SafeFileHandle, Path);
        else DiskSync.CheckWritten(_file.SafeFileHandle, Path);

        // Elsewhere it stays open: its lock is what says that it is not abandoned.
        if (OperatingSystem.IsWindows()) await _file.DisposeAsync().ConfigureAwait(false);
        _finished = true;
    }

    /// <summary>Gives the finished file its name.</summary>
    /// <exception cref="TargetException">Meanwhile somebody else has taken it.</exception>
    public void Commit()
    {
        if (!_finished) throw new InvalidOperationException("the file is not finished");
        try
        {
            _hasReplaced = _replace && (File.Exists(Path) || new FileInfo(Path).LinkTarget is not null);
            if (_hasReplaced) SetAside();
            File.Move(_part!, Path, _replace);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new TargetException(!_replace && File.Exists(Path) ? $"{Path} exists; --force replaces it" : $"cannot write {Path}: {cause.Message}", cause);
        }

        _isNamed = true;
        _part = null;
    }

    /// <summary>Sees to it that the name is on the disk too.</summary>
    /// <exception cref="IOException">It is not.</exception>
    public void FinishName() => DiskSync.FlushFolder(Folder);

    /// <summary>The file stays: what it replaced is gone for good.</summary>
    public void Keep()
    {
        _isNamed = false;
        if (_replaced is { } replaced) Delete(replaced);
        _replaced = null;
    }

    /// <summary>
    /// Takes everything back, because another file of the same command got no name, or because nobody could be told. What was replaced is there again; where the file system gives a
    /// file no second name, it is gone, and then the new one stays.
    /// </summary>
    public void Withdraw()
    {
        if (_part is { } part) Delete(part);
        if (_replaced is { } replaced)
        {
            if (_isNamed) File.Move(replaced, Path, overwrite: true);
            else Delete(replaced);
        }
        else if (_isNamed && !_hasReplaced) Delete(Path);

        (_part, _replaced, _isNamed) = (null, null, false);
    }

    public async ValueTask DisposeAsync()
    {
        await Stream.DisposeAsync().ConfigureAwait(false);
        try
        {
            await _file.DisposeAsync().ConfigureAwait(false);
        }
        catch (IOException)
        {
            // A full disk fails the last flush too. What was written is deleted next either way.
        }

        Withdraw();
    }

    [System.Runtime.Versioning.SupportedOSPlatform("linux")]
    private static UnixFileKind? KindOf(string path)
    {
        try
        {
            return UnixFile.Of(path, followLinks: false)?.Kind;
        }
        catch (IOException)
        {
            // A folder that may not be looked into cannot be written to either, which is said in its turn.
            return null;
        }
    }

    // A second name keeps what is replaced until the new file is kept. A rename over the first one stays one step, so that a crash finds the old file or the new one.
    private void SetAside()
    {
        string name = PartFiles.NameFor(Path);
        if (!OperatingSystem.IsWindows() && Posix.TryLink(Path, name)) _replaced = name;
    }

    private static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Windows keeps what is open. The next run that writes here deletes it.
        }
    }
}

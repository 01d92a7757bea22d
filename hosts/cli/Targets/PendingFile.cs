using System.Globalization;

namespace Keyway.Cli.Targets;

/// <summary>
/// A file that appears under its name only when it is complete: written beside, readable by its owner alone, then renamed.
/// Disposed before <see cref="Commit"/>, it leaves nothing behind.
/// </summary>
internal sealed class PendingFile : IAsyncDisposable
{
    private readonly string _part;
    private readonly bool _replace;
    private readonly FileStream _file;
    private bool _finished;
    private bool _committed;
    private bool _replaced;

    private PendingFile(string path, string part, bool replace, FileStream file, bool digests)
    {
        Path = path;
        _part = part;
        _replace = replace;
        _file = file;
        Stream = new DigestStream(file, digests);
    }

    public string Path { get; }

    /// <summary>Where to write. Counts and digests what passes.</summary>
    public DigestStream Stream { get; }

    /// <summary>Opens the file beside its place.</summary>
    /// <exception cref="TargetException">The target exists and may not be replaced, or its folder cannot be written to.</exception>
    public static PendingFile Create(string path, bool replace, bool digests = true)
    {
        string full = System.IO.Path.GetFullPath(path);
        Refuse(full, replace);
        string folder = System.IO.Path.GetDirectoryName(full) ?? throw new TargetException($"{path} is not a file name");
        if (!Directory.Exists(folder)) throw new TargetException($"there is no folder {folder}");
        string part = System.IO.Path.Combine(folder, $".{System.IO.Path.GetFileName(full)}.{Random.Shared.NextInt64().ToString("x16", CultureInfo.InvariantCulture)}.part");
        FileStreamOptions options = new()
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            return new PendingFile(full, part, replace, new FileStream(part, options), digests);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new TargetException($"cannot write in {folder}: {cause.Message}", cause);
        }
    }

    /// <summary>Refuses a target that exists and may not be replaced. A folder may never be.</summary>
    /// <exception cref="TargetException">It does.</exception>
    public static void Refuse(string path, bool replace)
    {
        if (Directory.Exists(path)) throw new TargetException($"{path} is a folder");
        // A rename would put a file in the place of the device.
        if (!OperatingSystem.IsWindows() && path.StartsWith("/dev/", StringComparison.Ordinal) && !path.StartsWith("/dev/shm/", StringComparison.Ordinal)) throw new TargetException($"{path} is a device; - is standard output");
        // A link counts as existing even when it points nowhere: renaming replaces the link, never what it points to.
        FileInfo info = new(path);
        if (!replace && (info.Exists || info.LinkTarget is not null)) throw new TargetException($"{path} exists; --force replaces it");
    }

    /// <summary>Closes the file: the last moment at which a disk can be full.</summary>
    /// <param name="durable">Whether to wait until a disk has everything. What can be made again need not.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    public async Task FinishAsync(bool durable, CancellationToken cancellationToken)
    {
        await Stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        if (durable) _file.Flush(flushToDisk: true);
        await _file.DisposeAsync().ConfigureAwait(false);
        _finished = true;
    }

    /// <summary>Gives the finished file its name.</summary>
    /// <exception cref="TargetException">Meanwhile somebody else has taken it.</exception>
    public void Commit()
    {
        if (!_finished) throw new InvalidOperationException("the file is not finished");
        _replaced = _replace && File.Exists(Path);
        try
        {
            File.Move(_part, Path, _replace);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new TargetException(!_replace && File.Exists(Path) ? $"{Path} exists; --force replaces it" : $"cannot write {Path}: {cause.Message}", cause);
        }

        _committed = true;
    }

    /// <summary>Takes the name back, because another file of the same command got none. One that replaced another stays: that one is gone.</summary>
    public void Withdraw()
    {
        if (_committed && !_replaced) File.Delete(Path);
    }

    public async ValueTask DisposeAsync()
    {
        await Stream.DisposeAsync().ConfigureAwait(false);
        if (_committed) return;
        try
        {
            await _file.DisposeAsync().ConfigureAwait(false);
        }
        catch (IOException)
        {
            // A full disk fails the last flush too. What was written is deleted next either way.
        }

        File.Delete(_part);
    }
}

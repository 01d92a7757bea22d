using System.IO.Pipelines;

namespace Keyway.Cli.Targets;

/// <summary>What a command writes, all or nothing: files get their names together, at the end, and are gone if the end is not reached.</summary>
internal sealed class OutputSet(CommandIo io, bool replace) : IAsyncDisposable
{
    // Large enough that a fragment of a stream of ordinary rate is written in a few calls.
    private static readonly StreamPipeWriterOptions PipeOptions = new(minimumBufferSize: 128 << 10, leaveOpen: true);

    private readonly List<PendingFile> _files = [];
    private readonly List<WrittenOutput> _written = [];
    private string? _madeFolder;
    private bool _committed;

    /// <summary>What was written, in order.</summary>
    public IReadOnlyList<WrittenOutput> Written => _written;

    /// <summary>Makes a folder, which is gone again if nothing comes of the command.</summary>
    public void MakeFolder(string path)
    {
        if (Directory.Exists(path)) return;
        if (File.Exists(path)) throw new TargetException($"{path} is a file");
        Directory.CreateDirectory(path);
        _madeFolder = path;
    }

    /// <summary>Writes one file, or to standard output where there is no path.</summary>
    public async Task<T> WriteAsync<T>(string? path, Func<PipeWriter, Task<T>> write, CancellationToken cancellationToken)
    {
        if (path is null)
        {
            Stream output = io.OpenOutput();
            await using (output.ConfigureAwait(false))
            {
                await using DigestStream digest = new(output);
                try
                {
                    T result = await WriteAsync(digest, write, cancellationToken).ConfigureAwait(false);
                    await digest.FlushAsync(cancellationToken).ConfigureAwait(false);
                    _written.Add(new WrittenOutput("-", digest.Length, digest.Digest));
                    return result;
                }
                catch (IOException exception) when (digest.HasFailed)
                {
                    throw new BrokenPipeException(exception);
                }
            }
        }

        PendingFile file = PendingFile.Create(path, replace);
        _files.Add(file);
        T summary = await WriteAsync(file.Stream, write, cancellationToken).ConfigureAwait(false);
        _written.Add(new WrittenOutput(file.Path, file.Stream.Length, file.Stream.Digest));
        return summary;
    }

    /// <summary>Gives every file its name.</summary>
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        foreach (PendingFile file in _files) await file.CommitAsync(CancellationToken.None).ConfigureAwait(false);
        _committed = true;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (PendingFile file in _files) await file.DisposeAsync().ConfigureAwait(false);
        if (!_committed && _madeFolder is not null && !Directory.EnumerateFileSystemEntries(_madeFolder).Any()) Directory.Delete(_madeFolder);
    }

    private static async Task<T> WriteAsync<T>(Stream stream, Func<PipeWriter, Task<T>> write, CancellationToken cancellationToken)
    {
        PipeWriter pipe = PipeWriter.Create(stream, PipeOptions);
        try
        {
            T result = await write(pipe).ConfigureAwait(false);
            await pipe.FlushAsync(cancellationToken).ConfigureAwait(false);
            await pipe.CompleteAsync().ConfigureAwait(false);
            return result;
        }
        catch (Exception exception)
        {
            await pipe.CompleteAsync(exception).ConfigureAwait(false);
            throw;
        }
    }
}

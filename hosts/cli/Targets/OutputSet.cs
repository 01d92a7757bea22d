using System.IO.Pipelines;

namespace Keyway.Cli.Targets;

/// <summary>What a command writes, all or nothing: files get their names together, at the end, and are gone if the end is not reached, or if nobody can be told of them.</summary>
internal sealed class OutputSet(CommandIo io, bool replace) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private readonly List<PendingFile> _files = [];
    private readonly List<(int Order, WrittenOutput Output)> _written = new(1);
    private readonly Lock _gate = new();
    private readonly Stack<string> _madeFolders = new();
    private TemporaryFolder? _temporary;
    private IDisposable? _note;
    private bool _isOver;
    private bool _isKept;

    /// <summary>Whether digests are taken.</summary>
    public bool Digests { get; init; } = true;

    /// <summary>Whether files are on the disk, and not only on their way to it, when they get their names.</summary>
    public bool Durable { get; init; } = true;

    /// <summary>What was written, in the order in which it was begun.</summary>
    public IReadOnlyList<WrittenOutput> Written
    {
        get
        {
            // By index, as below: what sorts such a list otherwise is compiled when the command ends.
            lock (_gate)
            {
                List<WrittenOutput> outputs = new(_written.Count);
                for (int i = 0; i < _written.Count; i++) outputs.Add(_written[i].Output);
                return outputs;
            }
        }
    }

    /// <summary>Makes a folder and those above it, which are gone again if nothing comes of the command.</summary>
    /// <exception cref="TargetException">It cannot be made.</exception>
    public void MakeFolder(string path)
    {
        lock (_gate) Note();
        Stack<string> missing = new();
        for (string? each = path; each is not null && !Directory.Exists(each); each = Path.GetDirectoryName(each)) missing.Push(each);
        try
        {
            foreach (string each in missing)
            {
                Directory.CreateDirectory(each);
                lock (_gate) _madeFolders.Push(each);
            }
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new TargetException($"cannot make the folder {path}: {cause.Message}", cause);
        }
    }

    /// <summary>Makes a folder for what the user named no place for. Only the user may look inside.</summary>
    /// <returns>The folder.</returns>
    public string MakeTemporaryFolder()
    {
        _temporary = TemporaryFolder.Create("sample", io.Leftovers);
        return _temporary.Path;
    }

    /// <summary>Writes one file, or to standard output where there is no path. Several files may be written side by side.</summary>
    /// <exception cref="TargetException">The file exists, or cannot be written where it should be.</exception>
    /// <exception cref="BrokenPipeException">The reader of standard output has ended.</exception>
    public async Task<T> WriteAsync<T>(string? path, Func<PipeWriter, Task<T>> write, CancellationToken cancellationToken)
    {
        if (path is null)
        {
            Stream output = io.OpenOutput();
            await using (output.ConfigureAwait(false))
            {
                await using DigestStream digest = new(output, Digests);
                try
                {
                    T result = await WriteAsync(digest, write, cancellationToken).ConfigureAwait(false);
                    await digest.FlushAsync(cancellationToken).ConfigureAwait(false);
                    Add(0, new WrittenOutput("-", digest.Length, digest.Digest));
                    return result;
                }
                catch (IOException exception) when (digest.HasFailed && BrokenPipeException.Is(exception))
                {
                    throw new BrokenPipeException(exception);
                }
            }
        }

        PendingFile file;
        int order;
        lock (_gate)
        {
            Note();
            // Not made after the end: nobody would take it away.
            if (_isOver) throw new OperationCanceledException(cancellationToken);
            file = PendingFile.Create(path, replace, Digests);
            order = _files.Count;
            _files.Add(file);
        }

        T summary = await WriteAsync(file.Stream, write, cancellationToken).ConfigureAwait(false);
        Add(order, new WrittenOutput(file.Path, file.Stream.Length, file.Stream.Digest));
        return summary;
    }

    /// <summary>Gives every file its name, once all of them are written. They are withdrawn again unless they are kept.</summary>
    /// <exception cref="IOException">A disk did not take it.</exception>
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        foreach (PendingFile file in _files) await file.FinishAsync(Durable, cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (_isOver) throw new OperationCanceledException(cancellationToken);
            foreach (PendingFile file in _files) file.Commit();
        }

        if (!Durable) return;
        foreach (PendingFile file in _files.DistinctBy(static file => Path.GetDirectoryName(file.Path))) file.FinishName();
    }

    /// <summary>The files stay: the user who asked for them has been told.</summary>
    public void Keep()
    {
        lock (_gate)
        {
            if (_isOver) return;
            (_isOver, _isKept) = (true, true);
            foreach (PendingFile file in _files) file.Keep();
        }

        _temporary?.Keep();
        _note?.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        Undo();
        foreach (PendingFile file in _files) await file.DisposeAsync().ConfigureAwait(false);
        RemoveFolders();
        _temporary?.Dispose();
        _note?.Dispose();
    }

    private void Note() => _note ??= io.Leftovers.Add(() =>
    {
        Undo();
        RemoveFolders();
    });

    /// <summary>Takes back what is not kept, while it is being written if need be.</summary>
    private void Undo()
    {
        // Who ends in the middle of a commit waits for its renames; they are a moment, unless a disk hangs.
        if (!_gate.TryEnter(Patience)) return;
        try
        {
            if (_isOver) return;
            _isOver = true;
            foreach (PendingFile file in _files) file.Withdraw();
        }
        finally
        {
            _gate.Exit();
        }
    }

    private void RemoveFolders()
    {
        while (true)
        {
            string? folder;
            lock (_gate)
                if (_isKept || !_madeFolders.TryPop(out folder)) return;
            try
            {
                Directory.Delete(folder);
            }
            catch (IOException)
            {
                // Somebody has put something in.
                return;
            }
        }
    }

    private void Add(int order, WrittenOutput output)
    {
        lock (_gate)
        {
            int at = _written.Count;
            while (at > 0 && _written[at - 1].Order > order) at--;
            _written.Insert(at, (order, output));
        }
    }

    private static async Task<T> WriteAsync<T>(Stream stream, Func<PipeWriter, Task<T>> write, CancellationToken cancellationToken)
    {
        StreamOutput pipe = new(stream);
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

namespace Keyway.Cli;

/// <summary>One file as it is, or several one after the other: an initialisation segment and the segments after it.</summary>
internal sealed class FileSequence : ForwardStream
{
    private readonly IEnumerator<string> _files;
    private FileStream? _current;
    private string _name = "";
    private long _left;

    private FileSequence(IReadOnlyList<string> files) => _files = files.GetEnumerator();

    /// <summary>Opens files. One that is missing is reported before anything is read.</summary>
    /// <exception cref="SourceException">A file cannot be opened.</exception>
    public static Stream Open(IReadOnlyList<string> files, Func<Stream> standardInput)
    {
        if (files is ["-"]) return standardInput();
        if (files.Count == 1) return OpenFile(files[0]);
        foreach (string file in files)
            if (!File.Exists(file)) throw new SourceException(file, "there is no such file");
        return new FileSequence(files);
    }

    /// <summary>How long several files are, each; <see langword="null"/> for one alone, and where one of them has no length: a pipe, a device, a URL.</summary>
    public static List<long>? LengthsOf(IReadOnlyList<string> files)
    {
        if (files.Count < 2) return null;
        List<long> lengths = [];
        foreach (string file in files)
        {
            FileInfo info = new(file);
            if (info.LinkTarget is not null) info = info.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? info;
            if (!info.Exists || info.Length == 0 || (info.Attributes & FileAttributes.Device) != 0) return null;
            lengths.Add(info.Length);
        }

        return lengths;
    }

    /// <summary>One open file as a stream that only goes forward. Ownership: the stream's.</summary>
    public static Stream Of(FileStream file, string name)
    {
        FileSequence sequence = new([]);
        sequence.Take(file, name);
        return sequence;
    }

    public override int Read(Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            if (_current is null && !MoveNext()) return 0;
            int read = _current!.Read(buffer);
            _left -= read;
            if (read > 0) return read;

            // A file that becomes longer is read to its end; one that somebody cuts is not what it was when it was opened.
            if (_left > 0) throw new SourceException(_name, $"it became shorter while it was read: the last {_left} bytes are gone");
            _current.Dispose();
            _current = null;
        }

        return 0;
    }

    // A read of a file is a system call on some thread, whatever it is called: here it is made on this one.
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested ? ValueTask.FromCanceled<int>(cancellationToken) : new(Read(buffer.Span));

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _current?.Dispose();
            _files.Dispose();
        }

        base.Dispose(disposing);
    }

    private bool MoveNext()
    {
        if (!_files.MoveNext()) return false;
        Take(OpenFile(_files.Current), _files.Current);
        return true;
    }

    private void Take(FileStream file, string name) => (_current, _name, _left) = (file, name, file.CanSeek ? file.Length - file.Position : 0);

    private static FileStream OpenFile(string path)
    {
        try
        {
            return new FileStream(path, new FileStreamOptions { Access = FileAccess.Read, Share = FileShare.Read, BufferSize = 0, Options = FileOptions.SequentialScan });
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SourceException(path, exception is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : exception.Message, exception);
        }
    }
}

namespace Keyway.Cli.Targets;

/// <summary>Passes bytes on, counts them and, where it is wanted, takes their SHA-256, beside the writing. The inner stream stays the caller's to dispose.</summary>
internal sealed class DigestStream(Stream inner, bool digests = true) : PlainStream
{
    /// <summary>From so many bytes on another thread takes the digest meanwhile.</summary>
    private const int Beside = 64 << 10;

    // A write to a file or a pipe is a system call on some thread, whatever it is called: here it is made on this one.
    private readonly FileStream? _file = OperatingSystem.IsWindows() ? null : inner as FileStream;
    private readonly Digester? _hash = digests ? new Digester() : null;
    private long _length;

    public override bool CanWrite => true;

    public override long Length => _length;

    public override long Position
    {
        get => _length;
        set => throw new NotSupportedException();
    }

    /// <summary>The digest of what has passed so far, in lower-case hexadecimal; <see langword="null"/> where none is wanted.</summary>
    public string? Digest => _hash?.Text;

    /// <summary>Whether a write has failed: what comes after it failed here, and not where the bytes came from.</summary>
    public bool HasFailed { get; private set; }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        HasFailed = true;
        inner.Write(buffer);
        HasFailed = false;
        _hash?.Append(buffer);
        _length += buffer.Length;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        HasFailed = true;
        Task? digesting = _hash is not null && buffer.Length >= Beside ? Task.Run(() => _hash.Append(buffer.Span), CancellationToken.None) : null;
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_file is not null) _file.Write(buffer.Span);
            else await inner.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (ArgumentOutOfRangeException exception)
        {
            // What the library makes of EFBIG: 4 GiB on a FAT file system, or a limit of the user's.
            throw new IOException("the file would be larger than its file system or a limit allows", exception);
        }
        finally
        {
            // The bytes are the caller's again when this call ends.
            if (digesting is not null) await digesting.ConfigureAwait(false);
        }

        HasFailed = false;
        if (digesting is null) _hash?.Append(buffer.Span);
        _length += buffer.Length;
    }

    public override void Flush() => inner.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    protected override void Dispose(bool disposing)
    {
        if (disposing) _hash?.Dispose();
        base.Dispose(disposing);
    }
}

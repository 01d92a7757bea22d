using Keyway.Containers.WebM;

namespace Keyway.Cli;

/// <summary>A stream that cannot seek, of which the first bytes were looked at. Ownership: the stream stays its owner's.</summary>
internal sealed class PeekedStream : ForwardStream
{
    private readonly Stream _rest;
    private readonly byte[] _beginning = new byte[WebMDecryptor.Enough];
    private int _next, _length;

    private PeekedStream(Stream rest) => _rest = rest;

    /// <summary>Whether it is WebM.</summary>
    public bool IsWebM { get; private set; }

    /// <summary>Looks whether a file is WebM, and goes back to where it was.</summary>
    /// <param name="file">The file, which reads on the thread that asks.</param>
    public static bool Look(FileStream file)
    {
        Span<byte> beginning = stackalloc byte[WebMDecryptor.Enough];
        int length = file.ReadAtLeast(beginning, beginning.Length, throwOnEndOfStream: false);
        file.Seek(-length, SeekOrigin.Current);
        return WebMDecryptor.Begins(beginning[..length]);
    }

    /// <summary>Looks whether an input that can seek is WebM, and goes back to where it was.</summary>
    /// <param name="input">The input.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public static async ValueTask<bool> LookAsync(Stream input, CancellationToken cancellationToken)
    {
        byte[] beginning = new byte[WebMDecryptor.Enough];
        int length = await input.ReadAtLeastAsync(beginning, beginning.Length, throwOnEndOfStream: false, cancellationToken);
        input.Seek(-length, SeekOrigin.Current);
        return WebMDecryptor.Begins(beginning.AsSpan(0, length));
    }

    /// <summary>Looks at the beginning of an input.</summary>
    /// <param name="input">The input.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public static async ValueTask<PeekedStream> OpenAsync(Stream input, CancellationToken cancellationToken)
    {
        PeekedStream stream = new(input);
        stream._length = await input.ReadAtLeastAsync(stream._beginning, stream._beginning.Length, throwOnEndOfStream: false, cancellationToken);
        stream.IsWebM = WebMDecryptor.Begins(stream._beginning.AsSpan(0, stream._length));
        return stream;
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_next == _length) return await _rest.ReadAsync(buffer, cancellationToken);
        int count = Math.Min(_length - _next, buffer.Length);
        _beginning.AsMemory(_next, count).CopyTo(buffer);
        _next += count;
        return count;
    }
}

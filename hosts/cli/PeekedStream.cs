using Keyway.Containers.WebM;

namespace Keyway.Cli;

/// <summary>A stream of which the first bytes were looked at. Ownership: the stream stays its owner's.</summary>
internal sealed class PeekedStream(byte[] beginning, int length, Stream rest) : ForwardStream
{
    private int _next;


    /// <summary>Looks whether an input is WebM.</summary>
    /// <returns>The input from its beginning, and whether it is.</returns>
    public static async ValueTask<(Stream Input, bool IsWebM)> OpenAsync(Stream input, CancellationToken cancellationToken)
    {
        byte[] beginning = new byte[WebMDecryptor.Enough];
        int length = await input.ReadAtLeastAsync(beginning, beginning.Length, throwOnEndOfStream: false, cancellationToken);
        bool isWebM = WebMDecryptor.Begins(beginning.AsSpan(0, length));
        if (!input.CanSeek) return (new PeekedStream(beginning, length, input), isWebM);
        input.Seek(-length, SeekOrigin.Current);
        return (input, isWebM);
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_next == length) return await rest.ReadAsync(buffer, cancellationToken);
        int count = Math.Min(length - _next, buffer.Length);
        beginning.AsMemory(_next, count).CopyTo(buffer);
        _next += count;
        return count;
    }
}

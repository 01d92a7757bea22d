using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Keyway.Licensing.Transport;

/// <summary>
/// Between a connection and the HTTP library, for answers that must not stay in memory. What comes is read into memory of our own, pinned and cleared, and
/// handed on a line at a time. So the library's own buffer, which is pooled and never cleared, gets no more than the head of an answer, and the body goes
/// straight to where the caller wants it. Only chunks pass through that buffer in any case: they are cleared there once the library has taken them out.
/// </summary>
/// <remarks>
/// The library asks for more with its own buffer only when it can do nothing with what that holds. No byte is changed or held back here, so that a mistake in
/// reading along can leave something uncleared and nothing else. A body of many lines costs a call for each; answers of licence services are one line,
/// or binary and short. Threads: one reader and one writer, as the library has them.
/// </remarks>
/// <param name="connection">The connection, decrypted. Ownership: taken.</param>
internal sealed class HeadFirstStream(Stream connection) : PlainStream
{
    private const int BufferLength = 16 * 1024;

    private readonly byte[] _buffer = GC.AllocateArray<byte>(BufferLength, pinned: true);
    private readonly AnswerFraming _framing = new();
    private int _start;
    private int _end;

    // Where the library had chunks put.
    private byte[]? _chunks;
    private int _chunksStart;
    private int _chunksEnd;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!buffer.IsEmpty) ClearChunks(buffer);
        if (_start == _end)
        {
            // A read of nothing waits until there is something.
            if (buffer.IsEmpty) return await connection.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            _start = _end = 0;
            _end = await connection.ReadAsync(_buffer, cancellationToken).ConfigureAwait(false);
        }

        int count = Take(buffer.Span);
        if (MemoryMarshal.TryGetArray(buffer, out ArraySegment<byte> into) && _framing.Read(buffer.Span[..count], into.Array!)) NoteChunks(into.Array!, into.Offset, count);
        return count;
    }

    public override int Read(Span<byte> buffer)
    {
        if (_start == _end)
        {
            if (buffer.IsEmpty) return connection.Read(buffer);
            _start = _end = 0;
            _end = connection.Read(_buffer);
        }

        return Take(buffer);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _framing.Begin();
        return connection.WriteAsync(buffer, cancellationToken);
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _framing.Begin();
        connection.Write(buffer);
    }

    public override void Flush() => connection.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => connection.FlushAsync(cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        CryptographicOperations.ZeroMemory(_buffer);
        await connection.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            CryptographicOperations.ZeroMemory(_buffer);
            connection.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Hands on what there is up to the end of a line, and clears it here.</summary>
    private int Take(Span<byte> destination)
    {
        Span<byte> there = _buffer.AsSpan(_start, Math.Min(_end - _start, destination.Length));
        int line = there.IndexOf((byte)'\n');
        if (line >= 0) there = there[..(line + 1)];
        there.CopyTo(destination);
        CryptographicOperations.ZeroMemory(there);
        _start += there.Length;
        return there.Length;
    }

    private void NoteChunks(byte[] array, int offset, int count)
    {
        if (array != _chunks) (_chunks, _chunksStart, _chunksEnd) = (array, offset, offset + count);
        else (_chunksStart, _chunksEnd) = (Math.Min(_chunksStart, offset), Math.Max(_chunksEnd, offset + count));
    }

    /// <summary>The library wants more, and so has taken out what was there; unless it has another buffer by now, and the old one may be somebody else's.</summary>
    private void ClearChunks(Memory<byte> buffer)
    {
        if (_chunks is null) return;
        if (MemoryMarshal.TryGetArray(buffer, out ArraySegment<byte> into) && into.Array == _chunks) CryptographicOperations.ZeroMemory(_chunks.AsSpan(_chunksStart.._chunksEnd));
        _chunks = null;
    }
}

using System.Runtime.CompilerServices;

namespace Keyway.Decryption;

/// <summary>Opens one message of AES-128 in cipher block chaining with padding, as it comes: how HLS encrypts whole segments (RFC 8216, 4.3.2.4 and 5.2).</summary>
/// <remarks>
/// <code>
/// message   |▒▒▒▒▒▒▒▒|▒▒▒▒▒▒▒▒|▒▒▒▒▒▒▒▒|▒▒▒▒▒▒▒▒|      whole blocks
///        IV─┘└──────►┘└──────►┘└──────►┘              each block's chaining value is the encrypted block before it
/// clear     |████████|████████|████████|███ n=5 |      PKCS#7 (RFC 5652, 6.3): the last n bytes are n each, 1 ≤ n ≤ 16
///                                       ▲ held back until it is known that nothing follows
/// </code>
/// <para>Everything happens in the caller's memory: what is held back goes in front of what comes next. Nothing is allocated by a call.</para>
/// <para>Threads: one. Ownership: the caller's; disposing it gives the key back. A key that is revoked or expires meanwhile still serves the rest of this segment.</para>
/// </remarks>
internal sealed class SegmentCipher : IDisposable
{
    /// <summary>The size of a block, and of an initialisation vector, in bytes.</summary>
    public const int BlockSize = AesHardware.BlockSize;

    private readonly KeyLease _lease;
    private Block _chain;
    private Block _held;
    private bool _disposed;

    /// <summary>Begins a message.</summary>
    /// <param name="lease">The key, which is ours. Ownership: this object's from now on.</param>
    /// <param name="vector">16 bytes.</param>
    public SegmentCipher(KeyLease lease, ReadOnlySpan<byte> vector)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(vector.Length, BlockSize);
        _lease = lease;
        vector.CopyTo(_chain);
    }

    /// <summary>A leaked one still releases its key.</summary>
    ~SegmentCipher() => Release();

    /// <summary>How many bytes are held back, 0 to 16: as many must be free in front of what is decrypted next.</summary>
    public int HeldBack { get; private set; }

    /// <summary>How many encrypted bytes have come.</summary>
    public long Length { get; private set; }

    /// <summary>Decrypts what has come.</summary>
    /// <param name="buffer"><see cref="HeldBack"/> bytes whose content does not matter, and behind them what has come.</param>
    /// <returns>How many bytes at its beginning are clear now. What is behind them does not matter any more.</returns>
    public int Decrypt(Span<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        int added = buffer.Length - HeldBack;
        if (added <= 0) return 0;
        Span<byte> held = _held;
        held[..HeldBack].CopyTo(buffer);
        Length += added;

        // Of whole blocks the last one may be padding.
        int clear = (buffer.Length - 1) / BlockSize * BlockSize;
        HeldBack = buffer.Length - clear;
        buffer[clear..].CopyTo(held);
        _lease.DecryptBlocks(buffer[..clear], _chain);

        // The finalizer must not give the key back while it is at work.
        GC.KeepAlive(this);
        return clear;
    }

    /// <summary>Decrypts what is held back, when nothing follows.</summary>
    /// <param name="buffer">At least 16 bytes.</param>
    /// <param name="clear">How many of them are clear bytes now, 0 to 15.</param>
    /// <returns>How the message ended. Where it did not end well nothing is clear.</returns>
    public SegmentEnd Finish(Span<byte> buffer, out int clear)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        clear = 0;
        if (Length == 0) return SegmentEnd.Empty;
        if (HeldBack < BlockSize) return SegmentEnd.Truncated;
        Span<byte> last = _held;
        _lease.DecryptBlocks(last, _chain);
        GC.KeepAlive(this);
        HeldBack = 0;
        int padding = last[^1];
        if (padding is 0 or > BlockSize || last[^padding..].ContainsAnyExcept((byte)padding)) return SegmentEnd.BadPadding;
        clear = BlockSize - padding;
        last[..clear].CopyTo(buffer);
        return SegmentEnd.Complete;
    }

    /// <summary>Gives the key back.</summary>
    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        if (_disposed) return;
        _disposed = true;
        _lease.Release();
    }

    [InlineArray(BlockSize)]
    private struct Block
    {
        private byte _first;
    }
}

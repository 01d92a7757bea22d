namespace Keyway.Decryption;

/// <summary>The clear bytes of a segment that is encrypted as a whole, while they come. There are 1 to 16 fewer than encrypted ones.</summary>
/// <remarks>
/// Its beginning is looked at before any of it is handed on; whether its end is right is known at its end only. Threads: one reader. Ownership: it owns the
/// encrypted stream and the cipher.
/// </remarks>
internal sealed class SegmentCipherStream : ForwardStream
{
    // A reader that takes less at a time is served from a buffer of ours.
    private const int LeastDirect = 4 * SegmentCipher.BlockSize;

    private readonly Stream _inner;
    private readonly SegmentCipher _cipher;
    private readonly string _name;
    // What is held back goes in front of what is read, and the last block behind what is there.
    private readonly byte[] _own = new byte[SegmentBeginning.Length + (2 * SegmentCipher.BlockSize)];
    private Memory<byte> _ready;
    private SegmentBeginning? _beginning;
    private bool _isOver;

    /// <summary>Makes a stream; nothing is read before it is.</summary>
    /// <param name="inner">The encrypted segment: one message.</param>
    /// <param name="cipher">What opens it, at its beginning.</param>
    /// <param name="name">What it is called in messages.</param>
    public SegmentCipherStream(Stream inner, SegmentCipher cipher, string name) => (_inner, _cipher, _name) = (inner, cipher, name);

    /// <summary>What it begins as; <see langword="null"/> before it has been read.</summary>
    public SegmentForm? Form => _beginning?.Form;

    /// <inheritdoc/>
    /// <exception cref="MediaFormatException">It is cut, or its key or initialisation vector does not fit.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty) return 0;
        if (_beginning is null) await BeginAsync(cancellationToken).ConfigureAwait(false);
        if (_ready.IsEmpty && !_isOver)
        {
            if (buffer.Length >= LeastDirect) return await FillAsync(buffer, cancellationToken).ConfigureAwait(false);
            _ready = _own.AsMemory(0, await FillAsync(_own, cancellationToken).ConfigureAwait(false));
        }

        int given = Math.Min(buffer.Length, _ready.Length);
        _ready[..given].CopyTo(buffer);
        _ready = _ready[given..];
        return given;
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        _cipher.Dispose();
        await _inner.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _cipher.Dispose();
            _inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask BeginAsync(CancellationToken cancellationToken)
    {
        int length = _ready.Length;
        while (length < SegmentBeginning.Length)
        {
            int more = await FillAsync(_own.AsMemory(length), cancellationToken).ConfigureAwait(false);
            _ready = _own.AsMemory(0, length += more);
            if (more == 0) break;
        }

        SegmentBeginning beginning = SegmentBeginning.Of(_ready.Span);
        if (beginning.IsFirstBlockSpoilt) throw Failure("the first 16 bytes do not fit what follows them: the key is right, and the initialisation vector (IV) is not the one that it was encrypted with", 0);
        _beginning = beginning;
    }

    /// <summary>Reads and decrypts some bytes, at least one but at the end.</summary>
    private async ValueTask<int> FillAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (!_isOver)
        {
            int read = await _inner.ReadAsync(buffer[_cipher.HeldBack..], cancellationToken).ConfigureAwait(false);
            int clear = read == 0 ? Finish(buffer.Span) : _cipher.Decrypt(buffer.Span[..(_cipher.HeldBack + read)]);
            if (clear > 0) return clear;
        }

        return 0;
    }

    private int Finish(Span<byte> buffer)
    {
        SegmentEnd end = _cipher.Finish(buffer, out int clear);
        _isOver = true;
        if (end == SegmentEnd.Complete) return clear;
        bool keyDoesNotFit = end == SegmentEnd.BadPadding && !IsBeginningKnown;
        throw Failure(
            end switch
            {
                SegmentEnd.Empty => "there is nothing, and an encrypted segment has at least one block of 16 bytes",
                SegmentEnd.Truncated => "it ends in the middle of a block of 16 bytes: it is cut",
                _ when !keyDoesNotFit => "its padding is wrong although its beginning is right: it is cut between two blocks, or damaged at its end",
                _ when _cipher.Length == SegmentCipher.BlockSize => "its padding is wrong: neither key nor initialisation vector need be those that it was encrypted with, unless it is damaged",
                _ => "its padding is wrong, and it does not begin as a segment does: the key is not the one that it was encrypted with, unless what came is not the segment",
            },
            _cipher.Length,
            keyDoesNotFit);
    }

    // A segment so short that its end is reached while its beginning is looked at.
    private bool IsBeginningKnown => (_beginning ?? SegmentBeginning.Of(_ready.Span)).Form != SegmentForm.Unknown;

    private MediaFormatException Failure(string reason, long offset, bool keyDoesNotFit = false) => new(_name, new FormatError(reason, "AES-128", offset)) { KeyDoesNotFit = keyDoesNotFit };
}

using System.Buffers;
using System.Runtime.InteropServices;
using Keyway.Mp4.Boxes;
using Keyway.Mp4.Structure;

namespace Keyway.Mp4.Reading;

/// <summary>A file read box by box, from its beginning: a window of whole boxes in memory, and what comes next.</summary>
/// <remarks>
/// <code>
///      given up        in memory: Bytes           not read yet
/// |───────────────|─────────────────────────|──────────┄
///                 Offset                    Position, where the next box begins
/// </code>
/// Memory grows as bytes really arrive, never because a size field says so.
/// </remarks>
internal sealed partial class BoxWindow : IDisposable
{
    private const int Step = 1 << 20;

    private readonly Stream _stream;
    private readonly long _origin;
    private readonly byte[] _header = new byte[BoxHeader.Most];
    private byte[] _buffer = [];
    private readonly FileStream? _file;
    private int _length;
    private int _peeked;
    private long _beyond;
    private readonly long[] _ends;
    private readonly int _base = -1;
    private byte[] _ahead = [];
    private int _aheadAt;

    /// <param name="stream">The file.</param>
    /// <param name="name">Its name, for messages.</param>
    /// <param name="parts">The lengths of the files that the stream joins, in order; without it, they are not known.</param>
    /// <param name="origin">Where its first byte stands in the file that it is a part of; <see langword="null"/>: it is no part of any.</param>
    public BoxWindow(Stream stream, string name, IReadOnlyList<long>? parts = null, long? origin = null)
    {
        _stream = stream;
        Name = name;
        Notes = new MediaNotes(name);
        IsPart = origin is not null;
        Offset = origin ?? 0;
        _ends = [.. parts ?? []];
        for (int i = 1; i < _ends.Length; i++) _ends[i] += _ends[i - 1];

        // A device has no length although it can be asked to seek: it is read like a pipe.
        CanSeek = stream.CanSeek && stream.Length > 0;

        // A read of a file is a system call on some thread, whatever it is called: here it is made on this one. Only Windows has others.
        _file = CanSeek && stream is FileStream file && (!file.IsAsync || !OperatingSystem.IsWindows()) ? file : null;
        _origin = CanSeek ? stream.Position - Offset : 0;
        FileLength = CanSeek ? stream.Length - _origin : -1;
    }

    /// <summary>Opens a part of a file that is in memory whole: the window lies on it, and nothing is copied.</summary>
    /// <param name="whole">Its bytes, which belong to an array.</param>
    /// <param name="name">Its name, for messages.</param>
    /// <param name="origin">Where its first byte stands in the file.</param>
    public BoxWindow(Memory<byte> whole, string name, long origin)
    {
        if (!MemoryMarshal.TryGetArray(whole, out ArraySegment<byte> bytes)) throw new ArgumentException("the bytes of an array are read", nameof(whole));
        _stream = new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count);
        Name = name;
        Notes = new MediaNotes(name);
        _ends = [];
        (_buffer, _base) = (bytes.Array!, bytes.Offset);
        CanSeek = IsPart = true;
        Offset = origin;
        _origin = -origin;
        FileLength = origin + bytes.Count;
    }

    /// <summary>The file's name, for messages.</summary>
    public string Name { get; }

    public bool CanSeek { get; }

    /// <summary>How long the file is; of a part of a file, where it ends in that; -1 when it is not known.</summary>
    public long FileLength { get; }

    /// <summary>Whether it is a part of a file, from whose beginning absolute offsets count.</summary>
    public bool IsPart { get; }

    /// <summary>What is not as it should be, and was read all the same.</summary>
    public MediaNotes Notes { get; }

    /// <summary>Whether a movie or a fragment has been read: until then, bytes that are no box are no file of ours.</summary>
    public bool KnowsMedia { get; set; }

    /// <summary>Where the window begins in the file.</summary>
    public long Offset { get; private set; }

    /// <summary>Where the next box begins.</summary>
    public long Position => Offset + _length + _beyond;

    /// <summary>Whether a read has ever had to wait for its bytes, as those of pipes and networks do.</summary>
    public bool Waits { get; private set; }

    public Span<byte> Bytes => _buffer.AsSpan(Start, _length);

    public Memory<byte> Memory => _buffer.AsMemory(Start, _length);

    public int Length => _length;

    /// <summary>Where the window begins in the buffer: at its beginning, or where it lies on what is in memory whole.</summary>
    private int Start => _base < 0 ? 0 : _base + (int)(Offset + _origin);

    private Span<byte> Free => _buffer.AsSpan(Start + _length);

    /// <summary>Where the file begins that holds a place, and where it ends; <see langword="null"/> where the files are not known.</summary>
    public (long Start, long End)? PartOf(long position)
    {
        long start = 0;
        foreach (long end in _ends)
        {
            if (position < end) return (start, end);
            start = end;
        }

        return null;
    }

    /// <summary>Reads the header of the next box.</summary>
    /// <returns><see langword="null"/> at the end of the file.</returns>
    public async ValueTask<TopBox?> PeekAsync(CancellationToken cancellationToken)
    {
        long left = PartOf(Position) is { } part ? part.End - Position : FileLength >= 0 ? FileLength - Position : long.MaxValue;
        await FillHeaderAsync((int)Math.Min(8, left), cancellationToken).ConfigureAwait(false);
        if (_peeked < Math.Min(8, left) && Position + _peeked < FileLength)
            throw Error($"the file was cut while it was read: it had {FileLength} bytes, and ends after {Position + _peeked}", "", Position);
        if (_peeked == 0) return null;
        if (_peeked < 8)
        {
            if (Position == 0) await RefuseForeignAsync(cancellationToken).ConfigureAwait(false);
            FormatError cut = new("the file ends within the header of a box", "", Position);
            return LooksCut(_header.AsSpan(0, _peeked)) ? throw Error(cut) : await PassStrayAsync(left, cut, cancellationToken).ConfigureAwait(false);
        }

        bool isWhole = BoxHeader.TryRead(_header.AsSpan(0, _peeked), out BoxHeader header);
        uint type = header.Type;
        bool known = StructureCodes.IsTopLevel(type);
        if (Position == 0 && !known) await RefuseForeignAsync(cancellationToken).ConfigureAwait(false);
        if (!known && (!FourCc.Prints(type) || IsText(_header.AsSpan(0, 8)) || (header.ReachesToEnd && KnowsMedia) || await IsMisplacedAsync(left, cancellationToken).ConfigureAwait(false)))
            return await PassStrayAsync(left, new FormatError("bytes that are no box", "", Position), cancellationToken).ConfigureAwait(false);
        if (header.ReachesToEnd) return new TopBox(type, Position, header.Size, left == long.MaxValue ? -1 : left);
        if (!isWhole)
        {
            await FillHeaderAsync((int)Math.Min(header.Size, left), cancellationToken).ConfigureAwait(false);
            if (!BoxHeader.TryRead(_header.AsSpan(0, _peeked), out header)) throw Error("the file ends within the header of a box", FourCc.Text(type), Position);
        }

        long size = header.Mended.Length;
        if (size < header.Size) return await PassStrayAsync(left, new FormatError($"a box of {size} bytes", FourCc.Text(type), Position), cancellationToken).ConfigureAwait(false);
        if (size <= left && size <= long.MaxValue - Position) return new TopBox(type, Position, header.Size, size);
        if (left == long.MaxValue) throw Error($"a box of {size} bytes", FourCc.Text(type), Position);
        MediaFormatException truncated = Truncated(type, Position, size, left);

        // Of an unknown type, and larger than all that has ever been: more likely no header at all.
        return known || _header[0] == 0 ? throw truncated : await PassStrayAsync(left, truncated.Error, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes the next box into the window.</summary>
    /// <param name="box">What <see cref="PeekAsync"/> returned.</param>
    /// <param name="limit">How large the window may become.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public async ValueTask AppendAsync(TopBox box, long limit, CancellationToken cancellationToken)
    {
        if (box.Length > limit - _length) throw Error($"{_length + box.Length} bytes would have to be kept in memory; {limit} are accepted", FourCc.Text(box.Type), box.Offset);
        Reserve(_length + _peeked);
        _header.AsSpan(0, _peeked).CopyTo(Free);
        int headerBytes = _peeked;
        _length += _peeked;
        _peeked = 0;
        long left = box.Length < 0 ? long.MaxValue : box.Length - headerBytes;
        if (FileLength >= 0 && box.Length >= 0) Reserve((int)(_length + left));     // so much the file really has
        while (left > 0)
        {
            if (_length >= limit) throw Error($"more than {limit} bytes would have to be kept in memory", FourCc.Text(box.Type), box.Offset);
            Reserve((int)Math.Min(_length + Math.Min(left, Math.Max(Step, _length)), limit));
            int want = (int)Math.Min(left, Free.Length);
            int got = want == 0 ? 0 : await ReadStreamAsync(_buffer.AsMemory(Start + _length, want), cancellationToken).ConfigureAwait(false);
            if (got == 0 && box.Length < 0) return;
            if (got == 0) throw Truncated(box.Type, box.Offset, box.Length, box.Length - left);
            _length += got;
            left -= got;
        }
    }

    /// <summary>Takes the header of the next box into the window, and not its content.</summary>
    /// <param name="box">What <see cref="PeekAsync"/> returned.</param>
    public void AppendHeader(TopBox box)
    {
        Reserve(_length + box.HeaderSize);
        _header.AsSpan(0, _peeked).CopyTo(Free);
        _length += _peeked;
        _peeked = 0;
    }

    /// <summary>Takes the content of a box into the window whose header is its end.</summary>
    /// <param name="count">How many bytes the content has.</param>
    /// <param name="box">The box.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public async ValueTask AppendBodyAsync(int count, TopBox box, CancellationToken cancellationToken)
    {
        for (int left = count; left > 0;)
        {
            // Where the length of the file is not known, memory grows as bytes arrive.
            Reserve(_length + (FileLength >= 0 ? left : Math.Min(left, Math.Max(Step, _length))));
            int got = await ReadStreamAsync(_buffer.AsMemory(Start + _length, Math.Min(left, Free.Length)), cancellationToken).ConfigureAwait(false);
            if (got == 0) throw Truncated(box.Type, box.Offset, box.Length, Position - box.Offset);
            _length += got;
            left -= got;
        }
    }

    /// <summary>Gives up what is in the window, and the memory that it is in.</summary>
    /// <returns>The memory, an array of <see cref="ArrayPool{T}.Shared"/>, in which the window begins at the beginning. Ownership: the caller's.</returns>
    public byte[] Detach()
    {
        if (_base >= 0) throw new InvalidOperationException("the memory is another's");
        byte[] given = _buffer;
        _buffer = [];
        Clear();
        return given;
    }

    /// <summary>Gives up what is in the window.</summary>
    public void Clear()
    {
        Offset += _length + _beyond;
        _length = 0;
        _beyond = 0;
    }

    /// <summary>Reads bytes that lie ahead past the window, straight to where they are wanted; the header that was looked at comes first.</summary>
    /// <param name="destination">Where they go.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>How many; 0 at the end of the file.</returns>
    public async ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        int got = Math.Min(_peeked, destination.Length);
        if (got > 0)
        {
            _header.AsSpan(0, got).CopyTo(destination.Span);
            _header.AsSpan(got, _peeked - got).CopyTo(_header);
            _peeked -= got;
        }
        else
        {
            got = await ReadStreamAsync(destination, cancellationToken).ConfigureAwait(false);
        }

        _beyond += got;
        return got;
    }

    /// <summary>Fills memory with bytes that lie ahead, past the window.</summary>
    /// <param name="destination">Where they go.</param>
    /// <param name="box">The box they belong to, for messages.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public async ValueTask ReadExactlyAsync(Memory<byte> destination, TopBox box, CancellationToken cancellationToken)
    {
        while (!destination.IsEmpty)
        {
            int got = await ReadAsync(destination, cancellationToken).ConfigureAwait(false);
            if (got == 0) throw Truncated(box.Type, box.Offset, box.Length, Position - box.Offset);
            destination = destination[got..];
        }
    }

    /// <summary>Passes over bytes that lie ahead, the header that was looked at among them. Nothing is in the window.</summary>
    /// <param name="count">How many; negative for all that the file has.</param>
    /// <param name="box">The box they belong to, for messages.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public async ValueTask SkipAsync(long count, TopBox box, CancellationToken cancellationToken)
    {
        if (CanSeek && count >= 0)
        {
            Seek(Position + count);
            return;
        }

        byte[] scratch = ArrayPool<byte>.Shared.Rent(1 << 16);
        try
        {
            for (long left = count < 0 ? long.MaxValue : count; left > 0;)
            {
                int got = await ReadAsync(scratch.AsMemory(0, (int)Math.Min(scratch.Length, left)), cancellationToken).ConfigureAwait(false);
                if (got == 0 && count < 0) break;
                if (got == 0) throw Truncated(box.Type, box.Offset, box.Length, Position - box.Offset);
                left -= got;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }

        Clear();
    }

    /// <summary>Takes bytes that lie ahead into the window, whatever they are.</summary>
    public ValueTask AppendAsync(int count, TopBox box, CancellationToken cancellationToken)
    {
        int limit = _length + count;
        return AppendAsync(box with { Length = count, Offset = Position }, limit, cancellationToken);
    }

    /// <summary>Goes to another place of a file that can be read anywhere. The window is given up.</summary>
    public void Seek(long position)
    {
        _length = 0;
        _peeked = 0;
        _beyond = 0;
        _ahead = [];
        _aheadAt = 0;
        Offset = position;
        _stream.Position = _origin + position;
    }

    /// <summary>Reads bytes from any place. The window is given up.</summary>
    public async ValueTask ReadAtAsync(long position, Memory<byte> destination, CancellationToken cancellationToken)
    {
        if (position < 0 || position > FileLength - destination.Length)
            throw Error($"bytes {position} to {position + destination.Length} are wanted, the file ends at {FileLength}", "", position);
        Seek(position);
        for (Memory<byte> left = destination; !left.IsEmpty;)
        {
            int got = await ReadStreamAsync(left, cancellationToken).ConfigureAwait(false);
            if (got == 0) throw Error("the file is cut short", "", position);
            left = left[got..];
        }

        Offset = position + destination.Length;
    }

    public MediaFormatException Error(string reason, string path, long offset) => new(Name, new FormatError(reason, path, offset));

    public MediaFormatException Error(FormatError error) => new(Name, error);

    public MediaFormatException Truncated(uint type, long offset, long size, long present) =>
        Error($"the file is cut short: the box has {size} bytes, {present} are there", FourCc.Text(type), offset);

    public void Dispose()
    {
        if (_base >= 0) return;
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _length = 0;
    }

    private async ValueTask FillHeaderAsync(int count, CancellationToken cancellationToken)
    {
        while (_peeked < count)
        {
            int got = await ReadStreamAsync(_header.AsMemory(_peeked, count - _peeked), cancellationToken).ConfigureAwait(false);
            if (got == 0) return;
            _peeked += got;
        }
    }

    private ValueTask<int> ReadStreamAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        if (_aheadAt < _ahead.Length)
        {
            int count = Math.Min(destination.Length, _ahead.Length - _aheadAt);
            _ahead.AsSpan(_aheadAt, count).CopyTo(destination.Span);
            _aheadAt += count;
            return new(count);
        }

        if (_file is not null)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new(_file.Read(destination.Span));
        }

        if (_base >= 0) return new(ReadMemory(destination));
        ValueTask<int> read = _stream.ReadAsync(destination, cancellationToken);
        Waits |= !read.IsCompleted;
        return read;
    }

    /// <summary>What is to be read to where it lies is there.</summary>
    private int ReadMemory(Memory<byte> destination)
    {
        if (!MemoryMarshal.TryGetArray(destination, out ArraySegment<byte> to) || to.Array != _buffer || to.Offset != _base + _stream.Position) return _stream.Read(destination.Span);
        int count = (int)Math.Min(to.Count, _stream.Length - _stream.Position);
        _stream.Position += count;
        return count;
    }

    private void Reserve(int wanted)
    {
        if (_base >= 0 || wanted <= _buffer.Length) return;
        byte[] larger = ArrayPool<byte>.Shared.Rent(wanted);
        Bytes.CopyTo(larger);
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}

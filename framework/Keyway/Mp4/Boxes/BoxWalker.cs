using System.Buffers.Binary;

namespace Keyway.Mp4.Boxes;

/// <summary>Walks the boxes that follow one another in a buffer. Ends with <see cref="Finish"/>, which says whether it ended well.</summary>
internal ref struct BoxWalker
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly int _start;
    private readonly long _origin;
    private readonly BoxPath _path;
    private FormatError _error;
    private bool _failed;
    private int _at;

    /// <param name="bytes">The boxes.</param>
    /// <param name="start">Where they begin in the buffer.</param>
    /// <param name="origin">Where the buffer begins in the file.</param>
    /// <param name="path">What encloses them.</param>
    public BoxWalker(ReadOnlySpan<byte> bytes, int start, long origin, BoxPath path)
    {
        _bytes = bytes;
        _start = start;
        _origin = origin;
        _path = path;
        if (path.Depth > Mp4Limits.Nesting) Stop($"boxes are nested deeper than {Mp4Limits.Nesting}");
    }

    /// <summary>How many bytes stand behind the last box that are none, if they are not padding: known at the end.</summary>
    public int Stray { get; private set; }

    /// <summary>What has not been walked over.</summary>
    public readonly ReadOnlySpan<byte> Rest => _bytes[_at..];

    /// <summary>What <see cref="Stray"/> bytes are reported as.</summary>
    public readonly FormatError StrayError => new($"{Stray} bytes are left, which is no box", _path.ToString(), _origin + _start + _at);

    /// <summary>Goes to the next box.</summary>
    /// <param name="box">The box.</param>
    /// <returns><see langword="false"/> at the end, or where what follows is no box.</returns>
    public bool MoveNext(out Box box)
    {
        box = default;
        ReadOnlySpan<byte> rest = _bytes[_at..];
        if (_failed || rest.IsEmpty) return false;
        if (rest.Length < 8)
        {
            // QuickTime ends some lists with a zero of 32 bits (QuickTime File Format, "User data"). Other bytes are a defect, but too few to hide a box.
            if (rest.ContainsAnyExcept((byte)0)) Stray = rest.Length;
            return false;
        }

        ulong size = BinaryPrimitives.ReadUInt32BigEndian(rest);
        uint type = BinaryPrimitives.ReadUInt32BigEndian(rest[4..]);
        int header = 8;
        if (size == 1)
        {
            if (rest.Length < 16) return Stop("a 64-bit size is cut short");
            size = BinaryPrimitives.ReadUInt64BigEndian(rest[8..]);
            header = 16;
        }
        else if (size == 0)
        {
            size = (ulong)rest.Length;
        }

        if (size < (ulong)header || size > (ulong)rest.Length)
            return Stop($"box '{FourCc.Text(type)}' of {size} bytes does not fit the {rest.Length} bytes that are left");
        box = new Box { Type = type, Bytes = rest[..(int)size], Start = _start + _at, Origin = _origin, HeaderSize = header, Parent = _path };
        _at += (int)size;
        return true;
    }

    /// <summary>Whether every byte was a box.</summary>
    /// <param name="error">Why not.</param>
    public readonly bool Finish(out FormatError error)
    {
        error = _error;
        return !_failed;
    }

    private bool Stop(string reason)
    {
        _failed = true;
        _error = new FormatError(reason, _path.ToString(), _origin + _start + _at);
        return false;
    }
}

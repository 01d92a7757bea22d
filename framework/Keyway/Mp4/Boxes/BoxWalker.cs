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
        if (rest.Length < BoxHeader.Least)
        {
            // QuickTime ends some lists with a zero of 32 bits (QuickTime File Format, "User data"). Other bytes are a defect, but too few to hide a box.
            if (rest.ContainsAnyExcept((byte)0)) Stray = rest.Length;
            return false;
        }

        if (!BoxHeader.TryRead(rest, out BoxHeader header)) return Stop("a 64-bit size is cut short");
        int length = (int)header.Within(rest.Length);
        if (length < 0) return Stop($"box '{FourCc.Text(header.Type)}' of {(ulong)header.Length} bytes does not fit the {rest.Length} bytes that are left");
        box = new Box { Type = header.Type, Bytes = rest[..length], Start = _start + _at, Origin = _origin, HeaderSize = header.Size, Parent = _path };
        _at += length;
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

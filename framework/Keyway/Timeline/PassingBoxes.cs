using Keyway.Mp4.Boxes;

namespace Keyway.Timeline;

/// <summary>Looks at the boxes of a segment while it passes, piece by piece: they must end where it ends.</summary>
/// <param name="name">The segment's name for messages.</param>
internal sealed class PassingBoxes(string name)
{
    private readonly byte[] _header = new byte[BoxHeader.Most];
    private int _known;
    private long _left;
    private long _position;

    /// <summary>Looks at what comes next.</summary>
    /// <exception cref="MediaFormatException">What should be a box is none.</exception>
    public void Pass(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_left > 0)
            {
                int passed = (int)Math.Min(_left, bytes.Length);
                _left -= passed;
                _position += passed;
                bytes = bytes[passed..];
                continue;
            }

            BoxHeader.TryRead(_header.AsSpan(0, _known), out BoxHeader header);
            int wanted = header.Size;
            int taken = Math.Min(wanted - _known, bytes.Length);
            bytes[..taken].CopyTo(_header.AsSpan(_known));
            _known += taken;
            _position += taken;
            bytes = bytes[taken..];
            if (_known < wanted) return;
            if (!BoxHeader.TryRead(_header.AsSpan(0, _known), out _)) continue;
            if (!SegmentBoxes.TryReadHeader(_header.AsSpan(0, _known), out TopBox box)) throw Broken("what follows is no box", _position - _known);
            if (box.Length == 0) throw Broken("a box without a size, in a segment that is too large to be read whole", _position - _known);
            _left = box.Length - _known;
            _known = 0;
        }
    }

    /// <summary>Says that nothing more comes.</summary>
    /// <exception cref="MediaFormatException">A box is not whole.</exception>
    public void Finish()
    {
        if (_left > 0) throw Broken($"the segment is cut short: {_left} bytes of its last box are missing", _position);
        if (_known > 0) throw Broken("the segment ends within the header of a box", _position - _known);
    }

    private MediaFormatException Broken(string reason, long offset) => new(name, new FormatError(reason, "", offset));
}

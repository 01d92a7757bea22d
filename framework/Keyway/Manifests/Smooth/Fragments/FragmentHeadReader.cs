using Keyway.Mp4.Boxes;
using Keyway.Timeline;

namespace Keyway.Manifests.Smooth.Fragments;

/// <summary>Reads the beginning of a fragment: its <c>moof</c>, and as little else as there is before it.</summary>
internal sealed class FragmentHeadReader(Stream stream)
{
    private byte[] _bytes = new byte[4096];
    private int _length;
    private bool _isOver;

    /// <summary>What has been read of the stream.</summary>
    public ReadOnlyMemory<byte> Read => _bytes.AsMemory(0, _length);

    /// <summary>Why there is no head.</summary>
    public FormatError Error { get; private set; }

    /// <summary>Reads it.</summary>
    /// <returns><see langword="null"/>: there is none, or it is malformed; <see cref="Error"/> says which.</returns>
    public async ValueTask<FragmentHead?> ReadAsync(CancellationToken cancellationToken)
    {
        FragmentHead? head = null;
        int at = 0;
        while (true)
        {
            await EnsureAsync(at + BoxHeader.Most, cancellationToken).ConfigureAwait(false);
            if (!SegmentBoxes.TryReadHeader(_bytes.AsSpan(at, _length - at), out TopBox box)) return head ?? NoBox(at);
            if (box.Type == FourCc.Mdat)
            {
                if (head is null) return Fail("the media comes before a moof", "mdat", at);
                head.MediaStart = at + box.HeaderSize;
                return head;
            }

            if (box.Length is 0 or > SmoothLimits.FragmentHead || at + box.Length > SmoothLimits.FragmentHead) return head ?? (SegmentBoxes.IsKnown(box.Type) ? Fail($"there are more than {SmoothLimits.FragmentHead} bytes before the media", FourCc.Text(box.Type), at) : NoBox(at));
            await EnsureAsync(at + (int)box.Length, cancellationToken).ConfigureAwait(false);
            if (_length < at + box.Length) return head ?? (SegmentBoxes.IsKnown(box.Type) ? Fail($"it is cut short: the box has {box.Length} bytes, {_length - at} are there", FourCc.Text(box.Type), at) : NoBox(at));
            if (box.Type == FourCc.Moof && head is null)
            {
                if (!FragmentHead.TryRead(_bytes, new BoxRange(at, (int)box.Length), out head, out FormatError error))
                {
                    Error = error;
                    return null;
                }

                if (!head.LacksDataOffset) return head;
            }

            at += (int)box.Length;
        }
    }

    private FragmentHead? NoBox(int at) => Fail(at == 0 ? SegmentBoxes.Describe(Read.Span) : "there is no moof", "", at);

    private FragmentHead? Fail(string reason, string path, int offset)
    {
        Error = new FormatError(reason, path, offset);
        return null;
    }

    // What is asked for is not there before it has come: the array grows with what is.
    private async ValueTask EnsureAsync(int length, CancellationToken cancellationToken)
    {
        while (_length < length && !_isOver)
        {
            if (_length == _bytes.Length) Array.Resize(ref _bytes, 2 * _bytes.Length);
            int read = await stream.ReadAsync(_bytes.AsMemory(_length, Math.Min(_bytes.Length, length) - _length), cancellationToken).ConfigureAwait(false);
            _isOver = read == 0;
            _length += read;
        }
    }
}

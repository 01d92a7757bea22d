using System.Buffers;
using System.Runtime.InteropServices;
using Keyway.Containers.WebM.Structure;
using Keyway.Decryption;
using Keyway.Mp4.Packing;

namespace Keyway.Containers.WebM.Packing;

/// <summary>Frames of one track on their way into fragments of MP4. The last one waits until the next says how long it lasts.</summary>
/// <remarks>
/// WebM says when frames are presented, and nothing of when they are decoded: they are decoded in their order, each no earlier than the one before it. Threads: one at a time.
/// </remarks>
internal sealed class TrackFragment(PackedTrack track, WebMTimes times, uint defaultDuration)
{
    private readonly List<PackedSample> _samples = [];
    private readonly List<Subsample> _maps = [];
    private ArrayBufferWriter<byte> _data = new();
    private ArrayBufferWriter<byte> _vectors = new();
    private ulong _first, _last;
    private uint? _lasting;
    private uint _usual;

    /// <summary>The clock.</summary>
    public WebMTimes Times => times;

    /// <summary>How long a frame lasts where the track says so; 0: it does not.</summary>
    public uint DefaultDuration => defaultDuration;

    /// <summary>Adds a frame.</summary>
    /// <param name="frame">The frame with what stands before it.</param>
    /// <param name="head">What stands before it.</param>
    /// <param name="time">When it is presented, in units of the track.</param>
    /// <param name="isSync">Whether decoding can begin with it.</param>
    /// <param name="duration">How long it lasts, where that is said.</param>
    /// <param name="packer">Takes what is complete where the next frame is too far away to be in the same fragment.</param>
    /// <param name="sequence">Counts fragments.</param>
    /// <returns><see langword="false"/>: its time cannot be said in MP4.</returns>
    public bool TryAdd(ReadOnlySpan<byte> frame, in FrameHead head, long time, bool isSync, uint? duration, SegmentPacker packer, ref uint sequence)
    {
        ulong decoded = Math.Max((ulong)Math.Max(0, time), _samples.Count > 0 ? _last : 0);
        if (_samples.Count > 0 && decoded - _last > int.MaxValue)
        {
            Write(packer, ref sequence, isLast: true);
        }
        else if (_samples.Count > 0) Last = Last with { Duration = _usual = (uint)(decoded - _last) };

        Int128 composition = (Int128)time - decoded;
        if (composition < int.MinValue || composition > int.MaxValue) return false;
        if (_samples.Count == 0) _first = decoded;
        (_last, _lasting) = (decoded, duration);
        ReadOnlySpan<byte> payload = frame[head.Length..];
        bool isHidden = track.Protection is not null && head.HidesBytes(frame);
        if (isHidden)
        {
            _vectors.Write(frame.Slice(FrameHead.VectorAt, FrameHead.VectorSize));
            if (head.Subsamples > 0)
            {
                int at = _maps.Count;
                CollectionsMarshal.SetCount(_maps, at + head.Subsamples);
                head.Fill(frame, CollectionsMarshal.AsSpan(_maps)[at..]);
            }
        }

        _data.Write(payload);
        _samples.Add(new PackedSample(payload.Length, 0, (int)composition, isSync, isHidden ? head.Subsamples : 0, IsClear: !isHidden));
        return true;
    }

    /// <summary>Writes what is complete as one fragment.</summary>
    /// <param name="packer">Where to.</param>
    /// <param name="sequence">Counts fragments.</param>
    /// <param name="isLast">Whether nothing follows: then the last frame lasts as long as is said, or as the one before it.</param>
    public void Write(SegmentPacker packer, ref uint sequence, bool isLast)
    {
        if (_samples.Count == 0) return;
        if (isLast) Last = Last with { Duration = _lasting ?? (defaultDuration > 0 ? defaultDuration : _usual) };
        int count = isLast ? _samples.Count : _samples.Count - 1;
        if (count == 0) return;
        ReadOnlySpan<PackedSample> samples = CollectionsMarshal.AsSpan(_samples)[..count];
        int bytes = 0, maps = 0, vectors = 0;
        foreach (ref readonly PackedSample sample in samples)
        {
            bytes += sample.Size;
            maps += sample.Subsamples;
            if (!sample.IsClear) vectors += FrameHead.VectorSize;
        }

        packer.WriteFragment(track, ++sequence, _first, samples, _data.WrittenSpan[..bytes], CollectionsMarshal.AsSpan(_maps)[..maps], _vectors.WrittenSpan[..vectors]);
        _data = Rest(_data, bytes);
        _vectors = Rest(_vectors, vectors);
        _maps.RemoveRange(0, maps);
        _samples.RemoveRange(0, count);
        _first = _last;
    }

    private PackedSample Last
    {
        get => _samples[^1];
        set => _samples[^1] = value;
    }

    private static ArrayBufferWriter<byte> Rest(ArrayBufferWriter<byte> all, int used)
    {
        byte[] rest = all.WrittenSpan[used..].ToArray();
        all.ResetWrittenCount();
        all.Write(rest);
        return all;
    }
}

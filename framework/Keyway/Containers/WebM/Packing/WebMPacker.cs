using System.Runtime.InteropServices;
using Keyway.Containers.WebM.Reading;
using Keyway.Containers.WebM.Structure;
using Keyway.Mp4.Packing;

namespace Keyway.Containers.WebM.Packing;

/// <summary>Puts blocks into fragments of MP4. What is encrypted stays so: <c>cenc</c> says the same (ISO/IEC 23001-7, 10.1), and whoever reads the samples asks for their key.</summary>
/// <remarks>Threads: one at a time.</remarks>
internal sealed class WebMPacker
{
    private readonly List<(int, int)> _laces = [];
    private TrackFragment?[] _tracks = [];
    private uint _sequence;

    /// <summary>What was written. Valid until the next is.</summary>
    public SegmentPacker Output { get; } = new();

    /// <summary>Begins with tracks.</summary>
    public void Begin(WebMMovie movie, IReadOnlyList<WebMTrack> tracks, WebMClock clock) => _tracks =
    [
        .. tracks.Select((track, i) =>
        {
            if (movie.Packed[i] is not { } packed) return null;
            WebMTimes times = WebMTimes.Of(track, clock);
            return new TrackFragment(packed, times, (uint)Math.Min(int.MaxValue, times.UnitsOf(track.DefaultDuration)));
        }),
    ];

    /// <summary>Writes the blocks that were read, but for the last of each track.</summary>
    /// <exception cref="MediaFormatException">A block is malformed, or has no time that MP4 can say.</exception>
    public void Add(WebMReader reader)
    {
        ReadOnlySpan<byte> bytes = reader.Slab.Span;
        foreach (ref readonly WebMBlock block in CollectionsMarshal.AsSpan(reader.Blocks))
            if (_tracks[block.Track] is { } track) Add(reader, block, bytes, track);
        foreach (TrackFragment? track in _tracks) track?.Write(Output, ref _sequence, isLast: false);
    }

    /// <summary>Writes what is left: nothing follows.</summary>
    public void Finish()
    {
        foreach (TrackFragment? track in _tracks) track?.Write(Output, ref _sequence, isLast: true);
    }

    private void Add(WebMReader reader, in WebMBlock block, ReadOnlySpan<byte> bytes, TrackFragment track)
    {
        Int128 wide = (Int128)(block.Time ?? throw reader.Error(block, "its cluster has no Timestamp before it, or none that can be counted")) * track.Times.Factor;
        if (wide < int.MinValue || wide > long.MaxValue / 4) throw reader.Error(block, "its time cannot be counted");
        long time = (long)wide;
        uint? duration = block.Duration is { } said ? (uint)UInt128.Min((UInt128)said * track.Times.Factor, int.MaxValue) : null;
        ReadOnlySpan<byte> frames = bytes[block.FrameAt..block.End];
        if (reader.Tracks[block.Track].IsProtected)
        {
            if (block.Problem is { } unsaid) throw reader.Error(block, unsaid);
            if (FrameHead.TryRead(frames, out FrameHead head) is { } problem) throw reader.Error(block, problem);
            Add(reader, block, frames, head, time, duration, track);
            return;
        }

        FrameHead none = new(0, false, -1);
        if (block.Head.Lacing == BlockLacing.None)
        {
            Add(reader, block, frames, none, time, duration, track);
            return;
        }

        if (!Lacing.TryFind(block.Head.Lacing, frames, _laces)) throw reader.Error(block, $"the frames of its {block.Head.Lacing} lacing do not come out even");
        uint each = track.DefaultDuration > 0 ? track.DefaultDuration : duration is { } whole ? whole / (uint)_laces.Count : 0;
        for (int i = 0; i < _laces.Count; i++)
        {
            (int start, int length) = _laces[i];
            Add(reader, block, frames.Slice(start, length), none, time + (i * (long)each), each > 0 ? each : null, track);
        }
    }

    private void Add(WebMReader reader, in WebMBlock block, ReadOnlySpan<byte> frame, in FrameHead head, long time, uint? duration, TrackFragment track)
    {
        if (!track.TryAdd(frame, head, time, block.IsKey, duration, Output, ref _sequence)) throw reader.Error(block, "its time is too far from that of the block before it");
    }
}

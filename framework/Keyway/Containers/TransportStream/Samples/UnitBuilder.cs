using System.Buffers;
using Keyway.Containers.TransportStream.Decrypting;
using Keyway.Containers.TransportStream.Demultiplexing;
using Keyway.Containers.TransportStream.Packets;

namespace Keyway.Containers.TransportStream.Samples;

/// <summary>Makes access units of what PES packets, or packed audio, carry.</summary>
/// <remarks>Threads: one at a time.</remarks>
internal abstract class UnitBuilder(ElementaryTrack track, StreamClock clock) : IDisposable
{
    private const int First = 1 << 16;

    private AccessUnit[] _units = new AccessUnit[64];
    private byte[] _data = [];
    private int _count;
    private TrackConfiguration? _configuration;
    private long _begins;
    private bool _isDiscontinuous;

    public ElementaryTrack Track => track;

    /// <summary>What should be known of the track; <see langword="null"/>: nothing.</summary>
    public virtual string? Note => null;

    /// <summary>What decrypts its units, where they are protected.</summary>
    public UnitOpener? Opener { get; protected init; }

    /// <summary>The clock of the stream.</summary>
    protected StreamClock Clock => clock;

    /// <summary>How many bytes have been written.</summary>
    protected int Length { get; private set; }

    /// <summary>A builder for a codec; <see langword="null"/> where none makes samples of it.</summary>
    public static UnitBuilder? For(StreamEntry entry, StreamClock clock)
    {
        ElementaryTrack track = new(entry.Pid, entry.Codec, entry.Language);
        return entry.Codec switch
        {
            StreamCodec.Avc => new AvcBuilder(track, clock),
            StreamCodec.Hevc => new HevcBuilder(track, clock),
            StreamCodec.Aac => new AdtsBuilder(track, clock),
            StreamCodec.Ac3 or StreamCodec.EAc3 => new DolbyBuilder(track, clock),
            _ => null,
        };
    }

    /// <summary>Whether bytes end where a unit does.</summary>
    public abstract bool IsWhole(ReadOnlySpan<byte> bytes);

    /// <summary>Takes what PES packets carry.</summary>
    /// <param name="data">Whole units. They may be changed.</param>
    /// <param name="parts">The PES packets.</param>
    /// <param name="key">What opens them; <see langword="null"/> where they are clear.</param>
    /// <param name="isMarked">Whether the stream itself says that it is protected.</param>
    /// <param name="place">Where they stand.</param>
    public abstract void Add(Span<byte> data, ReadOnlySpan<PesPart> parts, SampleAesKey? key, bool isMarked, in UnitPlace place);

    /// <summary>What follows does not go on from here.</summary>
    public virtual void Break()
    {
        Finish();
        _isDiscontinuous = true;
    }

    /// <summary>A segment has ended: what is complete is handed on.</summary>
    public void Flush()
    {
        if (_count == 0) return;
        int kept = Length + Reserved - Handed;
        byte[] handed;
        if (Handed > _data.Length / 2)
        {
            handed = _data;
            _data = kept > 0 ? ArrayPool<byte>.Shared.Rent(Math.Max(First, kept)) : [];
            handed.AsSpan(Handed, kept).CopyTo(_data);
        }
        else
        {
            // Runs may be many and short: each has as much memory as it needs.
            handed = ArrayPool<byte>.Shared.Rent(Handed);
            _data.AsSpan(0, Handed).CopyTo(handed);
            _data.AsSpan(Handed, kept).CopyTo(_data);
        }

        track.Add(new AccessUnits(_units[.._count], handed, Handed) { Configuration = _configuration!, DecodeTime = _begins, IsDiscontinuous = _isDiscontinuous });
        _isDiscontinuous = false;
        (Length, _count, Handed) = (kept - Reserved, 0, 0);
    }

    /// <summary>Nothing follows.</summary>
    public virtual void Finish() => Flush();

    public void Dispose()
    {
        if (_data.Length > 0) ArrayPool<byte>.Shared.Return(_data);
        _data = [];
        track.Dispose();
    }

    /// <summary>How many of the bytes that have been written are those of units that are complete.</summary>
    private int Handed { get; set; }

    /// <summary>Makes room for bytes behind those that have been written.</summary>
    protected Span<byte> Room(int count)
    {
        if (_data.Length - Length < count)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(Math.Max(First, 2 * _data.Length), Length + count));
            _data.AsSpan(0, Length + Reserved).CopyTo(larger);
            if (_data.Length > 0) ArrayPool<byte>.Shared.Return(_data);
            _data = larger;
        }

        return _data.AsSpan(Length, count);
    }

    /// <summary>So many bytes of the room are wanted, or not yet given up: they move with those before them.</summary>
    protected int Reserved { get; set; }

    /// <summary>So many bytes of the room have been written.</summary>
    protected void Written(int count) => Length += count;

    /// <summary>Takes back so many of the bytes that were written last.</summary>
    protected void TakeBack(int count)
    {
        _data.AsSpan(Length, Reserved).CopyTo(_data.AsSpan(Length - count));
        Length -= count;
    }

    /// <summary>Bytes that have been written.</summary>
    protected Span<byte> At(int start, int count) => _data.AsSpan(start, count);

    /// <summary>A unit is complete: its bytes are the next ones of those that have been written and are no other's.</summary>
    /// <param name="unit">The unit.</param>
    /// <param name="decodeTime">When it is decoded.</param>
    /// <param name="configuration">What it is set up with.</param>
    protected void Complete(in AccessUnit unit, long decodeTime, TrackConfiguration configuration)
    {
        if (_count > 0 && (!ReferenceEquals(configuration, _configuration) || decodeTime != Ends)) Flush();
        if (_count == 0) (_configuration, _begins, Ends) = (configuration, decodeTime, decodeTime);
        if (_count == _units.Length) Array.Resize(ref _units, 2 * _count);
        _units[_count++] = unit;
        Handed += unit.Size;
        Ends = decodeTime + unit.Duration;
    }

    /// <summary>When the last unit that is complete ends.</summary>
    protected long Ends { get; private set; }
}

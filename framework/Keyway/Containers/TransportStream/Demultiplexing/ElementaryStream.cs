using System.Buffers;
using System.Buffers.Binary;
using Keyway.Containers.TransportStream.Decrypting;
using Keyway.Containers.TransportStream.Packets;

namespace Keyway.Containers.TransportStream.Demultiplexing;

/// <summary>One elementary stream on its way: the PES packet that is being received, with the packets that it came in.</summary>
/// <remarks>
/// <code>
/// window   … │ pkt │ other │ pkt │ pkt │ other │ pkt │ …
///               └── slices ─┴─────┴─────────────┘          PES header, then payload, gathered in <see cref="Data"/>
/// </code>
/// PES packets that end within a unit are read together with the next. What was gathered and changed is written back over the same packets (<see cref="WriteBack"/>).
/// Threads: one at a time.
/// </remarks>
internal sealed class ElementaryStream(StreamEntry entry) : IDisposable
{
    private PacketSlice[] _slices = new PacketSlice[64];
    private PesPart[] _parts = new PesPart[4];
    private byte[] _data = [];
    private int _count, _partCount, _gathered;
    private int _received, _declared, _appended;

    /// <summary>What the PMT says of it now.</summary>
    public StreamEntry Entry { get; set; } = entry;

    /// <summary>What it said when the PES packets that are being received began.</summary>
    public StreamEntry Begun { get; private set; } = entry;

    /// <summary>What opens them; <see langword="null"/> where they are clear.</summary>
    public SampleAesKey? Key { get; private set; }

    /// <summary>What is kept for it by whoever reads it.</summary>
    public object? State { get; set; }

    /// <summary>Whether packets of a PES packet are being received.</summary>
    public bool IsReceiving { get; private set; }

    /// <summary>Whether there is anything that has not been handed on.</summary>
    public bool IsOpen => _count > 0;

    /// <summary>Whether a PES packet has begun at all.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Whether nobody wants the PES packet that is being received.</summary>
    public bool Skips { get; set; }

    /// <summary>Where the first of its packets begins in the window.</summary>
    public int FirstPacket => _slices[0].Packet;

    /// <summary>What its PES packets carry, as far as it was gathered.</summary>
    public Span<byte> Data => _data.AsSpan(0, _gathered);

    /// <summary>The PES packets that were gathered.</summary>
    public ReadOnlySpan<PesPart> Parts => _parts.AsSpan(0, _partCount);

    /// <summary>Where they begin, for messages.</summary>
    public UnitPlace Place => new(_parts[0].Name, _parts[0].Packet, Entry.Pid, (_parts[0].Packet - 1) * TsPacket.Size);

    /// <summary>Begins a PES packet.</summary>
    public void Begin(UnitPlace place, SampleAesKey? key)
    {
        if (!IsOpen) (Key, Begun) = (key, Entry);
        if (_partCount == _parts.Length) Array.Resize(ref _parts, 2 * _parts.Length);
        _parts[_partCount] = new PesPart { Name = place.Name, Packet = place.Packet, Start = _gathered, Pts = -1, Dts = -1 };
        _partCount++;
        (IsReceiving, HasBegun, _received, _declared) = (true, true, 0, -1);
    }

    /// <summary>Adds a packet to it.</summary>
    /// <returns>What is wrong; <see langword="null"/>: nothing.</returns>
    public string? Add(PacketSlice slice, ReadOnlySpan<byte> window, out bool isComplete)
    {
        isComplete = false;
        if (_count == _slices.Length) Array.Resize(ref _slices, 2 * _slices.Length);
        _slices[_count++] = slice;
        _received += slice.Length;
        if (_declared < 0 && _received >= 6) _declared = DeclaredIn(window);
        if (_declared > 0)
        {
            if (_received > _declared) return "bytes stand behind the end of a PES packet";
            isComplete = _received == _declared;
        }

        return _gathered + _received > TransportStreamLimits.UnitBytes ? $"a PES packet has more than {TransportStreamLimits.UnitBytes} bytes" : null;
    }

    /// <summary>Adds a packet that repeats the one that was added last.</summary>
    public void Repeat(PacketSlice slice)
    {
        if (_count == _slices.Length) Array.Resize(ref _slices, 2 * _slices.Length);
        _slices[_count++] = slice;
        if (!IsReceiving) _appended = _count;
    }

    /// <summary>The PES packet has been received: what it carries is gathered.</summary>
    /// <returns>What is wrong; <see langword="null"/>: nothing.</returns>
    public string? Append(ReadOnlySpan<byte> window)
    {
        IsReceiving = false;
        if (_declared > 0 && _received < _declared) return $"a PES packet of {_declared} bytes ends after {_received}";
        Span<byte> head = stackalloc byte[PesHeader.Most];
        int have = 0;
        for (int i = _appended; i < _count && have < head.Length; i++)
        {
            if (_slices[i].IsDuplicate) continue;
            int taken = Math.Min(_slices[i].Length, head.Length - have);
            window.Slice(_slices[i].Packet + _slices[i].Start, taken).CopyTo(head[have..]);
            have += taken;
        }

        if (PesHeader.TryRead(head[..have], out PesHeader header) is { } problem) return problem;
        ref PesPart part = ref _parts[_partCount - 1];
        (part.Pts, part.Dts, part.Length, part.Start) = (header.Pts, header.Dts, header.Length, _gathered);
        Grow(_gathered + _received - header.Size);
        int at = 0;
        for (; _appended < _count; _appended++)
        {
            ref PacketSlice slice = ref _slices[_appended];
            if (slice.IsDuplicate) continue;
            if (at < header.Size)
            {
                if (at <= 4 && at + slice.Length > 4) part.HighByte = slice.Packet + slice.Start + 4 - at;
                if (at <= 5 && at + slice.Length > 5) part.LowByte = slice.Packet + slice.Start + 5 - at;
                slice.HeaderBytes = (short)Math.Min(slice.Length, header.Size - at);
                at += slice.HeaderBytes;
                slice.Start += slice.HeaderBytes;
                slice.Length -= slice.HeaderBytes;
            }

            window.Slice(slice.Packet + slice.Start, slice.Length).CopyTo(_data.AsSpan(_gathered));
            _gathered += slice.Length;
        }

        return null;
    }

    /// <summary>Writes what was gathered, and may have become shorter, back over the packets that it came in.</summary>
    /// <param name="window">The packets.</param>
    /// <param name="length">How many bytes of <see cref="Data"/> there are now.</param>
    /// <returns><see langword="false"/>: it became so much shorter that a packet would be empty.</returns>
    /// <remarks>
    /// Packets are filled from the first on. What is missing in the last ones becomes stuffing of their adaptation fields, and each keeps a byte of payload: a packet without any
    /// would not count, and the counters of all behind it would be wrong.
    /// </remarks>
    public bool WriteBack(Span<byte> window, int length)
    {
        int missing = _gathered - length;
        int end = _gathered;
        int part = _partCount - 1;
        for (int i = _count - 1; i >= 0 && missing > 0; i--)
        {
            ref PacketSlice slice = ref _slices[i];
            if (slice.IsDuplicate) continue;
            end -= slice.Length;
            int stuffing = Math.Min(missing, slice.Length - (slice.HeaderBytes > 0 ? 0 : 1));
            while (part > 0 && _parts[part].Start > end) part--;
            if (stuffing <= 0) continue;
            missing -= stuffing;
            Shorten(window, ref slice, stuffing);
            ref PesPart own = ref _parts[part];
            if (own.HighByte >= slice.Packet && own.HighByte < slice.Packet + TsPacket.Size) own.HighByte += stuffing;
            if (own.LowByte >= slice.Packet && own.LowByte < slice.Packet + TsPacket.Size) own.LowByte += stuffing;
            Deduct(window, ref own, stuffing);
        }

        if (missing > 0) return false;
        int at = 0;
        for (int i = 0; i < _count; i++)
        {
            ref PacketSlice slice = ref _slices[i];
            if (slice.IsDuplicate)
            {
                // A packet is repeated as it is, but for its clock, which stands before what changes.
                Repeat(window, _slices[i - 1].Packet, slice.Packet);
                continue;
            }

            _data.AsSpan(at, slice.Length).CopyTo(window[(slice.Packet + slice.Start)..]);
            at += slice.Length;
        }

        return true;
    }

    /// <summary>Everything has been handed on.</summary>
    public void Clear()
    {
        (_count, _partCount, _gathered, _appended) = (0, 0, 0, 0);
        Key = null;
    }

    /// <summary>The window begins later in the stream by so many bytes.</summary>
    public void Shift(int by)
    {
        for (int i = 0; i < _count; i++) _slices[i].Packet -= by;
        for (int i = 0; i < _partCount; i++) (_parts[i].HighByte, _parts[i].LowByte) = (_parts[i].HighByte - by, _parts[i].LowByte - by);
    }

    public void Dispose()
    {
        if (_data.Length > 0) ArrayPool<byte>.Shared.Return(_data);
        _data = [];
    }

    /// <summary>Stuffing stands at the end of the adaptation field, before the payload.</summary>
    private static void Shorten(Span<byte> window, ref PacketSlice slice, int stuffing)
    {
        Span<byte> packet = window.Slice(slice.Packet, TsPacket.Size);
        int payload = slice.Start - slice.HeaderBytes;
        // The header of a PES packet stays at the front of the payload.
        packet.Slice(payload, slice.HeaderBytes).CopyTo(packet[(payload + stuffing)..]);
        if ((packet[3] & 0x20) == 0)
        {
            packet[3] |= 0x20;
            packet[4] = (byte)(stuffing - 1);
            if (stuffing > 1) packet[5] = 0;
            if (stuffing > 2) packet[6..(4 + stuffing)].Fill(0xFF);
        }
        else
        {
            int had = packet[4];
            packet[4] += (byte)stuffing;
            packet.Slice(5 + had, stuffing).Fill(0xFF);
            if (had == 0) packet[5] = 0;
        }

        slice.Start += (short)stuffing;
        slice.Length -= (short)stuffing;
    }

    private static void Repeat(Span<byte> window, int original, int copy)
    {
        Span<byte> clock = stackalloc byte[6];
        Span<byte> packet = window.Slice(copy, TsPacket.Size);
        bool hasClock = (packet[3] & 0x20) != 0 && packet[4] >= 7 && (packet[5] & 0x10) != 0;
        if (hasClock) packet.Slice(6, clock.Length).CopyTo(clock);
        window.Slice(original + 3, TsPacket.Size - 3).CopyTo(packet[3..]);
        if (hasClock) clock.CopyTo(packet[6..]);
    }

    private static void Deduct(Span<byte> window, ref PesPart part, int bytes)
    {
        if (part.Length == 0) return;
        part.Length -= bytes;
        window[part.HighByte] = (byte)(part.Length >> 8);
        window[part.LowByte] = (byte)part.Length;
    }

    /// <summary>How many bytes the PES packet has by its own word, its beginning included; 0 where it does not say.</summary>
    private int DeclaredIn(ReadOnlySpan<byte> window)
    {
        Span<byte> head = stackalloc byte[6];
        int have = 0;
        for (int i = _appended; have < head.Length; i++)
        {
            if (_slices[i].IsDuplicate) continue;
            int taken = Math.Min(_slices[i].Length, head.Length - have);
            window.Slice(_slices[i].Packet + _slices[i].Start, taken).CopyTo(head[have..]);
            have += taken;
        }

        int length = BinaryPrimitives.ReadUInt16BigEndian(head[4..]);
        return length == 0 ? 0 : 6 + length;
    }

    private void Grow(int length)
    {
        if (length <= _data.Length) return;
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(length, 2 * _data.Length));
        Data.CopyTo(larger);
        if (_data.Length > 0) ArrayPool<byte>.Shared.Return(_data);
        _data = larger;
    }
}

using System.Buffers.Binary;

namespace Keyway.Containers.TransportStream.Packets;

/// <summary>Sections of one PID that begin in one packet and end, with what else they share packets with, in the same or in later ones (ISO/IEC 13818-1, 2.4.4).</summary>
/// <remarks>
/// <code>
/// │ptr=0│ section A ……… │……… A │ section B │ FF FF │      one run: three packets, two sections
/// </code>
/// The pointer says where the first section begins that begins in the packet; bytes before it belong to the section of the packet before.
/// </remarks>
internal sealed class SectionRun
{
    private readonly byte[] _bytes = new byte[TransportStreamLimits.SectionRunBytes];
    private readonly List<PacketSlice> _packets = [];
    private readonly List<(int Start, int Length)> _sections = [];
    private int _length;
    private int _next;

    /// <summary>Whether a section is not complete.</summary>
    public bool IsOpen => _packets.Count > 0;

    /// <summary>Its packets: where in the window, and where their bytes of sections lie.</summary>
    public List<PacketSlice> Packets => _packets;

    /// <summary>The sections, once it is complete.</summary>
    public IReadOnlyList<(int Start, int Length)> Sections => _sections;

    /// <summary>The bytes of a section.</summary>
    public ReadOnlySpan<byte> Section(int index) => _bytes.AsSpan(_sections[index].Start, _sections[index].Length);

    /// <summary>How many bytes its sections have together.</summary>
    public int Length => _next;

    /// <summary>Writes shorter sections over its own, and padding behind them.</summary>
    public void WriteBack(Span<byte> window, ReadOnlySpan<byte> sections)
    {
        foreach (PacketSlice slice in _packets)
        {
            Span<byte> room = window.Slice(slice.Packet + slice.Start, slice.Length);
            int taken = Math.Min(room.Length, sections.Length);
            sections[..taken].CopyTo(room);
            room[taken..].Fill(0xFF);
            sections = sections[taken..];
        }
    }

    /// <summary>Adds a packet.</summary>
    /// <param name="payload">What it carries.</param>
    /// <param name="slice">Where that lies.</param>
    /// <param name="begins">Whether it has a pointer.</param>
    /// <param name="isComplete">Whether all sections that have begun are complete. Then they are looked at, and the run is cleared.</param>
    /// <returns>What is wrong; <see langword="null"/>: nothing.</returns>
    public string? Add(ReadOnlySpan<byte> payload, PacketSlice slice, bool begins, out bool isComplete)
    {
        isComplete = false;
        if (begins)
        {
            int pointer = payload[0];
            if (1 + pointer >= payload.Length) return "pointer_field leads out of the packet";
            if (!IsOpen)
            {
                // What is before it belongs to a section whose beginning is not here.
                slice.Start += (short)(1 + pointer);
                slice.Length -= (short)(1 + pointer);
                payload = payload[(1 + pointer)..];
            }
            else
            {
                if (_length + pointer != NextEnd(pointer, payload)) return "a section ends elsewhere than where the next one begins";
                slice.Start++;
                slice.Length--;
                payload = payload[1..];
            }
        }
        else if (!IsOpen)
        {
            // Nothing of it can be told.
            return null;
        }

        if (_length + payload.Length > _bytes.Length) return $"sections follow one another through more than {TransportStreamLimits.SectionRunBytes} bytes without an end";
        payload.CopyTo(_bytes.AsSpan(_length));
        _length += payload.Length;
        _packets.Add(slice);
        return Walk(out isComplete);
    }

    /// <summary>The window begins later by so many bytes.</summary>
    public void Shift(int by)
    {
        for (int i = 0; i < _packets.Count; i++) _packets[i] = _packets[i] with { Packet = _packets[i].Packet - by };
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _packets.Clear();
        _sections.Clear();
        _length = _next = 0;
    }

    /// <summary>Where the section that is open ends, counted like <see cref="_length"/>; -1 where that is not known.</summary>
    private int NextEnd(int pointer, ReadOnlySpan<byte> payload)
    {
        Span<byte> head = stackalloc byte[3];
        int have = Math.Min(3, _length - _next);
        _bytes.AsSpan(_next, have).CopyTo(head);
        int rest = Math.Min(3 - have, pointer);
        payload.Slice(1, rest).CopyTo(head[have..]);
        return have + rest < 3 ? -1 : _next + 3 + (BinaryPrimitives.ReadUInt16BigEndian(head[1..]) & 0xFFF);
    }

    private string? Walk(out bool isComplete)
    {
        isComplete = false;
        while (_next < _length && _bytes[_next] != 0xFF)
        {
            if (_length - _next < 3) return null;
            int length = 3 + (BinaryPrimitives.ReadUInt16BigEndian(_bytes.AsSpan(_next + 1)) & 0xFFF);
            if (length > TransportStreamLimits.SectionBytes) return $"a section has more than {TransportStreamLimits.SectionBytes} bytes";
            if (_length - _next < length) return null;
            _sections.Add((_next, length));
            _next += length;
        }

        // Behind the last section stands nothing but padding.
        if (_bytes.AsSpan(_next, _length - _next).ContainsAnyExcept((byte)0xFF)) return "bytes stand behind the padding of a section";
        isComplete = true;
        return null;
    }
}

using Keyway.Containers.TransportStream.Packets;

namespace Keyway.Containers.TransportStream.Demultiplexing;

/// <summary>What is known of the packets of one PID.</summary>
internal sealed class PidState(int pid)
{
    private readonly byte[] _last = new byte[TsPacket.Size];
    private int _counter = -1;
    private int _lastStart;
    private bool _repeated, _mayJump, _isFresh;

    public int Pid => pid;

    /// <summary>The sections that are being received, where it carries some.</summary>
    public SectionRun? Sections { get; set; }

    /// <summary>The program maps that it has carried, one a program.</summary>
    public List<ProgramMap> Maps { get; } = [];

    /// <summary>The elementary stream, where a map lists it as one.</summary>
    public ElementaryStream? Stream { get; set; }

    /// <summary>How many packets it had before anything said what they carry.</summary>
    public long Unknown { get; set; }

    /// <summary>Another segment begins: its first packet may count anew if a unit begins in it.</summary>
    public void Refresh() => _isFresh = true;

    /// <summary>Everything may count anew.</summary>
    public void Forget() => _counter = -1;

    /// <summary>Follows the continuity counter (ISO/IEC 13818-1, 2.4.3.3).</summary>
    /// <param name="packet">A packet of this PID.</param>
    /// <param name="bytes">All of it.</param>
    /// <param name="isDuplicate">Whether it repeats the one before it, which may be done once.</param>
    /// <returns>What is wrong; <see langword="null"/>: nothing.</returns>
    public string? Follow(in TsPacket packet, ReadOnlySpan<byte> bytes, out bool isDuplicate)
    {
        isDuplicate = false;
        _mayJump |= packet.IsDiscontinuous;
        if (!packet.HasPayload) return null;
        int expected = (_counter + 1) & 15;
        bool mayJump = _counter < 0 || _mayJump || (_isFresh && packet.BeginsUnit);
        if (packet.Counter != expected && packet.Counter == _counter && !_repeated && IsRepeated(packet, bytes))
        {
            isDuplicate = _repeated = true;
            return null;
        }

        if (packet.Counter != expected && !mayJump) return $"{(packet.Counter - expected) & 15} packets are missing before it, or {((packet.Counter - expected) & 15) + 16} and so on: its counter is {packet.Counter} and not {expected}";
        (_counter, _repeated, _mayJump, _isFresh, _lastStart) = (packet.Counter, false, false, false, packet.PayloadStart);
        bytes[..TsPacket.Size].CopyTo(_last);
        return null;
    }

    /// <summary>Everything but the clock is the same.</summary>
    private bool IsRepeated(in TsPacket packet, ReadOnlySpan<byte> bytes) =>
        packet.PayloadStart == _lastStart && bytes[packet.PayloadStart..TsPacket.Size].SequenceEqual(_last.AsSpan(packet.PayloadStart)) && bytes[1] == _last[1] && bytes[3] == _last[3];
}

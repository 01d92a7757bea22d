namespace Keyway.Containers.TransportStream.Packets;

/// <summary>The header of a transport stream packet (ISO/IEC 13818-1, 2.4.3.2), and where its payload lies.</summary>
/// <remarks>
/// <code>
/// 47 | error:1 unit_start:1 priority:1 PID:13 | scrambling:2 adaptation:2 counter:4 | [ length:8 adaptation field ] | payload … 188
/// </code>
/// </remarks>
internal readonly struct TsPacket
{
    /// <summary>The length of a packet.</summary>
    public const int Size = 188;

    /// <summary>What each packet begins with.</summary>
    public const byte Sync = 0x47;

    /// <summary>The PID of packets that carry nothing.</summary>
    public const int NullPid = 0x1FFF;

    /// <summary>How many PIDs there are.</summary>
    public const int Pids = 0x2000;

    public int Pid { get; private init; }

    /// <summary>Whether a PES packet or a section begins in it (<c>payload_unit_start_indicator</c>).</summary>
    public bool BeginsUnit { get; private init; }

    /// <summary>How it is scrambled; 0: not at all.</summary>
    public int Scrambling { get; private init; }

    /// <summary>The continuity counter.</summary>
    public int Counter { get; private init; }

    /// <summary>Where the payload begins; <see cref="Size"/> where there is none.</summary>
    public int PayloadStart { get; private init; }

    /// <summary>Whether it carries a payload.</summary>
    public bool HasPayload => PayloadStart < Size;

    /// <summary>Whether the counter, or the clock, may begin anew with it (<c>discontinuity_indicator</c>).</summary>
    public bool IsDiscontinuous { get; private init; }

    /// <summary>Reads a header.</summary>
    /// <param name="bytes">The packet.</param>
    /// <param name="packet">What it says.</param>
    /// <returns>What is wrong with it; <see langword="null"/>: nothing.</returns>
    public static string? TryRead(ReadOnlySpan<byte> bytes, out TsPacket packet)
    {
        packet = default;
        if (bytes.Length < Size || bytes[0] != Sync) return "a packet does not begin with 0x47: synchronisation is lost";
        if ((bytes[1] & 0x80) != 0) return "the packet is marked as damaged (transport_error_indicator)";
        int control = (bytes[3] >> 4) & 3;
        int start = 4;
        bool discontinuous = false;
        if ((control & 2) != 0)
        {
            int length = bytes[4];
            start += 1 + length;
            if (length > 0) discontinuous = (bytes[5] & 0x80) != 0;
        }

        int pid = ((bytes[1] & 0x1F) << 8) | bytes[2];
        bool carries = (control & 1) != 0;
        if (pid != NullPid)
        {
            if (control == 0) return "adaptation_field_control is 0, which is reserved";
            if (carries ? start >= Size : start > Size) return "the adaptation field leaves no room for what the packet is said to carry";
        }

        packet = new TsPacket
        {
            Pid = pid,
            BeginsUnit = (bytes[1] & 0x40) != 0,
            Scrambling = bytes[3] >> 6,
            Counter = bytes[3] & 0x0F,
            PayloadStart = carries ? Math.Min(start, Size) : Size,
            IsDiscontinuous = discontinuous,
        };
        return null;
    }
}

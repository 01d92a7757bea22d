using System.Buffers.Binary;

namespace Keyway.Containers.TransportStream.Packets;

/// <summary>The header of a PES packet (ISO/IEC 13818-1, 2.4.3.6).</summary>
/// <remarks>
/// <code>
/// 00 00 01 | stream_id:8 | length:16 | 10 scrambling:2 … | PTS:1 DTS:1 … | header_data_length:8 | [ PTS:40 [ DTS:40 ] ] … | payload
/// </code>
/// </remarks>
internal readonly record struct PesHeader
{
    /// <summary>Bytes before the data of the header.</summary>
    public const int Head = 9;

    /// <summary>The longest header.</summary>
    public const int Most = Head + 255;

    /// <summary>How many bytes it has.</summary>
    public int Size { get; private init; }

    /// <summary>How many bytes the packet says that it has; 0: it does not say.</summary>
    public int Length { get; private init; }

    /// <summary>When its first access unit is presented, in 1/90000 s; -1 where it is not said.</summary>
    public long Pts { get; private init; }

    /// <summary>When it is decoded; where that is not said, the same as <see cref="Pts"/>.</summary>
    public long Dts { get; private init; }

    /// <summary>Reads a header.</summary>
    /// <param name="bytes">The beginning of the PES packet: the whole header, unless the packet ends before.</param>
    /// <param name="header">What it says.</param>
    /// <returns>What is wrong with it; <see langword="null"/>: nothing.</returns>
    public static string? TryRead(ReadOnlySpan<byte> bytes, out PesHeader header)
    {
        header = default;
        if (bytes.Length < Head) return "the PES packet ends within its header";
        if (bytes[0] != 0 || bytes[1] != 0 || bytes[2] != 1) return "a PES packet does not begin with its start code";
        // The identifiers without the rest of this header are none of audio and video.
        if (bytes[3] is 0xBC or 0xBE or 0xBF or 0xF0 or 0xF1 or 0xF2 or 0xF8 or 0xFF) return $"a PES packet of stream_id 0x{bytes[3]:X2} stands among audio and video";
        if ((bytes[6] & 0xC0) != 0x80) return "the PES header is not one of MPEG-2";
        if ((bytes[6] & 0x30) != 0) return "the PES packet is scrambled (PES_scrambling_control): conditional access is not opened here";
        int size = Head + bytes[8];
        if (bytes.Length < size) return "the PES packet ends within its header";
        int length = BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]);
        if (length != 0 && length + 6 < size) return "PES_packet_length is smaller than the header";
        int flags = bytes[7] >> 6;
        if (flags == 1) return "a PES header says DTS without PTS";
        if (bytes[8] < (flags == 3 ? 10 : flags == 2 ? 5 : 0)) return "PES_header_data_length is too small for the times that are announced";
        long pts = -1, dts = -1;
        if (flags != 0 && !TryReadTime(bytes[Head..], out pts)) return "a marker bit in PTS is not set";
        if (flags == 3 && !TryReadTime(bytes[(Head + 5)..], out dts)) return "a marker bit in DTS is not set";
        header = new PesHeader { Size = size, Length = length, Pts = pts, Dts = flags == 3 ? dts : pts };
        return null;
    }

    private static bool TryReadTime(ReadOnlySpan<byte> b, out long time)
    {
        time = ((long)(b[0] & 0x0E) << 29) | ((long)b[1] << 22) | ((long)(b[2] & 0xFE) << 14) | ((long)b[3] << 7) | ((long)b[4] >> 1);
        return (b[0] & b[2] & b[4] & 1) != 0;
    }
}

using System.Buffers.Binary;

namespace Keyway.Containers.TransportStream.Packets;

/// <summary>A program association section (ISO/IEC 13818-1, 2.4.4.3): which PID carries the map of which program.</summary>
internal static class ProgramAssociation
{
    /// <summary>Its <c>table_id</c>.</summary>
    public const byte TableId = 0x00;

    /// <summary>Reads the PIDs of program maps.</summary>
    /// <param name="section">The whole section, checked by its CRC.</param>
    /// <param name="pids">The PIDs.</param>
    /// <returns>What is wrong with it; <see langword="null"/>: nothing.</returns>
    public static string? TryRead(ReadOnlySpan<byte> section, List<int> pids)
    {
        if (section.Length < 12 || (section.Length - 12) % 4 != 0) return "the length of the PAT does not fit its programs";
        for (ReadOnlySpan<byte> entries = section[8..^4]; !entries.IsEmpty; entries = entries[4..])
        {
            int pid = BinaryPrimitives.ReadUInt16BigEndian(entries[2..]) & 0x1FFF;
            // Program 0 is the network's own table.
            if (BinaryPrimitives.ReadUInt16BigEndian(entries) == 0) continue;
            if (pid is < 0x10 or TsPacket.NullPid) return $"the PAT puts a program map on PID 0x{pid:X}, which is reserved";
            if (pids.Count == TransportStreamLimits.Programs) return $"the PAT lists more than {TransportStreamLimits.Programs} programs";
            if (!pids.Contains(pid)) pids.Add(pid);
        }

        return null;
    }
}

using Keyway.Containers.TransportStream.Codecs;
using Keyway.Containers.TransportStream.Packets;

namespace Keyway.Containers.TransportStream;

/// <summary>Says what the beginning of a transport stream, or of packed audio, is and has, without a key. What is not opened here is named and not refused.</summary>
internal static class TransportStreamInspector
{
    /// <summary>Bytes of a stream in which its tables and the first times are looked for.</summary>
    public const int Enough = 2 << 20;

    /// <summary>Reads a beginning.</summary>
    /// <param name="beginning">The first bytes of the file or segment, as many as are there or as <see cref="Enough"/> says.</param>
    /// <param name="name">Its name for messages.</param>
    /// <exception cref="MediaFormatException">It is none of these, or is malformed.</exception>
    public static TransportStreamInspection Inspect(ReadOnlySpan<byte> beginning, string name)
    {
        ContainerKind kind = ContainerSniffer.Recognize(beginning);
        if (ContainerSniffer.Problem(kind) is { } problem) throw new MediaFormatException(name, new FormatError(problem, "", 0));
        return kind switch
        {
            ContainerKind.TransportStream => InspectPackets(beginning, name),
            ContainerKind.None => throw new MediaFormatException(name, new FormatError("it is neither a transport stream nor packed audio", "", 0)),
            _ => InspectPacked(beginning, kind),
        };
    }

    private static TransportStreamInspection InspectPacked(ReadOnlySpan<byte> bytes, ContainerKind kind)
    {
        long begins = -1;
        bool isProtected = false;
        while (Id3Tag.IsTag(bytes))
        {
            Id3Tag tag = Id3Tag.Read(bytes[..Id3Tag.LengthOf(bytes)]);
            if (begins < 0) begins = tag.Timestamp;
            isProtected |= tag.Description > 0;
            bytes = bytes[tag.Length..];
        }

        StreamCodec codec = kind switch { ContainerKind.PackedAac => StreamCodec.Aac, ContainerKind.PackedAc3 => StreamCodec.Ac3, _ => StreamCodec.EAc3 };
        return new TransportStreamInspection { Kind = kind, Streams = [new InspectedStream(0, 0, codec, isProtected, null, begins)] };
    }

    private static TransportStreamInspection InspectPackets(ReadOnlySpan<byte> bytes, string name)
    {
        Dictionary<int, SectionRun> tables = new() { [0] = new SectionRun() };
        Dictionary<int, long> begins = [];
        List<ProgramMap> maps = [];
        string? other = null;
        for (int at = 0; at + TsPacket.Size <= bytes.Length; at += TsPacket.Size)
        {
            ReadOnlySpan<byte> whole = bytes.Slice(at, TsPacket.Size);
            UnitPlace place = new(name, (at / TsPacket.Size) + 1, 0, at);
            if (TsPacket.TryRead(whole, out TsPacket packet) is { } problem) throw place.Error(problem);
            if (packet.Pid == TsPacket.NullPid || !packet.HasPayload) continue;
            if (packet.Scrambling != 0) other ??= $"packets of PID 0x{packet.Pid:X} are scrambled (transport_scrambling_control)";
            else if (tables.TryGetValue(packet.Pid, out SectionRun? run)) Read(run, packet, whole, place with { Pid = packet.Pid }, tables, maps);
            else if (packet.BeginsUnit && !begins.ContainsKey(packet.Pid) && PesHeader.TryRead(whole[packet.PayloadStart..], out PesHeader header) is null && header.Pts >= 0) begins.Add(packet.Pid, header.Pts);
        }

        if (maps.Exists(static map => map.UsesCommonEncryption)) other = "the program is protected with Common Encryption of transport streams (ISO/IEC 23001-9)";
        return new TransportStreamInspection
        {
            Kind = ContainerKind.TransportStream,
            Streams = [.. maps.SelectMany(static map => map.Streams).Select(stream => new InspectedStream(stream.Pid, stream.Type, stream.Codec, stream.IsMarked, stream.Language, begins.GetValueOrDefault(stream.Pid, -1)))],
            AccessSystems = [.. maps.SelectMany(static map => map.AccessSystems).Distinct()],
            OtherProtection = other,
        };
    }

    private static void Read(SectionRun run, in TsPacket packet, ReadOnlySpan<byte> bytes, in UnitPlace place, Dictionary<int, SectionRun> tables, List<ProgramMap> maps)
    {
        if (run.Add(bytes[packet.PayloadStart..], new PacketSlice(0, packet.PayloadStart), packet.BeginsUnit, out bool isComplete) is { } problem) throw place.Error(problem);
        if (!isComplete) return;
        for (int i = 0; i < run.Sections.Count; i++)
        {
            ReadOnlySpan<byte> section = run.Section(i);
            if (section.Length < 12 || Crc32Mpeg.Of(section) != 0 || (section[5] & 1) == 0) continue;
            if (packet.Pid == 0 && section[0] == ProgramAssociation.TableId)
            {
                List<int> pids = [];
                if (ProgramAssociation.TryRead(section, pids) is { } fault) throw place.Error(fault);
                foreach (int pid in pids)
                {
                    if (tables.ContainsKey(pid)) continue;
                    if (tables.Count > TransportStreamLimits.Programs) throw place.Error($"more than {TransportStreamLimits.Programs} programs have been listed");
                    tables.Add(pid, new SectionRun());
                }
            }
            else if (packet.Pid != 0 && section[0] == ProgramMap.TableId && !maps.Exists(Same(section)))
            {
                ProgramMap map = ProgramMap.TryRead(section, out string? fault) ?? throw place.Error(fault!);
                maps.RemoveAll(known => known.Program == map.Program);
                if (maps.Count == TransportStreamLimits.Programs) throw place.Error($"there are maps of more than {TransportStreamLimits.Programs} programs");
                maps.Add(map);
            }
        }

        run.Clear();

        static Predicate<ProgramMap> Same(ReadOnlySpan<byte> section)
        {
            byte[] copy = section.ToArray();
            return map => map.IsSame(copy);
        }
    }
}

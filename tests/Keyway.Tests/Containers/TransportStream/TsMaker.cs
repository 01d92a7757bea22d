using System.Buffers.Binary;

namespace Keyway.Containers.TransportStream;

/// <summary>Makes transport streams.</summary>
internal sealed class TsMaker
{
    public const int PmtPid = 0x100;
    public const int VideoPid = 0x101;
    public const int AudioPid = 0x102;

    private readonly List<byte> _bytes = [];
    private readonly Dictionary<int, int> _counters = [];

    public byte[] Bytes => [.. _bytes];

    /// <summary>One program with streams of these types: the first on <see cref="VideoPid"/>, the next on the PIDs after it.</summary>
    public static TsMaker Program(params byte[] types) => new TsMaker().Tables(types);

    public TsMaker Tables(params byte[] types) => Pat((1, PmtPid)).Pmt([.. types.Select(static (type, i) => (type, VideoPid + i, Marks(type)))]);

    public TsMaker Pat(params (int Program, int Pid)[] programs) =>
        Section(0, 0, [0, 1, 0xC1, 0, 0, .. programs.SelectMany(static each => (byte[])[(byte)(each.Program >> 8), (byte)each.Program, (byte)(0xE0 | (each.Pid >> 8)), (byte)each.Pid])]);

    public TsMaker Pmt(params (byte Type, int Pid, byte[] Descriptors)[] streams) => Section(PmtPid, 2, PmtContent(0, [], streams));

    public static byte[] PmtContent(int version, byte[] information, params (byte Type, int Pid, byte[] Descriptors)[] streams) =>
    [
        0, 1, (byte)(0xC1 | (version << 1)), 0, 0, 0xE1, 0x01, (byte)(0xF0 | (information.Length >> 8)), (byte)information.Length, .. information,
        .. streams.SelectMany(static each => (byte[])[each.Type, (byte)(0xE0 | (each.Pid >> 8)), (byte)each.Pid, (byte)(0xF0 | (each.Descriptors.Length >> 8)), (byte)each.Descriptors.Length, .. each.Descriptors]),
    ];

    /// <summary>What the PMT says beside the type of a protected stream.</summary>
    public static byte[] Marks(byte type) => type switch
    {
        0xDB => [0x0F, 4, .. "zavc"u8],
        0xCF => [0x0F, 4, .. "aacd"u8, 5, 14, .. "apadzaac"u8, 0, 0, 1, 2, 0x12, 0x10],
        0xC1 => [0x0F, 4, .. "ac3d"u8, 5, 12, .. "apadzac3"u8, 0, 0, 1, 0],
        0xC2 => [0x0F, 4, .. "ec3d"u8, 5, 12, .. "apadzec3"u8, 0, 0, 1, 0],
        _ => [],
    };

    /// <summary>A section with its length and check, in as many packets as it takes.</summary>
    public TsMaker Section(int pid, byte table, byte[] content) => Sections(pid, MakeSection(table, content));

    public static byte[] MakeSection(byte table, byte[] content)
    {
        byte[] section = [table, (byte)(0xB0 | ((content.Length + 4) >> 8)), (byte)(content.Length + 4), .. content, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt32BigEndian(section.AsSpan(^4..), Crc(section.AsSpan(..^4)));
        return section;
    }

    public TsMaker Sections(int pid, byte[] sections)
    {
        byte[] payload = [0, .. sections];
        for (int at = 0; at < payload.Length; at += 184)
        {
            byte[] part = payload[at..Math.Min(payload.Length, at + 184)];
            Packet(pid, at == 0, [.. part, .. Enumerable.Repeat((byte)0xFF, 184 - part.Length)]);
        }

        return this;
    }

    /// <summary>A PES packet, in packets of which the last is filled up with stuffing.</summary>
    public TsMaker Pes(int pid, byte[] payload, long pts = -1, long dts = -1, bool isBounded = false, byte[]? adaptation = null)
    {
        foreach ((bool begins, byte[] part) in Parts(MakePes(payload, pts, dts, isBounded, pid == VideoPid ? 0xE0 : 0xC0), 184 - (adaptation is null ? 0 : adaptation.Length + 1)))
            Packet(pid, begins, part, begins ? adaptation : null);
        return this;
    }

    public static byte[] MakePes(byte[] payload, long pts, long dts, bool isBounded, int id)
    {
        byte[] times = [.. pts < 0 ? [] : Time(dts < 0 ? 2 : 3, pts), .. dts < 0 ? [] : Time(1, dts)];
        int length = isBounded ? 3 + times.Length + payload.Length : 0;
        return [0, 0, 1, (byte)id, (byte)(length >> 8), (byte)length, 0x80, (byte)(pts < 0 ? 0 : dts < 0 ? 0x80 : 0xC0), (byte)times.Length, .. times, .. payload];
    }

    /// <summary>A packet. What its payload lacks becomes stuffing.</summary>
    public TsMaker Packet(int pid, bool begins, byte[] payload, byte[]? adaptation = null, int? counter = null)
    {
        int count = counter ?? _counters.GetValueOrDefault(pid);
        _counters[pid] = (count + (payload.Length > 0 ? 1 : 0)) & 15;
        if (payload.Length == 0) count = (count + 15) & 15;
        int free = 184 - payload.Length;
        byte[] field = adaptation is null && free == 0 ? [] : FieldOf(adaptation ?? [], free);
        field.Length.Should().Be(free);
        int control = (field.Length > 0 ? 2 : 0) | (payload.Length > 0 ? 1 : 0);
        _bytes.AddRange([0x47, (byte)((begins ? 0x40 : 0) | (pid >> 8)), (byte)pid, (byte)((control << 4) | count), .. field, .. payload]);
        return this;
    }

    /// <summary>Repeats the last packet.</summary>
    public TsMaker Repeat()
    {
        _bytes.AddRange(_bytes[^188..]);
        return this;
    }

    public TsMaker Null() => Packet(0x1FFF, false, new byte[184]);

    public TsMaker Skip(int pid)
    {
        _counters[pid] = (_counters.GetValueOrDefault(pid) + 1) & 15;
        return this;
    }

    private static IEnumerable<(bool Begins, byte[] Part)> Parts(byte[] pes, int first)
    {
        for (int at = 0; at < pes.Length;)
        {
            int length = Math.Min(pes.Length - at, at == 0 ? first : 184);
            yield return (at == 0, pes[at..(at + length)]);
            at += length;
        }
    }

    private static byte[] FieldOf(byte[] content, int length) => length == 1 ? [0] : [(byte)(length - 1), .. content.Length == 0 ? [0] : content, .. Enumerable.Repeat((byte)0xFF, Math.Max(0, length - 1 - Math.Max(1, content.Length)))];

    private static byte[] Time(int prefix, long time) =>
        [(byte)((prefix << 4) | (int)((time >> 29) & 0x0E) | 1), (byte)(time >> 22), (byte)((time >> 14) | 1), (byte)(time >> 7), (byte)((time << 1) | 1)];

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
            for (int bit = 7; bit >= 0; bit--) crc = (crc << 1) ^ ((((crc >> 31) ^ (uint)(b >> bit)) & 1) != 0 ? 0x04C11DB7u : 0);
        return crc;
    }
}

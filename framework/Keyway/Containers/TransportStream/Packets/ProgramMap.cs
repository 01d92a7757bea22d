using System.Buffers.Binary;

namespace Keyway.Containers.TransportStream.Packets;

/// <summary>A program map section (ISO/IEC 13818-1, 2.4.4.8): which elementary streams a program has.</summary>
/// <remarks>
/// <code>
/// 02 | 1 0 11 length:12 | program:16 | 11 version:5 current:1 | 00 | 00 | 111 PCR:13 | 1111 info:12 | descriptors
///    | { type:8 | 111 PID:13 | 1111 info:12 | descriptors } … | CRC:32
/// </code>
/// </remarks>
internal sealed class ProgramMap
{
    /// <summary>Its <c>table_id</c>.</summary>
    public const byte TableId = 0x02;

    private const int Head = 12;
    private const int CheckSize = 4;
    private const ushort CommonEncryption = 0x6365;

    private readonly byte[] _section;

    private ProgramMap(byte[] section) => _section = section;

    public int Program => BinaryPrimitives.ReadUInt16BigEndian(_section.AsSpan(3));

    public int Version => (_section[5] >> 1) & 0x1F;

    /// <summary>Whether it is in force, and not announced (<c>current_next_indicator</c>).</summary>
    public bool IsCurrent => (_section[5] & 1) != 0;

    /// <summary>The streams, in its order.</summary>
    public List<StreamEntry> Streams { get; } = [];

    /// <summary>Identifiers of the conditional access systems that it names, each once.</summary>
    public List<ushort> AccessSystems { get; } = [];

    /// <summary>Whether it says that packets are protected with Common Encryption (ISO/IEC 23001-9).</summary>
    public bool UsesCommonEncryption => AccessSystems.Contains(CommonEncryption);

    /// <summary>Whether the section is the same, bit for bit.</summary>
    public bool IsSame(ReadOnlySpan<byte> section) => section.SequenceEqual(_section);

    /// <summary>Reads a section.</summary>
    /// <param name="section">The whole section, checked by its CRC.</param>
    /// <param name="problem">What is wrong with it.</param>
    public static ProgramMap? TryRead(ReadOnlySpan<byte> section, out string? problem)
    {
        problem = null;
        ProgramMap map = new(section.ToArray());
        int info = section.Length < Head + CheckSize ? -1 : BinaryPrimitives.ReadUInt16BigEndian(section[10..]) & 0xFFF;
        if (info < 0 || Head + info + CheckSize > section.Length || !Descriptor.IsWhole(section.Slice(Head, info)))
        {
            problem = "the PMT is shorter than what it lists";
            return null;
        }

        map.NoteAccess(section.Slice(Head, info));
        ReadOnlySpan<byte> entries = section[(Head + info)..^CheckSize];
        while (!entries.IsEmpty)
        {
            info = entries.Length < 5 ? -1 : BinaryPrimitives.ReadUInt16BigEndian(entries[3..]) & 0xFFF;
            if (info < 0 || 5 + info > entries.Length || !Descriptor.IsWhole(entries.Slice(5, info)))
            {
                problem = "the PMT is shorter than what it lists";
                return null;
            }

            int pid = BinaryPrimitives.ReadUInt16BigEndian(entries[1..]) & 0x1FFF;
            if (pid is < 0x10 or TsPacket.NullPid || map.Streams.Exists(stream => stream.Pid == pid))
            {
                problem = pid is < 0x10 or TsPacket.NullPid ? $"the PMT puts a stream on PID 0x{pid:X}, which is reserved" : $"the PMT lists PID 0x{pid:X} twice";
                return null;
            }

            map.Add(entries[0], pid, entries.Slice(5, info));
            entries = entries[(5 + info)..];
        }

        if (map.Streams.TrueForAll(static stream => !stream.IsMarked))
            foreach (StreamEntry stream in map.Streams) stream.IsInUnmarkedProgram = true;
        return map;
    }

    /// <summary>Writes it as a program of unprotected streams has it: types as they were, and without the descriptors that say otherwise.</summary>
    /// <param name="output">Where, at least as long as the section.</param>
    /// <returns>Its length; 0 where it would be the same.</returns>
    public int WriteClear(Span<byte> output)
    {
        ReadOnlySpan<byte> section = _section;
        int at = Head + (BinaryPrimitives.ReadUInt16BigEndian(section[10..]) & 0xFFF);
        section[..at].CopyTo(output);
        int written = at;
        bool changed = false;
        while (at < section.Length - CheckSize)
        {
            ReadOnlySpan<byte> descriptors = section.Slice(at + 5, BinaryPrimitives.ReadUInt16BigEndian(section[(at + 3)..]) & 0xFFF);
            int start = written;
            section.Slice(at, 5).CopyTo(output[start..]);
            output[start] = StreamType.ClearOf(section[at]);
            changed |= output[start] != section[at];
            at += 5 + descriptors.Length;
            written += 5;
            while (Descriptor.Next(ref descriptors) is { IsEmpty: false } descriptor)
            {
                if (Descriptor.SaysProtected(descriptor))
                {
                    changed = true;
                    continue;
                }

                descriptor.CopyTo(output[written..]);
                written += descriptor.Length;
            }

            BinaryPrimitives.WriteUInt16BigEndian(output[(start + 3)..], (ushort)((output[start + 3] << 8 & 0xF000) | (written - start - 5)));
        }

        if (!changed) return 0;
        BinaryPrimitives.WriteUInt16BigEndian(output[1..], (ushort)((output[1] << 8 & 0xF000) | (written + CheckSize - 3)));
        BinaryPrimitives.WriteUInt32BigEndian(output[written..], Crc32Mpeg.Of(output[..written]));
        return written + CheckSize;
    }

    private void Add(byte type, int pid, ReadOnlySpan<byte> descriptors)
    {
        NoteAccess(descriptors);
        StreamCodec codec = StreamType.CodecOf(type, descriptors, out bool isMarked);
        Streams.Add(new StreamEntry { Pid = pid, Type = type, Codec = codec, IsMarked = isMarked, Language = LanguageIn(descriptors), Setup = SetupIn(descriptors) });
    }

    private void NoteAccess(ReadOnlySpan<byte> descriptors)
    {
        while (Descriptor.Next(ref descriptors) is { IsEmpty: false } descriptor)
        {
            if (descriptor[0] != Descriptor.ConditionalAccess || descriptor.Length < 4) continue;
            ushort system = BinaryPrimitives.ReadUInt16BigEndian(descriptor[2..]);
            if (!AccessSystems.Contains(system)) AccessSystems.Add(system);
        }
    }

    private static string? LanguageIn(ReadOnlySpan<byte> descriptors)
    {
        if (!Descriptor.Find(descriptors, 0x0A, out ReadOnlySpan<byte> content) || content.Length < 3) return null;
        foreach (byte letter in content[..3])
            if (!char.IsAsciiLetterLower((char)(letter | 0x20))) return null;
        return System.Text.Encoding.ASCII.GetString(content[..3]).ToLowerInvariant();
    }

    /// <summary><c>apad</c>, type:4 priming:2 version:1 length:1 setup.</summary>
    private static byte[] SetupIn(ReadOnlySpan<byte> descriptors)
    {
        while (Descriptor.Next(ref descriptors) is { IsEmpty: false } descriptor)
        {
            if (descriptor[0] != Descriptor.Registration || !descriptor[2..].StartsWith("apad"u8)) continue;
            ReadOnlySpan<byte> setup = descriptor[6..];
            if (setup.Length >= 8 && setup.Length >= 8 + setup[7]) return setup.Slice(8, setup[7]).ToArray();
        }

        return [];
    }
}

using System.Buffers.Binary;

namespace Keyway.Sandbox.Widevine;

/// <summary>A 'pssh' box of this system (ISO/IEC 23001-7, 8.1).</summary>
/// <remarks>
/// <code>
/// | size : 4 | 'pssh' | version : 1 | flags : 3 | SystemID : 16 | version 1: count : 4, KIDs : 16 each | DataSize : 4 | Data |
/// </code>
/// </remarks>
/// <param name="Version">0 or 1.</param>
/// <param name="Kids">The key identifiers of the box itself, in hexadecimal.</param>
/// <param name="Data">The payload.</param>
internal sealed record PsshBox(int Version, IReadOnlyList<string> Kids, byte[] Data)
{
    private const uint Type = 0x70737368;   // 'pssh'

    private static ReadOnlySpan<byte> SystemId => [0xED, 0xEF, 0x8B, 0xA9, 0x79, 0xD6, 0x4A, 0xCE, 0xA3, 0xC8, 0x27, 0xDC, 0xD5, 0x1D, 0x21, 0xED];

    /// <summary>Reads the boxes of this system among those of initialisation data.</summary>
    /// <param name="boxes">Boxes, one behind the other.</param>
    /// <returns>Those of this system.</returns>
    /// <exception cref="FormatException">The lengths do not fit together, or a version is unknown.</exception>
    public static IReadOnlyList<PsshBox> ReadAll(ReadOnlySpan<byte> boxes)
    {
        List<PsshBox> found = [];
        while (boxes.Length > 0)
        {
            if (boxes.Length < 8) throw new FormatException("The initialisation data ends within a box header.");
            uint small = BinaryPrimitives.ReadUInt32BigEndian(boxes), type = BinaryPrimitives.ReadUInt32BigEndian(boxes[4..]);
            int header = small == 1 ? 16 : 8;
            if (boxes.Length < header) throw new FormatException("The initialisation data ends within a box header.");
            ulong size = small switch
            {
                0 => (ulong)boxes.Length,
                1 => BinaryPrimitives.ReadUInt64BigEndian(boxes[8..]),
                _ => small,
            };
            if (size < (ulong)header || size > (ulong)boxes.Length) throw new FormatException("A box is longer than the initialisation data, or shorter than its header.");
            if (type == Type && Read(boxes[header..(int)size]) is { } box) found.Add(box);
            boxes = boxes[(int)size..];
        }

        return found;
    }

    /// <summary>Writes the box, in version 0 unless it has key identifiers of its own.</summary>
    /// <returns>Its bytes.</returns>
    public byte[] ToBytes()
    {
        int kids = Version == 0 ? 0 : 4 + (16 * Kids.Count);
        byte[] box = new byte[32 + kids + Data.Length];
        BinaryPrimitives.WriteInt32BigEndian(box, box.Length);
        BinaryPrimitives.WriteUInt32BigEndian(box.AsSpan(4), Type);
        box[8] = (byte)Version;
        SystemId.CopyTo(box.AsSpan(12));
        if (Version == 1)
        {
            BinaryPrimitives.WriteInt32BigEndian(box.AsSpan(28), Kids.Count);
            for (int i = 0; i < Kids.Count; i++) Convert.FromHexString(Kids[i]).CopyTo(box, 32 + (16 * i));
        }

        BinaryPrimitives.WriteInt32BigEndian(box.AsSpan(28 + kids), Data.Length);
        Data.CopyTo(box, 32 + kids);
        return box;
    }

    private static PsshBox? Read(ReadOnlySpan<byte> body)
    {
        if (body.Length < 4 + 16 + 4) throw new FormatException("A 'pssh' box is too short.");
        int version = body[0];
        if (!body.Slice(4, 16).SequenceEqual(SystemId)) return null;
        if (version > 1) throw new FormatException($"A 'pssh' box has version {version}.");

        ReadOnlySpan<byte> rest = body[20..];
        List<string> kids = [];
        if (version == 1)
        {
            uint count = BinaryPrimitives.ReadUInt32BigEndian(rest);
            rest = rest[4..];
            if (count > rest.Length / 16) throw new FormatException("A 'pssh' box counts more key identifiers than it has.");
            for (; count > 0; count--, rest = rest[16..]) kids.Add(Convert.ToHexStringLower(rest[..16]));
        }

        if (rest.Length < 4 || BinaryPrimitives.ReadUInt32BigEndian(rest) > rest.Length - 4) throw new FormatException("The data of a 'pssh' box is longer than the box.");
        return new PsshBox(version, kids, rest.Slice(4, (int)BinaryPrimitives.ReadUInt32BigEndian(rest)).ToArray());
    }
}

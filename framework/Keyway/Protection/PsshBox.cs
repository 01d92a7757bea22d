using System.Buffers.Binary;
using Keyway.Licensing;

namespace Keyway.Protection;

/// <summary>A protection system specific header box, <c>pssh</c> (ISO/IEC 23001-7, 8.1).</summary>
/// <remarks>
/// <code>
/// size:4 'pssh' version:1 flags:3 SystemID:16 [ KID_count:4 KID:16 × KID_count ] DataSize:4 Data
///                                               only in version 1
/// </code>
/// </remarks>
public sealed record PsshBox
{
    /// <summary>The four-character code.</summary>
    public const uint Type = 0x70737368;

    private const int HeaderSize = 8;

    private readonly ReadOnlyMemory<byte> _box;

    /// <summary>0, or 1 with key identifiers in the box.</summary>
    public required byte Version { get; init; }

    /// <summary>The protection system.</summary>
    public required SystemId System { get; init; }

    /// <summary>The key identifiers of a version 1 box.</summary>
    public IReadOnlyList<KeyId> KeyIds { get; init; } = [];

    /// <summary>The field <c>Data</c>, as far as the box holds it.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>The whole box: byte for byte as found, behind a header of 8 bytes. Where none was found, one that is made of the other members.</summary>
    public ReadOnlyMemory<byte> Box
    {
        get => IsFound ? _box : Write();
        init => _box = value;
    }

    /// <summary>Whether there was a box, and not its data alone.</summary>
    internal bool IsFound => !_box.IsEmpty;

    /// <summary>Whether <c>DataSize</c> promises more than the box holds. System and key identifiers are good all the same; <see cref="Data"/> is what there is.</summary>
    public bool IsTruncated { get; init; }

    /// <summary>Reads what follows the box header: version, flags and the rest.</summary>
    /// <param name="content">The content of the box, without size and type.</param>
    /// <param name="box">The box.</param>
    /// <param name="error">Why not; its offset counts from the beginning of <paramref name="content"/>.</param>
    /// <returns><see langword="false"/> when the content is malformed.</returns>
    /// <remarks>Bytes after <c>Data</c> are tolerated, as every reader does. The result owns copies; nothing points into <paramref name="content"/>.</remarks>
    public static bool TryReadContent(ReadOnlySpan<byte> content, out PsshBox? box, out FormatError error)
    {
        box = null;
        if (content.Length < 4 + 16 + 4) return Fail("a pssh box needs at least 24 bytes of content", 0, out error);
        byte version = content[0];
        if (version > 1) return Fail($"pssh version {version} is not known", 0, out error);
        SystemId system = new(new Guid(content.Slice(4, 16), bigEndian: true));
        int at = 20;

        KeyId[] ids = [];
        if (version == 1)
        {
            uint count = BinaryPrimitives.ReadUInt32BigEndian(content[at..]);
            at += 4;
            if (count > (uint)(content.Length - at) / KeyId.Size)
                return Fail($"KID_count {count} does not fit the box", at - 4, out error);
            ids = new KeyId[count];
            for (int i = 0; i < ids.Length; i++, at += KeyId.Size)
                KeyId.TryRead(content.Slice(at, KeyId.Size), out ids[i]);
            if (content.Length - at < 4) return Fail("DataSize is missing", at, out error);
        }

        uint size = BinaryPrimitives.ReadUInt32BigEndian(content[at..]);
        at += 4;
        int held = (int)Math.Min(size, (uint)(content.Length - at));
        byte[] whole = new byte[HeaderSize + content.Length];
        WriteHeader(whole);
        content.CopyTo(whole.AsSpan(HeaderSize));
        box = new PsshBox { Version = version, System = system, KeyIds = ids, Data = whole.AsMemory(HeaderSize + at, held), Box = whole, IsTruncated = held != size };
        error = default;
        return true;
    }

    /// <summary>Reads a list of whole boxes, as <c>cenc:pssh</c> elements and <c>cenc</c> initialisation data hold them. Other boxes are passed over.</summary>
    /// <param name="boxes">The bytes.</param>
    /// <param name="found">The boxes found, in order; also those before a mistake.</param>
    /// <param name="error">Why not.</param>
    /// <returns><see langword="false"/> when the bytes are not whole boxes, or a <c>pssh</c> among them is malformed.</returns>
    public static bool TryReadAll(ReadOnlySpan<byte> boxes, out IReadOnlyList<PsshBox> found, out FormatError error)
    {
        List<PsshBox> list = [];
        found = list;
        int at = 0;
        while (at < boxes.Length)
        {
            ReadOnlySpan<byte> rest = boxes[at..];
            if (!BoxHeader.TryRead(rest, out BoxHeader header)) return Fail("not a whole box", at, out error);
            int length = (int)header.Within(rest.Length);
            if (length < 0) return Fail($"box size {(ulong)header.Length} does not fit the {rest.Length} bytes that are left", at, out error);
            if (header.Type == Type)
            {
                if (!TryReadContent(rest[header.Size..length], out PsshBox? box, out error))
                {
                    error = error with { Offset = at + header.Size + error.Offset };
                    return false;
                }

                list.Add(box!);
            }

            at += length;
        }

        error = default;
        return true;
    }

    /// <summary>Reads a header where it may be whole boxes, or the data of one alone: its own first bytes say which.</summary>
    /// <param name="system">Whose it is, where it is data alone.</param>
    /// <param name="data">The header.</param>
    /// <returns>The boxes, those before a mistake too; data alone is a box of version 0.</returns>
    internal static IReadOnlyList<PsshBox> ReadHeader(SystemId system, ReadOnlyMemory<byte> data)
    {
        if (data.Length < HeaderSize || BinaryPrimitives.ReadUInt32BigEndian(data.Span[4..]) != Type) return data.IsEmpty ? [] : [new PsshBox { Version = 0, System = system, Data = data }];
        TryReadAll(data.Span, out IReadOnlyList<PsshBox> boxes, out _);
        return boxes;
    }

    /// <summary>It as initialisation data for its key system.</summary>
    /// <returns>The initialisation data.</returns>
    internal InitializationData ToInitializationData() => new() { Kind = InitializationDataKind.Pssh, System = System, Payload = Data, BoxKeyIds = KeyIds, Box = Box };

    private static void WriteHeader(Span<byte> box)
    {
        BinaryPrimitives.WriteInt32BigEndian(box, box.Length);
        BinaryPrimitives.WriteUInt32BigEndian(box[4..], Type);
    }

    private byte[] Write()
    {
        int ids = KeyIds.Count == 0 ? 0 : 4 + (KeyIds.Count * KeyId.Size);
        byte[] box = new byte[HeaderSize + 4 + 16 + ids + 4 + Data.Length];
        WriteHeader(box);
        box[HeaderSize] = (byte)(ids == 0 ? 0 : 1);
        System.Value.TryWriteBytes(box.AsSpan(HeaderSize + 4), bigEndian: true, out _);
        Span<byte> rest = box.AsSpan(HeaderSize + 4 + 16);
        if (ids > 0)
        {
            BinaryPrimitives.WriteInt32BigEndian(rest, KeyIds.Count);
            for (int i = 0; i < KeyIds.Count; i++) KeyIds[i].Write(rest[(4 + (i * KeyId.Size))..]);
            rest = rest[ids..];
        }

        BinaryPrimitives.WriteInt32BigEndian(rest, Data.Length);
        Data.Span.CopyTo(rest[4..]);
        return box;
    }

    private static bool Fail(string reason, long offset, out FormatError error)
    {
        error = new FormatError(reason, "pssh", offset);
        return false;
    }
}

using System.Buffers.Binary;
using System.Text;
using Keyway.Mp4.Boxes;
using static Keyway.Mp4.BoxBytes;

namespace Keyway.Manifests.Smooth;

/// <summary>Makes fragments of Smooth Streaming of segments of DASH: the same samples with the same vectors, in the boxes of PIFF.</summary>
internal sealed record Piff
{
    /// <summary>The key that a fragment says is its own.</summary>
    public KeyId? Own { get; init; }

    /// <summary>Whether that stands in a box beside the vectors.</summary>
    public bool IsOwnBeside { get; init; }

    /// <summary>The version of <c>tfxd</c>; <see langword="null"/>: there is none.</summary>
    public int? Tfxd { get; init; } = 1;

    /// <summary>What <c>tfdt</c> says, of what it should say; <see langword="null"/>: there is none.</summary>
    public Func<ulong, ulong>? Tfdt { get; init; }

    /// <summary>The fragments that follow, of a live stream.</summary>
    public IReadOnlyList<(ulong Time, ulong Duration)> Next { get; init; } = [];

    /// <summary>The version of <c>tfrf</c>.</summary>
    public int Tfrf { get; init; } = 1;

    public ulong? BaseDataOffset { get; init; }

    public bool HasDataOffset { get; init; } = true;

    /// <summary>Whether samples say whether decoding can begin with them.</summary>
    public bool HasFlags { get; init; } = true;

    /// <summary>Whether samples say how long they are.</summary>
    public bool HasDuration { get; init; } = true;

    /// <summary>Whether vectors are there.</summary>
    public bool HasVectors { get; init; } = true;

    /// <summary>Whether there are empty ones in their place.</summary>
    public bool HasNoEntry { get; init; }

    /// <summary>What encrypts clear samples as a whole in counter mode, each with a vector of its own.</summary>
    public (KeyId Id, byte[] Key)? Encryption { get; init; }

    /// <summary>Units that times are later.</summary>
    public ulong Shift { get; init; }

    public uint? TrackId { get; init; }

    /// <summary>The boxes of a buffer.</summary>
    public static List<(string Type, byte[] Content)> Boxes(byte[] bytes)
    {
        List<(string, byte[])> boxes = [];
        for (int at = 0; at < bytes.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at));
            boxes.Add((Encoding.Latin1.GetString(bytes, at + 4, 4), bytes[(at + 8)..(at + length)]));
            at += length;
        }

        return boxes;
    }

    public static byte[] Content(List<(string Type, byte[] Content)> boxes, string type) => boxes.First(box => box.Type == type).Content;

    /// <summary>When a segment begins, and how long it is.</summary>
    public static (ulong Time, ulong Duration) TimeOf(byte[] segment)
    {
        List<(string, byte[])> traf = Boxes(Content(Boxes(Content(Boxes(segment), "moof")), "traf"));
        byte[] tfdt = Content(traf, "tfdt"), sidx = Content(Boxes(segment), "sidx");
        ulong time = tfdt[0] == 0 ? BinaryPrimitives.ReadUInt32BigEndian(tfdt.AsSpan(4)) : BinaryPrimitives.ReadUInt64BigEndian(tfdt.AsSpan(4));
        // version:1 flags:3 reference:4 timescale:4 earliest:4 first:4 reserved:2 count:2 ( size:4 duration:4 …
        return (time, BinaryPrimitives.ReadUInt32BigEndian(sidx.AsSpan(sidx[0] == 0 ? 28 : 36)));
    }

    /// <summary>A segment as a fragment.</summary>
    public byte[] Wrap(byte[] segment)
    {
        List<(string Type, byte[] Content)> top = Boxes(segment);
        (ulong time, ulong duration) = TimeOf(segment);
        byte[] mdat = Content(top, "mdat");
        List<byte[]> vectors = [];
        if (Encryption is { } encryption)
        {
            int at = 0;
            List<byte[]> samples = [];
            foreach (int size in SizesOf(Content(Boxes(Content(Boxes(Content(top, "moof")), "traf")), "trun")))
            {
                vectors.Add(Mp4.Made.Iv((int)(time / 512) + vectors.Count));
                samples.Add(Mp4.Made.Encrypt(mdat[at..(at + size)], vectors[^1], encryption.Key));
                at += size;
            }

            mdat = Join([.. samples]);
        }

        byte[] moof = Build(0);
        return Join(Build(moof.Length + 8), Box("mdat", mdat));

        byte[] Build(int dataOffset)
        {
            List<byte[]> parts = [];
            List<(string Type, byte[] Content)> inMoof = Boxes(Content(top, "moof"));
            foreach ((string type, byte[] content) in Boxes(Content(inMoof, "traf")))
            {
                switch (type)
                {
                    case "tfhd":
                        parts.Add(Header(content));
                        if (Tfdt is { } said) parts.Add(Full("tfdt", 1, 0, U64(said(time + Shift))));
                        break;
                    case "trun":
                        parts.Add(Run(content, dataOffset));
                        break;
                    case "senc" when HasVectors:
                        parts.Add(Vectors(content));
                        break;
                    case "sbgp":
                        parts.Add(Box(type, content));
                        break;
                }
            }

            if (vectors.Count > 0) parts.Add(Uuid(PiffBoxes.Senc, U32(1), U32((1 << 8) | 8), Bytes(Encryption!.Value.Id), U32((uint)vectors.Count), Join([.. vectors])));
            if (HasNoEntry) parts.Add(Uuid(PiffBoxes.Senc, U32(0), U32(0)));
            if (Own is { } id && IsOwnBeside) parts.Add(Uuid(PiffBoxes.Tenc, U32(0), U32((1 << 8) | 8), Bytes(id)));
            if (Tfxd is { } version) parts.Add(Uuid(PiffBoxes.Tfxd, U32((uint)version << 24), Number(version, time + Shift), Number(version, duration)));
            if (Next.Count > 0) parts.Add(Uuid(PiffBoxes.Tfrf, U32((uint)Tfrf << 24), U8(Next.Count), Join([.. Next.Select(each => Join(Number(Tfrf, each.Time), Number(Tfrf, each.Duration)))])));
            return Box("moof", Box("mfhd", Content(inMoof, "mfhd")), Box("traf", [.. parts]));
        }
    }

    /// <summary>The parameter sets of an initialisation segment of H.264 behind start codes, in digits.</summary>
    public static string ParameterSets(byte[] initialization)
    {
        int at = initialization.AsSpan().IndexOf("avcC"u8) + 4 + 5;
        List<byte> sets = [];
        foreach (int mask in (int[])[31, 255])
        {
            for (int left = initialization[at++] & mask; left > 0; left--)
            {
                int length = BinaryPrimitives.ReadUInt16BigEndian(initialization.AsSpan(at));
                sets.AddRange([0, 0, 0, 1, .. initialization.AsSpan(at + 2, length)]);
                at += 2 + length;
            }
        }

        return Convert.ToHexString([.. sets]);
    }

    /// <summary>The sizes of the samples of a run that says them.</summary>
    private static IEnumerable<int> SizesOf(byte[] trun)
    {
        uint flags = BinaryPrimitives.ReadUInt32BigEndian(trun) & 0xFFFFFF, count = BinaryPrimitives.ReadUInt32BigEndian(trun.AsSpan(4));
        int at = 8 + ((flags & 1) != 0 ? 4 : 0) + ((flags & 4) != 0 ? 4 : 0) + ((flags & 0x100) != 0 ? 4 : 0), stride = 4 * (int)uint.PopCount(flags & 0xF00);
        for (uint i = 0; i < count; i++, at += stride) yield return BinaryPrimitives.ReadInt32BigEndian(trun.AsSpan(at));
    }

    private static byte[] Bytes(KeyId id)
    {
        byte[] bytes = new byte[KeyId.Size];
        id.Write(bytes);
        return bytes;
    }

    private static byte[] Number(int version, ulong value) => version == 0 ? U32((uint)value) : U64(value);

    private byte[] Header(byte[] tfhd)
    {
        uint flags = BinaryPrimitives.ReadUInt32BigEndian(tfhd) & 0xFFFFFF;
        int at = 8;
        List<byte[]> fields = [TrackId is { } id ? U32(id) : tfhd[4..8]];
        if (BaseDataOffset is { } offset) fields.Add(U64(offset));
        uint kept = BaseDataOffset is null ? 0 : 1u;
        foreach (uint flag in (uint[])[0x02, 0x08, 0x10, 0x20])
        {
            if ((flags & flag) == 0) continue;
            byte[] field = tfhd[at..(at + 4)];
            at += 4;
            // A number of the sample entry that an init of ours has as well is left out; so is what is not to be said.
            if (flag == 0x02 || (flag == 0x08 && !HasDuration) || (flag == 0x20 && !HasFlags)) continue;
            kept |= flag;
            fields.Add(field);
        }

        return Full("tfhd", 0, (int)kept, Join([.. fields]));
    }

    private byte[] Run(byte[] trun, int dataOffset)
    {
        uint flags = BinaryPrimitives.ReadUInt32BigEndian(trun) & 0xFFFFFF, count = BinaryPrimitives.ReadUInt32BigEndian(trun.AsSpan(4));
        int at = 8 + ((flags & 1) != 0 ? 4 : 0);
        uint kept = flags & ~5u;
        if (!HasFlags) kept &= ~0x400u;
        if (!HasDuration) kept &= ~0x100u;
        if (HasDataOffset) kept |= 1;
        List<byte[]> fields = [U32(count)];
        if (HasDataOffset) fields.Add(U32((uint)dataOffset));
        if ((flags & 4) != 0)
        {
            if (HasFlags) (kept, fields) = (kept | 4, [.. fields, trun[at..(at + 4)]]);
            at += 4;
        }

        for (uint i = 0; i < count; i++)
        {
            foreach (uint flag in (uint[])[0x100, 0x200, 0x400, 0x800])
            {
                if ((flags & flag) == 0) continue;
                if ((kept & flag) != 0) fields.Add(trun[at..(at + 4)]);
                at += 4;
            }
        }

        return Full("trun", trun[0], (int)kept, Join([.. fields]));
    }

    private byte[] Vectors(byte[] senc)
    {
        uint flags = BinaryPrimitives.ReadUInt32BigEndian(senc) & 0xFFFFFF;
        return Own is { } id && !IsOwnBeside
            ? Uuid(PiffBoxes.Senc, U32(flags | 1), U32((1 << 8) | 8), Bytes(id), senc[4..])
            : Uuid(PiffBoxes.Senc, senc);
    }
}

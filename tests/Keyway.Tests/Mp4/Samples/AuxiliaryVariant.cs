using Keyway.Decryption;
using static Keyway.Mp4.BoxBytes;
using static Keyway.Mp4.Made;

namespace Keyway.Mp4.Samples;

/// <summary>One way of writing the auxiliary information of a track, and the file that is written so. Six samples; in a fragment in two runs, in a movie in three chunks.</summary>
internal sealed record AuxiliaryVariant
{
    private static readonly int[] Sizes = [40, 70, 33, 96, 160, 48], Runs = [0, 2], Chunks = [0, 2, 4];

    public ProtectionScheme Scheme { get; init; } = ProtectionScheme.Cenc;

    /// <summary>What <c>tenc</c> says; 0 for a constant vector.</summary>
    public int Iv { get; init; } = 8;

    /// <summary>What the entries have, where it is not what <c>tenc</c> says.</summary>
    public int? RealIv { get; init; }

    public bool Senc { get; init; }

    public bool Saio { get; init; }

    public bool Progressive { get; init; }

    /// <summary>How samples are left clear: <c>none</c>, <c>group</c>, <c>entry</c> (a clear sample entry) or <c>zero</c> (an auxiliary entry of no bytes).</summary>
    public string Clear { get; init; } = "none";

    /// <summary>What a clear sample has: <c>alike</c>, <c>empty</c> (counted, no bytes), <c>uncounted</c>, or <c>group</c> (vector size and map as its group has them).</summary>
    public string ClearHas { get; init; } = "alike";

    /// <summary>The vector size of the clear group.</summary>
    public int GroupIv { get; init; }

    public bool Maps { get; init; }

    public bool OneOffset { get; init; } = true;

    public static byte[][] Samples => [.. Sizes.Select((size, i) => Sample(i + 1, size))];

    private int EntryIv => RealIv ?? Iv;

    private bool IsClear(int sample) => Clear == "entry" ? sample is 2 or 3 : Clear != "none" && sample is 1 or 4;

    private static byte[] Vector(int sample, int size) => [.. Hex("5a13c7e2019bd4f66e2f81a0b3c4d5e7").Take(size - 1), (byte)sample];

    private static int Lead(int sample) => 10 + sample;

    private byte[] Entry(int sample)
    {
        byte[] map = Maps ? Join(U16(1), U16(Lead(sample)), U32((uint)(Sizes[sample] - Lead(sample)))) : [];
        byte[] whole = EntryIv == 0 ? map : Join(Vector(sample, EntryIv), map);
        if (!IsClear(sample)) return whole;
        return ClearHas switch
        {
            "alike" => whole,
            "group" => Join(GroupIv == 0 ? [] : Vector(sample, GroupIv), Maps ? U16(0) : []),
            _ => [],
        };
    }

    private byte[] Stored(int sample) => IsClear(sample) ? Samples[sample]
        : Protect.Sample(Scheme, Samples[sample], EntryIv == 0 ? Vector(0, 16) : Vector(sample, EntryIv), Maps ? Lead(sample) : 0, Key, 1, 1);

    private byte[] TrackBox => Full("tenc", 1, 0, U8(0), U8(Scheme is ProtectionScheme.Cens or ProtectionScheme.Cbcs ? 0x11 : 0), U8(1), U8(Iv), Bytes(Kid), Iv == 0 ? Join(U8(16), Vector(0, 16)) : []);

    private byte[] Groups => Clear != "group" ? [] : Join(Sgpd(Join(U8(0), U8(0), U8(0), U8(GroupIv), Zeros(16))), Sbgp(1, 0, 1, Progressive ? 1 : 0x10001u, 2, 0, 1, Progressive ? 1 : 0x10001u, 1, 0));

    private byte[] SaizBox()
    {
        int[] sizes = [.. Sizes.Select((_, i) => Entry(i).Length)];
        return sizes.Distinct().Count() == 1 && sizes[0] > 0 ? Full("saiz", 0, 0, U8(sizes[0]), U32(6)) : Full("saiz", 0, 0, U8(0), U32(6), [.. sizes.Select(s => (byte)s)]);
    }

    private byte[] SencBox(out int[] starts)
    {
        starts = new int[6];
        List<byte> entries = [];
        for (int i = 0; i < 6; i++)
        {
            starts[i] = 16 + entries.Count;
            entries.AddRange(Entry(i));
        }

        uint count = ClearHas == "uncounted" ? (uint)Sizes.Where((_, i) => !IsClear(i)).Count() : 6;
        return Full("senc", 0, Maps ? 2 : 0, U32(count), [.. entries]);
    }

    public byte[] ToFile() => Progressive ? ToMovie() : ToFragments();

    /// <summary>Media data, with auxiliary information among it where only offsets name it: places count from its beginning.</summary>
    private byte[] Media(int[] heads, out int[] sampleAt, out int[] auxiliaryAt)
    {
        sampleAt = new int[heads.Length];
        List<int> places = [];
        List<byte> media = [1, 2, 3];
        for (int h = 0; h < heads.Length; h++)
        {
            int end = h + 1 < heads.Length ? heads[h + 1] : 6;
            if (Saio && !Senc && !OneOffset)
            {
                places.Add(media.Count);
                for (int i = heads[h]; i < end; i++) media.AddRange(Entry(i));
            }

            sampleAt[h] = media.Count;
            for (int i = heads[h]; i < end; i++) media.AddRange(Stored(i));
        }

        if (Saio && !Senc && OneOffset)
        {
            places.Add(media.Count);
            for (int i = 0; i < 6; i++) media.AddRange(Entry(i));
        }

        auxiliaryAt = [.. places];
        return [.. media];
    }

    private byte[] SaioBox(int[] heads, int senc, int[] starts, int media, int[] places) =>
        Senc ? Full("saio", 0, 0, U32(OneOffset ? 1 : (uint)heads.Length), Join([.. (OneOffset ? [0] : heads).Select(h => U32((uint)(senc + starts[h])))]))
            : Full("saio", 1, 0, U32((uint)places.Length), Join([.. places.Select(p => U64((ulong)(media + p)))]));

    private byte[] ToFragments()
    {
        byte[] media = Media(Runs, out int[] at, out int[] places);
        byte[] senc = SencBox(out int[] starts);
        byte[] Make(int sencAt) => Moof(length => [Box(
            "traf",
            Tfhd(), Trun(length + 8 + at[0], Sizes[..2]), Trun(length + 8 + at[1], Sizes[2..]), Groups,
            Saio ? SaizBox() : [], Saio ? SaioBox(Runs, sencAt, starts, length + 8, places) : [], Senc ? senc : [])]);
        byte[] moof = Make(Make(0).Length - senc.Length);
        return Join(Moov(Trak(1, Stsd(Enca(Sinf(tenc: TrackBox, scheme: Scheme.ToString().ToLowerInvariant()))))), moof, Box("mdat", media));
    }

    private byte[] ToMovie()
    {
        byte[] media = Media(Chunks, out int[] at, out int[] places);
        byte[] senc = SencBox(out int[] starts);
        byte[] hidden = Enca(Sinf(tenc: TrackBox, scheme: Scheme.ToString().ToLowerInvariant()));
        byte[] Make(int movie, int sencAt) => Box("moov", MvhdBox, Trak(
            1,
            Clear == "entry" ? Stsd(hidden, Mp4a()) : Stsd(hidden),
            Full("stts", 0, 0, U32(1), U32(6), U32(10)),
            Full("stsc", 0, 0, U32(3), U32(1), U32(2), U32(1), U32(2), U32(2), U32(Clear == "entry" ? 2u : 1), U32(3), U32(2), U32(1)),
            Full("stsz", 0, 0, U32(0), U32(6), Join([.. Sizes.Select(s => U32((uint)s))])),
            Full("stco", 0, 0, U32(3), Join([.. at.Select(a => U32((uint)(movie + 8 + a)))])),
            Groups, Saio ? SaizBox() : [], Saio ? SaioBox(Chunks, sencAt, starts, movie + 8, places) : [], Senc ? senc : []));
        int length = Make(0, 0).Length;
        return Join(Make(length, length - senc.Length), Box("mdat", media));
    }
}

using Keyway.Mp4.Structure;
using static Keyway.Mp4.BoxBytes;
using static Keyway.Mp4.Made;

namespace Keyway.Mp4;

/// <summary>Defects of what decrypting does not need are notes; the same defects where it is needed stay errors.</summary>
public sealed class DefectTests
{
    private static readonly byte[] S1 = Sample(1, 40);

    private static byte[] Tkhd(uint id) => Full("tkhd", 0, 3, U32(0), U32(0), U32(id), U32(0), U32(0), Zeros(8), Zeros(8), Zeros(36), U32(0), U32(0));

    private static byte[] Mdhd => Full("mdhd", 0, 0, U32(0), U32(0), U32(1000), U32(0), U16(0x55C4), U16(0));

    private static byte[] Hdlr => Full("hdlr", 0, 0, U32(0), Code("soun"), Zeros(12), U8(0));

    private static byte[] Good => Trak(1, Stsd(Enca(Sinf())));

    private static byte[] Other(params byte[][] content) => Box("trak", content);

    private static byte[] Stbl(params byte[][] content) => Box("mdia", Mdhd, Hdlr, Box("minf", Box("stbl", content)));

    public static TheoryData<string, byte[]> OtherTracks => new()
    {
        { "no mdia", Other(Tkhd(2)) },
        { "no mdhd", Other(Tkhd(2), Box("mdia", Hdlr, Box("minf", Box("stbl", Stsd(Mp4a()))))) },
        { "an mdhd that is cut", Other(Tkhd(2), Box("mdia", Box("mdhd", U32(0)), Hdlr, Box("minf", Box("stbl", Stsd(Mp4a()))))) },
        { "no minf", Other(Tkhd(2), Box("mdia", Mdhd, Hdlr)) },
        { "no stsd", Other(Tkhd(2), Stbl()) },
        { "an stsd that is cut", Other(Tkhd(2), Stbl(Box("stsd", U32(0)))) },
        { "a hdlr that is cut", Other(Tkhd(2), Box("mdia", Mdhd, Box("hdlr", U32(0)), Box("minf", Box("stbl", Stsd(Mp4a()))))) },
        { "no tkhd", Other(Stbl(Stsd(Mp4a()))) },
        { "a tkhd that is cut", Other(Box("tkhd", U32(0)), Stbl(Stsd(Mp4a()))) },
        { "no number", Other(Tkhd(0), Stbl(Stsd(Mp4a()))) },
        { "nothing", Other() },
        { "a table of times that lies", Other(Tkhd(2), Stbl(Stsd(Mp4a()), Full("stts", 0, 0, U32(99)))) },
        { "a table of chunks that lies", Other(Tkhd(2), Stbl(Stsd(Mp4a()), Full("stco", 0, 0, U32(99)), Full("stsc", 0, 0, U32(99)))) },
        { "groups that are malformed", Other(Tkhd(2), Stbl(Stsd(Mp4a()), Full("sgpd", 1, 0, Code("seig"), U32(20), U32(99)))) },
        { "a box that is longer than its place", Other(Tkhd(2), Stbl(Stsd(Mp4a()), U32(99), Code("abcd"), Zeros(3))) },
        { "samples without chunks", Other(Tkhd(2), Stbl(Stsd(Mp4a()), Full("stsz", 0, 0, U32(40), U32(1)))) },
    };

    [Theory]
    [MemberData(nameof(OtherTracks))]
    public async Task A_broken_track_that_nobody_needs_is_a_note(string what, byte[] other)
    {
        byte[] file = Join(Box("moov", MvhdBox, Good, other, Box("mvex", Trex(1), Trex(2))), Fragment(1, 40));
        (byte[] clear, Mp4Summary summary) = await DecryptAsync(file);
        clear.AsSpan().IndexOf(S1).Should().BePositive();
        summary.Notes.Should().NotBeEmpty(what).And.OnlyContain(n => n.StartsWith("made.mp4: ") && n.Contains("trak"));
        using Mp4Reader reader = await Mp4Reader.OpenAsync(new MemoryStream(file), "made.mp4", TestContext.Current.CancellationToken);
        int samples = 0;
        await foreach (ClearFragment fragment in reader.ReadAsync(Keys, t => t.Id == 1, TestContext.Current.CancellationToken)) samples += fragment.Count;
        samples.Should().Be(1);
        Mp4Inspection found = await Mp4Inspector.InspectAsync(new MemoryStream(file), "x", false, TestContext.Current.CancellationToken);
        found.Defect.Should().BeNull();
        found.Notes.Should().NotBeEmpty();
    }

    public static TheoryData<string, byte[]> NeededTracks => new()
    {
        { "no sample entries", Other(Tkhd(1), Stbl()) },
        { "groups that are malformed", Trak(1, Stsd(Enca(Sinf())), Full("sgpd", 1, 0, Code("seig"), U32(20), U32(99))) },
        { "a map of groups that is malformed", Trak(1, Stsd(Enca(Sinf())), Full("sbgp", 0, 0, Code("seig"), U32(99))) },
        { "a broken box before whatever says more of protection", Trak(1, Stsd(Enca(Sinf())), U32(99), Code("abcd"), Zeros(3)) },
        { "a chunk table that lies", Trak(1, Stsd(Enca(Sinf())), Full("stco", 0, 0, U32(99))) },
        { "no number", Trak(0, Stsd(Enca(Sinf()))) },
    };

    [Theory]
    [MemberData(nameof(NeededTracks))]
    public async Task The_same_in_a_track_that_is_decrypted_is_an_error(string what, byte[] trak)
    {
        what.Should().NotBeEmpty();
        await RefusedAsync<MediaFormatException>(Join(Box("moov", MvhdBox, trak, Trak(2, Stsd(Mp4a())), Box("mvex", Trex(1), Trex(2))), Fragment(1, 40)));
    }

    public static TheoryData<string, byte[]> Movies => new()
    {
        { "no mvhd", Box("moov", Good, Box("mvex", Trex(1))) },
        { "an mvhd that is cut", Box("moov", Box("mvhd", U32(0)), Good, Box("mvex", Trex(1))) },
        { "a pssh of version 2", Box("moov", MvhdBox, Full("pssh", 2, 0, Zeros(16), U32(1), U8(7)), Good, Box("mvex", Trex(1))) },
        { "a pssh that is cut", Box("moov", MvhdBox, Full("pssh", 0, 0, Zeros(9)), Good, Box("mvex", Trex(1))) },
        { "fewer entries than counted", Box("moov", MvhdBox, Trak(1, Full("stsd", 0, 0, U32(9), Enca(Sinf()))), Box("mvex", Trex(1))) },
        { "more entries than counted", Box("moov", MvhdBox, Trak(1, Full("stsd", 0, 0, U32(0), Enca(Sinf()))), Box("mvex", Trex(1))) },
        { "bytes behind the boxes of a sample entry", Box("moov", MvhdBox, Trak(1, Stsd(Enca(Sinf(), Hex("ffffffffffffffffffffffff")))), Box("mvex", Trex(1))) },
        { "bytes behind the last box", Box("moov", MvhdBox, Good, Box("mvex", Trex(1)), Hex("ffffffffffffffffffffffff")) },
    };

    [Theory]
    [MemberData(nameof(Movies))]
    public async Task What_no_sample_needs_is_a_note(string what, byte[] init)
    {
        byte[] file = Join(init, Fragment(1, 40));
        await ExpectAsync(file, [S1]);
        (byte[] clear, Mp4Summary summary) = await DecryptAsync(file);
        summary.Notes.Should().NotBeEmpty(what);
        clear.AsSpan().IndexOf("pssh"u8).Should().Be(-1);
    }

    [Fact]
    public async Task A_movie_without_a_header_is_written_anew_with_one()
    {
        byte[] merged = await MergeAsync(true, Join(Box("moov", Good, Box("mvex", Trex(1))), Fragment(1, 40)));
        Movie.TryRead(merged[(int)System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(merged)..], 0, out Movie movie, out _).Should().BeTrue();
        movie.Header.Timescale.Should().Be(1000);
        movie.Defects.Should().BeEmpty();
    }

    [Fact]
    public async Task A_fragment_of_a_clear_track_may_be_broken_and_that_of_a_protected_one_not()
    {
        byte[] init = Moov(Good, Trak(2, Stsd(Mp4a())));
        byte[] saiz = Full("saiz", 0, 0, U8(0), U32(99)), pssh = Full("pssh", 3, 0, Zeros(16), U32(0)), trun = Full("trun", 0, 0x201, U32(99), U32(0));
        byte[] Make(byte[] inFirst, byte[] inSecond) => Join(init, Moof(l => [Box("traf", Tfhd(1), Trun(l + 8, 40), Senc(Iv(1)), inFirst), Box("traf", Tfhd(2), inSecond), pssh]), Box("mdat", Encrypt(S1, Iv(1), Key)));
        foreach (byte[] defect in (byte[][])[saiz, trun])
        {
            (byte[] clear, Mp4Summary summary) = await DecryptAsync(Make([], defect));
            clear.AsSpan().IndexOf(S1).Should().BePositive();
            summary.Notes.Should().HaveCount(2);
            await RefusedAsync<MediaFormatException>(Make(defect, []));
        }
    }

    [Fact]
    public async Task Nothing_but_broken_tracks_is_no_file()
    {
        await RefusedAsync<MediaFormatException>(Join(Box("moov", MvhdBox, Other(Tkhd(1)), Box("mvex", Trex(1))), Fragment(1, 40)));
    }
}

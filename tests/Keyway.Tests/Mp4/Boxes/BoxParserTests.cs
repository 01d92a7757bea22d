using Keyway.Decryption;
using static Keyway.Mp4.BoxBytes;
using static Keyway.Mp4.Made;

namespace Keyway.Mp4.Boxes;

/// <summary>Single boxes from bytes typed by hand after the drawings of the standard.</summary>
public sealed class BoxParserTests
{
    [Fact]
    public void Tenc_version_0_names_key_and_vector_size()
    {
        byte[] bytes = Hex("00000020 74656e63 00000000 0000 01 08 00112233445566778899aabbccddeeff");
        Boxes.Tenc.TryRead(Parse(bytes), out TrackEncryption? tenc, out uint algorithm, out _).Should().BeTrue();
        tenc.Should().BeEquivalentTo(new { Version = 0, IsProtected = true, PerSampleIvSize = 8, CryptBlocks = 0, SkipBlocks = 0, IsPiff = false });
        tenc!.KeyId.ToString().Should().Be("00112233445566778899aabbccddeeff");
        algorithm.Should().Be(1);
    }

    [Fact]
    public void Tenc_version_1_has_pattern_and_constant_vector()
    {
        byte[] bytes = Hex("00000029 74656e63 01000000 00 19 01 00 00112233445566778899aabbccddeeff 08 0102030405060708");
        Boxes.Tenc.TryRead(Parse(bytes), out TrackEncryption? tenc, out _, out _).Should().BeTrue();
        tenc.Should().BeEquivalentTo(new { Version = 1, CryptBlocks = 1, SkipBlocks = 9, PerSampleIvSize = 0 });
        tenc!.ConstantIv.ToArray().Should().Equal(1, 2, 3, 4, 5, 6, 7, 8);
    }

    [Theory]
    [InlineData("0000001c 74656e63 00000000 0000 01 08 00112233445566778899aabb")]
    [InlineData("00000020 74656e63 00000000 0000 01 07 00112233445566778899aabbccddeeff")]
    [InlineData("00000025 74656e63 01000000 0019 01 00 00112233445566778899aabbccddeeff 08 01020304")]
    [InlineData("00000025 74656e63 01000000 0019 01 00 00112233445566778899aabbccddeeff 04 01020304")]
    public void Tenc_that_does_not_hold_together_is_refused(string hex)
    {
        Boxes.Tenc.TryRead(Parse(Hex(hex), origin: 1000), out _, out _, out FormatError error).Should().BeFalse();
        error.Path.Should().Be("tenc");
        error.Offset.Should().BeGreaterThanOrEqualTo(1008);
    }

    [Theory]
    [InlineData(0, "", "")]
    [InlineData(1, "00000014", "")]
    [InlineData(1, "00000000", "00000014")]
    [InlineData(2, "00000014 00000001", "")]
    [InlineData(3, "00000000 00000000", "00000014")]
    public void Groups_of_every_version_are_read(int version, string head, string length)
    {
        byte[] entry = Hex("00 59 01 10 00112233445566778899aabbccddeeff"), second = Hex("00 00 00 00 00000000000000000000000000000000");
        byte[] box = Full("sgpd", version, 0, Code("seig"), Hex(head), U32(2), Hex(length), entry, Hex(length), second);
        Boxes.Sgpd.TryRead(Parse(box), out Sgpd groups, out FormatError error).Should().BeTrue(error.ToString());
        groups.Groups.Should().HaveCount(2);
        groups.Groups[0].Should().BeEquivalentTo(new { IsProtected = true, PerSampleIvSize = 16, CryptBlocks = 5, SkipBlocks = 9 });
        groups.Groups[1].IsProtected.Should().BeFalse();
        groups.DefaultIndex.Should().Be(version == 2 ? 1u : 0u);
    }

    [Fact]
    public void A_group_with_a_constant_vector_is_read()
    {
        byte[] box = Full("sgpd", 1, 0, Code("seig"), U32(29), U32(1), Hex("00 19 01 00 00112233445566778899aabbccddeeff 08 0102030405060708"));
        Boxes.Sgpd.TryRead(Parse(box), out Sgpd groups, out _).Should().BeTrue();
        groups.Groups[0].ConstantIv.Length.Should().Be(8);
    }

    // Nibbles: two patterns of length 1, over 3 and 4 samples, indexes 1 and 2. Bytes: one pattern of length 2 over 5 samples.
    [Theory]
    [InlineData(0x00, 2, "13 14 12", "1:3 2:4")]
    [InlineData(0x15, 1, "02 05 02 03", "2:1 3:1 2:1 3:1 2:1")]
    public void Compact_groups_are_read(int flags, uint patterns, string bits, string runs)
    {
        byte[] box = Full("csgp", 0, flags, Code("seig"), U32(patterns), Hex(bits));
        List<GroupRun> read = [];
        Spread(box, read, out FormatError error).Should().BeTrue(error.ToString());
        string.Join(' ', read.Select(r => $"{r.Index}:{r.Count}")).Should().Be(runs);
    }

    [Fact]
    public void Compact_groups_mark_those_of_their_fragment()
    {
        byte[] box = Full("csgp", 0, 0x80, Code("seig"), U32(1), Hex("15 90"));
        List<GroupRun> read = [];
        Spread(box, read, out _).Should().BeTrue();
        read.Should().Equal(new GroupRun(5, 0x10001));
    }

    [Fact]
    public void Compact_groups_that_do_not_fit_are_refused()
    {
        byte[] box = Full("csgp", 0, 0x3F, Code("seig"), U32(1), U32(uint.MaxValue), U32(uint.MaxValue), U32(1));
        Spread(box, [], out _).Should().BeFalse();
        box = Full("csgp", 0, 0x3F, Code("seig"), U32(1), U32(2), U32(uint.MaxValue), U32(1), U32(2));
        Spread(box, [], out _).Should().BeFalse();
    }

    [Fact]
    public void Runs_of_samples_read_what_their_flags_announce()
    {
        byte[] box = Full("trun", 1, 0xF05, U32(2), U32(0xFFFFFFF0), U32(0x02000000),
            U32(100), U32(7), U32(0x11), U32(0xFFFFFFFE),
            U32(101), U32(8), U32(0x12), U32(5));
        Boxes.Trun.TryRead(Parse(box), out Trun run, out _).Should().BeTrue();
        run.DataOffset.Should().Be(-16);
        run.TotalBytes(box, 0).Should().Be(15);
        run.EntryAt(box, 0, default, default).Should().Be(new Trun.Entry(100, 7, 0x02000000, -2));
        run.EntryAt(box, 1, default, default).Should().Be(new Trun.Entry(101, 8, 0x12, 5));
    }

    [Fact]
    public void Runs_of_samples_fall_back_on_header_and_track()
    {
        byte[] box = Full("trun", 0, 0, U32(3));
        Boxes.Trun.TryRead(Parse(box), out Trun run, out _).Should().BeTrue();
        Trex trex = new(1, 1, 10, 20, 30);
        run.EntryAt(box, 2, default, trex).Should().Be(new Trun.Entry(10, 20, 30, 0));
        run.EntryAt(box, 2, new Tfhd(1, null, true, null, 11, 21, 31), trex).Should().Be(new Trun.Entry(11, 21, 31, 0));
        run.TotalBytes(box, 20).Should().Be(60);
    }

    [Theory]
    [InlineData(4, "1F 20", new uint[] { 1, 15, 2 })]
    [InlineData(8, "01 0F 02", new uint[] { 1, 15, 2 })]
    [InlineData(16, "0001 0F00 0002", new uint[] { 1, 0xF00, 2 })]
    public void Compact_sizes_are_read(int bits, string hex, uint[] sizes)
    {
        byte[] box = Full("stz2", 0, 0, U32((uint)bits), U32(3), Hex(hex));
        Stsz.TryRead(Parse(box), out Stsz table, out _).Should().BeTrue();
        Enumerable.Range(0, 3).Select(i => table.SizeOf(box, (uint)i)).Should().Equal(sizes);
    }

    [Theory]
    [InlineData("stsz", "00000000 00000005 00000001")]
    [InlineData("stz2", "00000004 00000009 11111111")]
    [InlineData("stz2", "00000003 00000001 11")]
    public void Sizes_that_do_not_fit_are_refused(string type, string hex) =>
        Stsz.TryRead(Parse(Full(type, 0, 0, Hex(hex))), out _, out _).Should().BeFalse();

    [Fact]
    public void Auxiliary_sizes_are_one_for_all_or_one_each()
    {
        byte[] all = Full("saiz", 0, 0, U8(8), U32(1000)), each = Full("saiz", 0, 1, Code("cbcs"), U32(0), U8(0), U32(3), [8, 0, 16]);
        Saiz.TryRead(Parse(all), out Saiz one, out _).Should().BeTrue();
        one.SizeOf(all, 999).Should().Be(8);
        one.SizeOf(all, 1000).Should().Be(0);
        Saiz.TryRead(Parse(each), out Saiz three, out _).Should().BeTrue();
        Enumerable.Range(0, 3).Select(i => three.SizeOf(each, i)).Should().Equal(8, 0, 16);
        three.TotalBytes(each).Should().Be(24);
        three.IsProtection.Should().BeTrue();
        Saiz.TryRead(Parse(Full("saiz", 0, 1, Code("abcd"), U32(0), U8(8), U32(1))), out Saiz other, out _).Should().BeTrue();
        other.IsProtection.Should().BeFalse();
    }

    [Fact]
    public void Sample_entries_find_their_protection_whatever_stands_before_it()
    {
        byte[] text = Box("enct", Zeros(6), U16(1), Code("text/xml\0\0\0"), Sinf("stpp"));
        byte[] quickTime = Box("enca", Zeros(6), U16(1), U16(1), Zeros(34), Box("wave", Zeros(4)), Sinf());
        byte[] system = Box("encs", Zeros(6), U16(1), Sinf("mp4s"));
        byte[] visual = Box("encv", Zeros(6), U16(1), Zeros(16), U16(640), U16(360), Zeros(50), Box("avcC", Hex("01 64001f ff")), Sinf("avc1"), Zeros(4));
        byte[] twice = Enca(Sinf("mp4a", scheme: "abcd"), Sinf("mp4a", tenc: Made.Tenc(16), scheme: "cens"));
        byte[] stsd = Stsd(text, quickTime, system, visual, twice);
        Boxes.Stsd.TryRead(Parse(stsd), FourCc.Soun, [], out List<SampleEntry> entries, out FormatError error).Should().BeTrue(error.ToString());
        entries.Should().OnlyContain(e => e.IsProtected && !e.LacksProtection);
        entries.Select(e => e.Facts.OriginalFormat).Should().Equal("stpp", "mp4a", "mp4s", "avc1", "mp4a");
        entries[3].Facts.Should().BeEquivalentTo(new { Codec = "avc1.64001f", Width = 640, Height = 360, Scheme = ProtectionScheme.Cenc });
        entries[4].Facts.Encryption!.PerSampleIvSize.Should().Be(16);
        entries[4].Protecting.Should().HaveCount(2);
    }

    [Fact]
    public void A_wall_of_text_in_a_sample_entry_is_searched_for_a_while_only()
    {
        byte[] stsd = Stsd(Box("enct", Zeros(1 << 20)));
        Boxes.Stsd.TryRead(Parse(stsd), 0, [], out List<SampleEntry> entries, out _).Should().BeTrue();
        entries[0].LacksProtection.Should().BeTrue();
    }

    [Fact]
    public void Boxes_are_not_followed_deeper_than_the_limit()
    {
        byte[] bytes = Zeros(0);
        for (int i = 0; i < 40; i++) bytes = Box("moov", bytes);
        Box box = Parse(bytes);
        for (int depth = 0; depth < Mp4Limits.Nesting; depth++) Into(ref box).Should().BeTrue();
        Into(ref box).Should().BeFalse();
    }

    [Fact]
    public void Codes_that_do_not_print_stay_harmless_in_messages()
    {
        FourCc.Text(0x1B5B324A).Should().Be(".[2J");
    }

    private static bool Into(ref Box box)
    {
        BoxWalker walker = box.Children();
        return walker.MoveNext(out box);
    }

    private static bool Spread(byte[] box, List<GroupRun> runs, out FormatError error)
    {
        int spread = Mp4Limits.SpreadInMovie;
        return Csgp.TryRead(Parse(box), runs, ref spread, out error);
    }
}

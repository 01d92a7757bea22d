using Keyway.Decryption;
using Keyway.Mp4.Boxes;
using static Keyway.Mp4.BoxBytes;
using static Keyway.Mp4.Made;

namespace Keyway.Mp4;

/// <summary>What packagers do with fragments, one peculiarity at a time, through both writers and from streams of both kinds.</summary>
public sealed class FragmentTests
{
    private static readonly byte[] S1 = Sample(1, 40), S2 = Sample(2, 33), S3 = Sample(3, 5), S4 = Sample(4, 64);

    private static byte[] E(int number, byte[] sample) => Encrypt(sample, Iv(number), Key);

    [Fact]
    public Task Ordinary_fragments_are_read() => ExpectAsync(Join(Init, Fragment(1, 40, 33), Fragment(3, 5, 64)), [S1, S2, S3, S4]);

    [Fact]
    public async Task The_clear_file_differs_only_where_it_must()
    {
        byte[] file = Join(Box("ftyp", Code("isom")), Init, Box("sidx", Zeros(30)), Fragment(1, 40), Full("emsg", 1, 0, Zeros(9)), Box("zzzz", S2), Fragment(2, 33), Box("mfra", Zeros(12)));
        (byte[] clear, Mp4Summary summary) = await DecryptAsync(file);
        int differing = file.Zip(clear).Count(p => p.First != p.Second);
        int sinf = Sinf().Length - 4, senc = 2 * (Senc(Iv(1)).Length - 4);
        differing.Should().BeLessThanOrEqualTo(4 + sinf + senc + 40 + 33);
        summary.Tracks.Single().Should().BeEquivalentTo(new { Samples = 2L, ProtectedSamples = 2L, Bytes = 73L, KeyIds = new[] { Kid } });
    }

    [Fact]
    public Task Data_before_its_moof_is_read()
    {
        byte[] mdat = Box("mdat", E(1, S1));
        byte[] moof = Moof(_ => [Box("traf", Tfhd(), Trun(8 - mdat.Length, 40), Senc(Iv(1)))]);
        return ExpectAsync(Join(Init, mdat, moof, Fragment(2, 33)), [S1, S2]);
    }

    [Fact]
    public Task Several_moofs_before_their_data_are_read()
    {
        byte[] Make(int firstMoof, int secondMoof) => Join(
            Moof(_ => [Box("traf", Tfhd(), Trun(firstMoof, 40), Senc(Iv(1)))]),
            Moof(_ => [Box("traf", Tfhd(), Trun(secondMoof, 33), Senc(Iv(2)))]));
        int both = Make(0, 0).Length, one = Moof(_ => [Box("traf", Tfhd(), Trun(0, 40), Senc(Iv(1)))]).Length;
        return ExpectAsync(Join(Init, Make(both + 8, both - one + 8 + 40 + 8), Box("mdat", E(1, S1)), Box("mdat", E(2, S2))), [S1, S2]);
    }

    [Fact]
    public Task A_64_bit_size_and_a_size_to_the_end_are_read()
    {
        byte[] wide = Moof(l => [Box("traf", Tfhd(), Trun(l + 16, 40), Senc(Iv(1)))]);
        byte[] last = Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 33), Senc(Iv(2)))]);
        return ExpectAsync(Join(Init, wide, Wide("mdat", E(1, S1)), last, U32(0), Code("mdat"), E(2, S2)), [S1, S2]);
    }

    [Fact]
    public Task Boxes_between_moof_and_mdat_are_kept()
    {
        byte[] moof = Moof(l => [Box("traf", Tfhd(), Trun(l + 8 + 20, 40), Box("free", Zeros(5)), Senc(Iv(1)))]);
        return ExpectAsync(Join(Init, moof, Box("free", Zeros(12)), Box("mdat", E(1, S1))), [S1]);
    }

    [Fact]
    public Task Runs_without_offsets_go_on_where_the_last_one_ended()
    {
        byte[] moof = Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40), Full("trun", 0, 0x200, U32(2), U32(33), U32(5)), Senc(Iv(1), Iv(2), Iv(3)))]);
        return ExpectAsync(Join(Init, moof, Box("mdat", E(1, S1), E(2, S2), E(3, S3))), [S1, S2, S3]);
    }

    [Fact]
    public Task Without_base_flags_the_first_track_counts_from_the_moof_and_the_next_from_the_end_of_its_data()
    {
        byte[] init = Moov(Trak(1, Stsd(Enca(Sinf()))), Trak(2, Stsd(Mp4a())));
        byte[] moof = Moof(l => [Box("traf", Tfhd(1, 0), Trun(l + 8, 40), Senc(Iv(1))), Box("traf", Tfhd(2, 0), Trun(3, 33))]);
        return ExpectAsync(Join(init, moof, Box("mdat", E(1, S1), Zeros(3), S2)), [S1], [S2]);
    }

    [Fact]
    public Task Absolute_offsets_count_from_the_file()
    {
        byte[] Make(ulong at) => Moof(_ => [Box("traf", Tfhd(1, 1, U64(at)), Trun(0, 40), Senc(Iv(1)))]);
        return ExpectAsync(Join(Init, Fragment(2, 33), Make((ulong)(Init.Length + Fragment(2, 33).Length + Make(0).Length + 8)), Box("mdat", E(1, S1))), [S2, S1]);
    }

    [Fact]
    public Task Absolute_offsets_of_joined_segments_count_from_their_segment()
    {
        byte[] Make(ulong at, int number, byte[] sample) => Join(
            Box("styp", Code("msdh"), U32(0)),
            Moof(_ => [Box("traf", Tfhd(1, 1, U64(at)), Trun(0, sample.Length), Senc(Iv(number)))]),
            Box("mdat", E(number, sample)));
        ulong data = (ulong)(Make(0, 1, S1).Length - S1.Length);
        return ExpectAsync(Join(Init, Make(data, 1, S1), Make(data, 2, S2)), [S1, S2]);
    }

    [Fact]
    public Task Sizes_come_from_trex_where_the_fragment_is_silent()
    {
        byte[] init = Box("moov", MvhdBox, Trak(1, Stsd(Enca(Sinf()))), Box("mvex", Trex(1, size: 40)));
        byte[] two = Sample(2, 40);
        byte[] moof = Moof(l => [Box("traf", Tfhd(), Full("trun", 0, 1, U32(2), U32((uint)l + 8)), Senc(Iv(1), Iv(2)))]);
        return ExpectAsync(Join(init, moof, Box("mdat", E(1, S1), E(2, two))), [S1, two]);
    }

    [Fact]
    public Task A_track_without_samples_is_no_defect()
    {
        byte[] moof = Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40), Senc(Iv(1)))]);
        byte[] empty = Moof(_ => [Box("traf", Tfhd())]);
        return ExpectAsync(Join(Init, empty, moof, Box("mdat", E(1, S1)), Moof(_ => [])), [S1]);
    }

    [Fact]
    public Task The_fragment_chooses_between_clear_and_protected_sample_entries()
    {
        byte[] init = Moov(Trak(1, Stsd(Enca(Sinf()), Mp4a())));
        byte[] clear = Moof(l => [Box("traf", Tfhd(1, 0x020002, U32(2)), Trun(l + 8, 40))]);
        return ExpectAsync(Join(init, clear, Box("mdat", S1), Fragment(2, 33)), [S1, S2]);
    }

    [Fact]
    public Task Sixteen_byte_vectors_are_read()
    {
        byte[] init = Moov(Trak(1, Stsd(Enca(Sinf(tenc: Tenc(16))))));
        byte[] iv = Hex("000102030405060708090a0b0c0d0e0f");
        byte[] moof = Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40), Senc(iv))]);
        return ExpectAsync(Join(init, moof, Box("mdat", Encrypt(S1, iv, Key))), [S1]);
    }

    public static TheoryData<string> Places => ["behind", "before", "moof"];

    [Theory]
    [MemberData(nameof(Places))]
    public Task Auxiliary_information_without_senc_is_found_through_its_offset(string place)
    {
        byte[] vectors = Join(Iv(1), Iv(2)), samples = Join(E(1, S1), E(2, S2));
        int offset = place == "before" ? 8 + vectors.Length : 8;
        byte[] Make(int saio) => Moof(l =>
        [
            Box("traf", Tfhd(), Trun(l + offset, 40, 33), Full("saiz", 0, 1, Code("cenc"), U32(0), U8(8), U32(2)), Full("saio", 0, 1, Code("cenc"), U32(0), U32(1), U32((uint)(place switch
            {
                "behind" => l + 8 + samples.Length,
                "before" => l + 8,
                _ => saio,
            })))),
            Box("free", vectors),
        ]);
        byte[] moof = Make(Make(0).Length - vectors.Length);
        return ExpectAsync(Join(Init, moof, place switch
        {
            "behind" => Box("mdat", samples, vectors),
            "before" => Box("mdat", vectors, samples),
            _ => Box("mdat", samples),
        }), [S1, S2]);
    }

    [Fact]
    public Task Auxiliary_information_may_lie_in_one_place_for_each_run()
    {
        byte[] moof = Moof(l =>
        [
            Box("traf", Tfhd(), Trun(l + 8, 40), Trun(l + 8 + 40 + 8, 33), Full("saiz", 0, 0, U8(8), U32(2)),
                Full("saio", 1, 0, U32(2), U64((ulong)l + 48), U64((ulong)l + 8 + 40 + 8 + 33))),
        ]);
        return ExpectAsync(Join(Init, moof, Box("mdat", E(1, S1), Iv(1), E(2, S2), Iv(2))), [S1, S2]);
    }

    [Fact]
    public Task Auxiliary_information_counted_from_the_moof_beside_an_absolute_base_is_found()
    {
        byte[] map = Join(Iv(1), U16(1), U16(8), U32(32));
        byte[] sample = Join(S1[..8], Encrypt(S1[8..], Iv(1), Key));
        byte[] Make(int at) => Moof(l =>
        [
            Box("free", map),
            Box("traf", Tfhd(1, 1, U64((ulong)at)), Trun(0, 40), Full("saiz", 0, 0, U8(16), U32(1)), Full("saio", 0, 0, U32(1), U32(16))),
        ]);
        return ExpectAsync(Join(Init, Make(Init.Length + Make(0).Length + 8), Box("mdat", sample)), [S1]);
    }

    [Fact]
    public Task Auxiliary_information_of_another_type_is_nobodys_business()
    {
        byte[] moof = Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40), Full("saiz", 0, 1, Code("abcd"), U32(0), U8(3), U32(9)), Full("saio", 0, 1, Code("abcd"), U32(0), U32(1), U32(7)), Senc(Iv(1)))]);
        byte[] file = Join(Init, moof, Box("mdat", E(1, S1)));
        return ExpectAsync(file, [S1]);
    }

    /// <summary>A clear sample of a protected track has an entry of no bytes, or none at all, or one whose size only saiz says.</summary>
    public static TheoryData<string> ClearEntries => ["empty", "none", "sized"];

    [Theory]
    [MemberData(nameof(ClearEntries))]
    public Task Groups_of_a_fragment_change_the_key_and_leave_samples_clear(string entry)
    {
        byte[] moof = Moof(l =>
        [
            Box("traf", Tfhd(), Trun(l + 8, 40, 33, 5, 64), Sbgp(1, 0x10002, 1, 0x10001, 1, 0), Sgpd(Seig(default, isProtected: false, ivSize: entry == "sized" ? 8 : 0), Seig(OtherKid)),
                Senc(entry == "none" ? [Iv(1), Iv(3), Iv(4)] : [Iv(1), [], Iv(3), Iv(4)]),
                Full("saiz", 0, 0, U8(0), U32(4), [8, 0, 8, 8]), Full("saio", 0, 0, U32(1), U32(1))),
        ]);
        return ExpectAsync(Join(Init, moof, Box("mdat", Encrypt(S1, Iv(1), OtherKey), S2, E(3, S3), E(4, S4))), [S1, S2, S3, S4]);
    }

    [Fact]
    public Task Groups_of_the_track_serve_every_fragment()
    {
        byte[] init = Moov(Trak(1, Stsd(Enca(Sinf())), Sgpd(Seig(OtherKid)), Full("stsz", 0, 0, U32(0), U32(0))));
        byte[] moof = Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40, 33), Sbgp(1, 1), Senc(Iv(1), Iv(2)))]);
        return ExpectAsync(Join(init, moof, Box("mdat", Encrypt(S1, Iv(1), OtherKey), E(2, S2))), [S1, S2]);
    }

    [Fact]
    public Task A_default_group_covers_what_nothing_maps()
    {
        byte[] moof = Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40), Full("sgpd", 2, 0, Code("seig"), U32(20), U32(1), U32(1), Seig(OtherKid)), Senc(Iv(1)))]);
        return ExpectAsync(Join(Init, moof, Box("mdat", Encrypt(S1, Iv(1), OtherKey))), [S1]);
    }

    [Fact]
    public Task Boxes_of_piff_are_read()
    {
        byte[] tenc = Uuid(PiffBoxes.Tenc, U32(0), U24(1), U8(8), Bytes(Kid));
        byte[] init = Box("moov", MvhdBox, Uuid(PiffBoxes.Pssh, U32(0), Zeros(16), U32(2), U16(7)), Trak(1, Stsd(Enca(Sinf(tenc: tenc, scheme: "piff")))), Box("mvex", Trex(1)));
        byte[] plain = Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40), Uuid(PiffBoxes.Senc, U32(0), U32(1), Iv(1)))]);
        byte[] own = Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 33), Uuid(PiffBoxes.Senc, U32(1), U24(1), U8(8), Bytes(OtherKid), U32(1), Iv(2)))]);
        return ExpectAsync(Join(init, plain, Box("mdat", E(1, S1)), own, Box("mdat", Encrypt(S2, Iv(2), OtherKey))), [S1, S2]);
    }

    [Fact]
    public async Task Both_forms_of_senc_are_cleared()
    {
        byte[] moof = Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40), Senc(Iv(1)), Uuid(PiffBoxes.Senc, U32(0), U32(1), Iv(1)))]);
        byte[] file = Join(Init, moof, Box("mdat", E(1, S1)));
        await ExpectAsync(file, [S1]);
        (byte[] clear, _) = await DecryptAsync(file);
        clear.AsSpan().IndexOf(PiffBoxes.Senc.ToByteArray(bigEndian: true)).Should().Be(-1);
        clear.AsSpan().IndexOf("senc"u8).Should().Be(-1);
    }

    [Fact]
    public Task A_constant_vector_needs_no_auxiliary_information()
    {
        byte[] iv = Hex("0f0e0d0c0b0a09080706050403020100");
        byte[] tenc = Full("tenc", 1, 0, U8(0), U8(0), U8(1), U8(0), Bytes(Kid), U8(16), iv);
        byte[] init = Moov(Trak(1, Stsd(Enca(Sinf(tenc: tenc)))));
        byte[] none = Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40))]);
        byte[] counted = Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 33), Senc([], []))]);
        byte[] sized = Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 5), Full("saiz", 0, 0, U8(0), U32(1), U8(0)), Full("saio", 0, 0, U32(1), U32(0)))]);
        return ExpectAsync(Join(init, none, Box("mdat", Encrypt(S1, iv, Key)), counted, Box("mdat", Encrypt(S2, iv, Key)), sized, Box("mdat", Encrypt(S3, iv, Key))), [S1, S2, S3]);
    }

    [Fact]
    public Task A_second_movie_may_change_the_key()
    {
        byte[] again = Moov(Trak(1, Stsd(Enca(Sinf(tenc: Tenc(8, OtherKid))))));
        byte[] moof = Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 33), Senc(Iv(2)))]);
        return ExpectAsync(Join(Init, Fragment(1, 40), Box("ftyp", Code("isom")), again, moof, Box("mdat", Encrypt(S2, Iv(2), OtherKey))), [S1, S2]);
    }

    [Fact]
    public async Task Protection_headers_outside_the_movie_are_cleared_and_listed()
    {
        byte[] pssh = Full("pssh", 0, 0, Zeros(16), U32(1), U8(7)), piff = Uuid(PiffBoxes.Pssh, U32(0), Zeros(16), U32(1), U8(8));
        byte[] inTraf = Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40), Senc(Iv(1)), Full("pssh", 0, 0, Zeros(16), U32(1), U8(9)))]);
        byte[] file = Join(Init, pssh, Box("uuid", Zeros(20)), piff, inTraf, Box("mdat", E(1, S1)));
        await ExpectAsync(file, [S1]);
        (byte[] clear, _) = await DecryptAsync(file);
        clear.AsSpan().IndexOf("pssh"u8).Should().Be(-1);
        clear.AsSpan().IndexOf(PiffBoxes.Pssh.ToByteArray(bigEndian: true)).Should().Be(-1);
        clear.AsSpan().IndexOf(Box("uuid", Zeros(20))).Should().BePositive();
        Mp4Inspection found = await Mp4Inspector.InspectAsync(new MemoryStream(file), "x", false, TestContext.Current.CancellationToken);
        found.Protection.Select(p => (p.Where, p.Box.Data.Span[0])).Should().Equal(("file", 7), ("file", 8), ("moof#0", 9));
    }

    [Fact]
    public async Task Padding_and_a_free_box_smaller_than_itself_are_kept()
    {
        byte[] file = Join(Init, U32(3), Code("free"), Fragment(1, 40), Zeros(5));
        await ExpectAsync(file, [S1]);
        (byte[] clear, _) = await DecryptAsync(file);
        clear[^5..].Should().Equal(Zeros(5));
    }

    [Fact]
    public async Task A_segment_alone_tells_its_protection_headers()
    {
        byte[] moof = Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40), Senc(Iv(1))), Full("pssh", 0, 0, Zeros(16), U32(1), U8(9))]);
        Mp4Inspection found = await Mp4Inspector.InspectAsync(new MemoryStream(Join(moof, Box("mdat", S1))), "x", false, TestContext.Current.CancellationToken);
        found.Should().BeEquivalentTo(new { Fragments = 1, IsFragmented = true });
        found.Tracks.Should().BeEmpty();
        found.Protection.Should().ContainSingle().Which.Where.Should().Be("moof#0");
    }

    [Fact]
    public async Task A_defect_behind_the_description_is_part_of_an_inspection()
    {
        byte[] file = Join(Init, Fragment(1, 40))[..^5];
        Mp4Inspection found = await Mp4Inspector.InspectAsync(new MemoryStream(file), "x", false, TestContext.Current.CancellationToken);
        found.Tracks.Should().HaveCount(1);
        found.Defect!.Message.Should().Contain("cut short");
        (await Mp4Inspector.InspectAsync(new MemoryStream(file), "x", headOnly: true, TestContext.Current.CancellationToken)).Defect.Should().BeNull();
    }

    [Fact]
    public async Task A_sample_whose_map_protects_nothing_needs_no_key()
    {
        byte[] senc = Full("senc", 0, 2, U32(1), Iv(1), U16(1), U16(40), U32(0));
        byte[] moof = Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40), senc)]);
        ReferenceKeys none = new(new Dictionary<KeyId, byte[]>());
        (byte[] clear, Mp4Summary summary) = await DecryptAsync(Join(Init, moof, Box("mdat", S1)), none);
        await ExpectSamplesAsync(clear, [S1]);
        none.Asked.Should().BeEmpty();
        summary.Tracks.Single().ProtectedSamples.Should().Be(1);
    }

    [Fact]
    public async Task Keys_are_asked_for_once_a_fragment_with_what_its_moof_announces()
    {
        byte[] pssh = Full("pssh", 0, 0, Zeros(16), U32(1), U8(7));
        byte[] moof = Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40, 33, 5), Sbgp(1, 0x10001), Sgpd(Seig(OtherKid)), Senc(Iv(1), Iv(2), Iv(3))), pssh]);
        ReferenceKeys keys = Keys;
        (byte[] clear, _) = await DecryptAsync(Join(Init, moof, Box("mdat", Encrypt(S1, Iv(1), OtherKey), E(2, S2), E(3, S3)), Fragment(4, 64)), keys);
        keys.Asked.Should().HaveCount(2);
        keys.Asked[0].KeyIds.Should().BeEquivalentTo([Kid, OtherKid]);
        keys.Asked[0].Protection.Should().ContainSingle().Which.Data.ToArray().Should().Equal(7);
        keys.Asked[1].KeyIds.Should().Equal(Kid);
        keys.Asked[1].Scheme.Should().Be(ProtectionScheme.Cenc);
        clear.AsSpan().IndexOf("pssh"u8).Should().Be(-1);
    }

    [Fact]
    public async Task A_track_that_is_not_chosen_stays_as_it_was()
    {
        byte[] init = Box("moov", MvhdBox, Trak(1, Stsd(Enca(Sinf()))), Trak(2, Stsd(Enca(Sinf()))), Full("pssh", 0, 0, Zeros(16), U32(0)), Box("mvex", Trex(1), Trex(2)));
        byte[] second = E(2, S2);
        byte[] moof = Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40), Senc(Iv(1))), Box("traf", Tfhd(2), Trun(l + 48, 33), Senc(Iv(2)))]);
        (byte[] clear, _) = await DecryptAsync(Join(init, moof, Box("mdat", E(1, S1), second)), options: new Mp4DecryptOptions { Tracks = t => t.Id == 1 });
        using Mp4Reader reader = await Mp4Reader.OpenAsync(new MemoryStream(clear), "clear", TestContext.Current.CancellationToken);
        reader.Tracks.Select(t => t.IsProtected).Should().Equal(false, true);
        reader.Protection.Should().HaveCount(1);
        clear.AsSpan().IndexOf(S1).Should().BePositive();
        clear.AsSpan().IndexOf(second).Should().BePositive();
    }

    [Fact]
    public async Task A_missing_key_names_track_sample_and_key()
    {
        Func<Task> decrypt = () => DecryptAsync(Join(Init, Fragment(1, 40), Fragment(2, 33)), new ReferenceKeys(new Dictionary<KeyId, byte[]> { [OtherKid] = OtherKey }));
        SampleDecryptionException e = (await decrypt.Should().ThrowAsync<SampleDecryptionException>()).Which;
        e.Should().BeEquivalentTo(new { TrackId = 1u, SampleNumber = 1L, KeyId = Kid, Status = DecryptStatus.KeyNotFound, MediaSource = "made.mp4" });
    }

    private static byte[] U24(int value) => [(byte)(value >> 16), (byte)(value >> 8), (byte)value];
}

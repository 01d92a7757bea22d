using Keyway.Mp4.Boxes;
using static Keyway.Mp4.BoxBytes;
using static Keyway.Mp4.Made;

namespace Keyway.Mp4.Reading;

/// <summary>Samples whose own boxes say that they are protected are never written as if they were clear, whatever describes their track.</summary>
public sealed class UnsaidProtectionTests
{
    private static readonly byte[] ClearInit = Moov(Trak(1, Stsd(Mp4a())));

    // A tenc that says that samples are clear.
    private static readonly byte[] UnprotectedInit = Moov(Trak(1, Stsd(Enca(Sinf(tenc: Full("tenc", 0, 0, U8(0), U8(0), U8(0), U8(0), Bytes(default)))))));

    public static TheoryData<string, byte[], string> Contradictions() => new()
    {
        { "vectors in senc", Join(ClearInit, Fragment(1, 40, 33)), "senc" },
        { "maps in senc", Join(ClearInit, With(Mapped(12, 20))), "senc" },
        { "the uuid box of PIFF", Join(ClearInit, With(Uuid(PiffBoxes.Senc, U32(0), U32(2), Iv(1), Iv(2)))), "senc" },
        { "sizes of auxiliary information of cenc", Join(ClearInit, With(Full("saiz", 0, 1, Code("cenc"), U32(0), U8(8), U32(2)))), "saiz" },
        { "a group of protected samples", Join(ClearInit, With(Join(Sgpd(Seig(Kid)), Sbgp(2, 0x10001)))), "sgpd" },
        { "maps, where tenc says clear", Join(UnprotectedInit, With(Mapped(12, 20))), "senc" },
        { "vectors of all samples of a track of which tenc says clear", Join(UnprotectedInit, Fragment(1, 40, 33)), "senc" },
        { "a progressive file with vectors", Progressive(Mp4a(), Senc(Iv(1), Iv(2))), "senc" },
        { "a progressive file with a group of protected samples", Progressive(Mp4a(), Full("sgpd", 1, 0, Code("seig"), U32(20), U32(1), Seig(Kid)), Sbgp(2, 1)), "sgpd" },
    };

    [Theory]
    [MemberData(nameof(Contradictions))]
    public async Task It_is_refused_with_its_place(string what, byte[] file, string box)
    {
        foreach (bool seek in (bool[])[true, false])
        {
            MediaFormatException refusal = await RefusedAsync<MediaFormatException>(file, seek);
            refusal.Message.Should().StartWith("made.mp4: track 1 is described as clear, and " + box, what);
            refusal.Error.Path.Should().NotBeEmpty();
        }
    }

    [Fact]
    public async Task Who_asks_for_it_gets_the_file_as_it_is_and_is_told()
    {
        byte[] file = Join(ClearInit, Fragment(1, 40, 33));
        (byte[] output, Mp4Summary summary) = await DecryptAsync(file, options: new Mp4DecryptOptions { AllowProtected = true });
        output.Should().Equal(file);
        summary.Tracks[0].LeftProtected.Should().Be(2);
        summary.Tracks[0].ProtectedSamples.Should().Be(0);
    }

    public static TheoryData<string, byte[]> Harmless() => new()
    {
        { "no auxiliary information", Join(ClearInit, With()) },
        { "an empty senc", Join(ClearInit, With(Senc())) },
        { "maps that protect no byte", Join(ClearInit, With(Mapped(32, 0))) },
        { "auxiliary information of another kind", Join(ClearInit, With(Full("saiz", 0, 1, Code("abcd"), U32(0), U8(8), U32(2)))) },
        { "auxiliary information that does not say its kind", Join(ClearInit, With(Full("saiz", 0, 0, U8(8), U32(2)))) },
        { "a group of clear samples", Join(ClearInit, With(Join(Sgpd(Seig(default, isProtected: false, ivSize: 0)), Sbgp(2, 0x10001)))) },
        { "vectors beside samples that a group says are clear", Join(Init, With(Join(Sgpd(Seig(default, isProtected: false, ivSize: 0)), Sbgp(2, 0x10001)))) },
    };

    [Theory]
    [MemberData(nameof(Harmless))]
    public Task What_is_clear_stays_what_it_is(string what, byte[] file)
    {
        what.Should().NotBeEmpty();
        return ExpectAsync(file, [Sample(1, 32), Sample(2, 32)]);
    }

    /// <summary>Packagers give clear samples entries as long as the others: where other samples of the track are protected, nothing is in doubt.</summary>
    [Fact]
    public async Task Vectors_of_clear_samples_are_no_contradiction_where_others_are_protected()
    {
        byte[] clear = With(Senc(Iv(1), Iv(2)));
        byte[][] hidden = [Encrypt(Sample(3, 32), Iv(3), Key)];
        byte[] later = Join(Moof(length => [Box("traf", Tfhd(), Trun(length + 8, 32), Sgpd(Seig(Kid)), Sbgp(1, 0x10001), Senc(Iv(3)))]), Box("mdat", hidden));
        await ExpectAsync(Join(UnprotectedInit, clear, later), [Sample(1, 32), Sample(2, 32), Sample(3, 32)]);
    }

    [Fact]
    public async Task Tracks_that_were_not_chosen_are_counted_and_left()
    {
        byte[] file = Join(Init, Fragment(1, 40, 33));
        (byte[] output, Mp4Summary summary) = await DecryptAsync(file, options: new Mp4DecryptOptions { Tracks = static _ => false });
        output.Should().Equal(file);
        summary.Tracks[0].LeftProtected.Should().Be(2);
        (_, summary) = await DecryptAsync(file);
        summary.Tracks[0].LeftProtected.Should().Be(0);
    }

    /// <summary>A film as Marlin's tools make it: no sample entry declares anything, object descriptors do.</summary>
    [Theory]
    [InlineData("A5 51", "Marlin")]
    [InlineData("00 00", "IPMP")]
    public async Task Streams_that_object_descriptors_protect_are_refused(string type, string name)
    {
        byte[] descriptor = Command(11, Hex("01"), Hex(type), Box("sinf", Box("frma", Code("mp4a")), Full("schm", 0, 0, Code("ACBC"), U32(0x100))));
        byte[] described = Join(Command(1, Command(17, Hex("00 5F"), Command(15, U16(1)), Command(10, Hex("01")))), Command(5, descriptor));
        byte[] file = Descriptors(described);
        MediaFormatException refusal = await RefusedAsync<MediaFormatException>(file);
        refusal.Message.Should().Contain($"{name} protects track 1");
        (await RefusedAsync<MediaFormatException>(file, seek: false)).Message.Should().Contain("object descriptors");

        (byte[] output, Mp4Summary summary) = await DecryptAsync(file, options: new Mp4DecryptOptions { AllowProtected = true });
        output.Should().Equal(file);
        summary.Tracks[0].LeftProtected.Should().Be(2);
        summary.Tracks[1].LeftProtected.Should().Be(0);
    }

    [Fact]
    public async Task Object_descriptors_of_clear_streams_are_none_of_our_business()
    {
        byte[] file = Descriptors(Command(1, Command(17, Hex("00 5F"), Command(15, U16(1)))));
        (byte[] output, Mp4Summary summary) = await DecryptAsync(file);
        output.Should().Equal(file);
        summary.Tracks[0].LeftProtected.Should().Be(0);
    }

    [Fact]
    public void Object_descriptors_of_any_length_are_read_within_it()
    {
        byte[] described = Command(5, Command(11, Hex("01 A5 51")));
        for (int length = 0; length < described.Length; length++) Ipmp.Find(described.AsSpan(..length)).Should().BeNull();
        Ipmp.Find(described).Should().Be("Marlin");
        Ipmp.Find(Hex("05 FF FF FF FF 00")).Should().BeNull();
    }

    [Fact]
    public async Task Keys_that_nothing_asked_for_are_known()
    {
        using RawMediaKeys keys = new();
        keys.Add(Kid, Key);
        keys.Add(OtherKid, OtherKey);
        keys.Add(7, OtherKey);
        await DecryptAsync(Join(Init, Fragment(1, 40)), keys);
        keys.UnusedKeys.Should().Equal(OtherKid);
        keys.UnusedTracks.Should().Equal(7u);

        using RawMediaKeys byTrack = new();
        byTrack.Add(1, Key);
        await DecryptAsync(Join(Init, Fragment(1, 40)), byTrack);
        byTrack.UnusedTracks.Should().BeEmpty();
    }

    [Fact]
    public async Task A_track_can_be_opened_where_each_of_its_keys_is_there()
    {
        using RawMediaKeys keys = new();
        keys.Add(Kid, Key);
        keys.Add(9, OtherKey);
        keys.CanOpen(await TrackAsync(Init)).Should().BeTrue();
        keys.CanOpen(await TrackAsync(Moov(Trak(1, Stsd(Enca(Sinf(tenc: Tenc(kid: OtherKid)))))))).Should().BeFalse();
        keys.CanOpen(await TrackAsync(Moov(Trak(9, Stsd(Enca(Sinf(tenc: Tenc(kid: OtherKid)))))))).Should().BeTrue("there is a key for its number");
        keys.CanOpen(await TrackAsync(Moov(Trak(1, Stsd(Enca(Sinf(tenc: Tenc(kid: default(KeyId))))))))).Should().BeTrue("groups of samples name the keys");
        keys.CanOpen(await TrackAsync(Moov(Trak(1, Stsd(Enca(Sinf(scheme: "odkm"))))))).Should().BeFalse("its scheme is another");

        static async Task<Mp4Track> TrackAsync(byte[] init)
        {
            using Mp4Reader reader = await Mp4Reader.OpenAsync(new MemoryStream(init), "init.mp4", TestContext.Current.CancellationToken);
            return reader.Tracks[0];
        }
    }

    /// <summary>A fragment of two clear samples, with boxes beside them.</summary>
    private static byte[] With(params byte[][] boxes)
    {
        byte[] moof = Moof(length => [Box("traf", Tfhd(), Trun(length + 8, 32, 32), Join(boxes))]);
        return Join(moof, Box("mdat", Sample(1, 32), Sample(2, 32)));
    }

    /// <summary>A senc whose two entries map each sample.</summary>
    private static byte[] Mapped(int clear, int hidden)
    {
        byte[] map = Join(U16(1), U16(clear), U32((uint)hidden));
        return Full("senc", 0, 2, U32(2), Iv(1), map, Iv(2), map);
    }

    private static byte[] Progressive(byte[] entry, params byte[][] boxes)
    {
        byte[] Movie(uint at) => Box("moov", MvhdBox, Track(1, "soun", entry, at, [32, 32], boxes));
        return Join(Movie((uint)Movie(0).Length + 8), Box("mdat", Sample(1, 32), Sample(2, 32)));
    }

    private static byte[] Descriptors(byte[] described)
    {
        byte[] entry = Box("mp4s", Zeros(6), U16(1));
        byte[] Movie(uint at) => Box("moov", MvhdBox, Track(1, "soun", Mp4a(), at, [32, 32]), Track(2, "odsm", entry, at + 64, [described.Length]));
        return Join(Movie((uint)Movie(0).Length + 8), Box("mdat", Sample(1, 32), Sample(2, 32), described));
    }

    private static byte[] Track(uint id, string handler, byte[] entry, uint at, int[] sizes, params byte[][] boxes)
    {
        byte[] trak = Trak(id, Stsd(entry),
            Full("stts", 0, 0, U32(1), U32((uint)sizes.Length), U32(10)),
            Full("stsc", 0, 0, U32(1), U32(1), U32((uint)sizes.Length), U32(1)),
            Full("stsz", 0, 0, U32(0), U32((uint)sizes.Length), Join([.. sizes.Select(static size => U32((uint)size))])),
            Full("stco", 0, 0, U32(1), U32(at)),
            Join(boxes));
        Code(handler).CopyTo(trak, trak.AsSpan().IndexOf(Code("soun")));
        return trak;
    }

    private static byte[] Command(int tag, params byte[][] content) => Join([(byte)tag, (byte)content.Sum(static part => part.Length)], Join(content));
}

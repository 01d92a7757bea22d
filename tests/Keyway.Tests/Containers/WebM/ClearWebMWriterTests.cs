using Keyway.Mp4;
using static Keyway.Containers.WebM.WebMMaker;
using static Keyway.Containers.WebM.WebMRuns;

namespace Keyway.Containers.WebM;

/// <summary>The clear writer: frames as they were before the platform's AES encrypted them, in a file in which nothing has moved.</summary>
public sealed class ClearWebMWriterTests
{
    private static readonly byte[][] Frames = [Bytes(100), Bytes(7, 2), Bytes(333, 3), [], Bytes(64, 5), Bytes(48, 6), Bytes(5000, 7), Bytes(40, 8)];

    private static readonly byte[][] Protected =
    [
        Encrypted(Frames[0], 1), Bare(Frames[1]), Partitioned(Frames[2], 2, 10, 100, 200), [],
        Partitioned(Frames[4], 3), Partitioned(Frames[5], 4, 0, 48), Partitioned(Frames[6], 0xFFFFFFFFFFFFFFFF, 3, 3, 100, 2000, 4000, 4000, 4999), Partitioned(Frames[7], 5, 0),
    ];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    public async Task Frames_are_clear_and_nothing_has_moved(int slice)
    {
        byte[] file = Whole(Tracks(Video(1, Encryption())), Cluster(0, [.. Protected[..4].Select(static (frame, i) => Simple(1, (short)i, frame))]), Cluster(1000, [.. Protected[4..].Select(static (frame, i) => Simple(1, (short)i, frame, 0))]));
        (byte[] clear, Mp4Summary summary) = await DecryptAsync(file, slice: slice);
        clear.Should().HaveCount(file.Length);
        PlainWebM before = new(file), after = new(clear);
        after.Of(1).Should().Equal(Frames.Select(Convert.ToHexString));
        after.Frames.Select(static frame => frame.Time).Should().Equal(before.Frames.Select(static frame => frame.Time));
        after.Elements.Should().NotContain(static element => element.Id == 0x6D80);
        Blocks(after).Should().Equal(Blocks(before), "a block begins where it did");
        Mp4TrackSummary track = summary.Tracks.Should().ContainSingle().Subject;
        (track.Samples, track.ProtectedSamples, track.LeftProtected).Should().Be((8, 5, 0));
        track.Bytes.Should().Be(Frames.Sum(static frame => (long)frame.Length));

        static IEnumerable<int> Blocks(PlainWebM file) => file.Elements.Where(static element => element.Id is 0xA3 or 0x1F43B675).Select(static element => element.Start);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(8)]
    public async Task The_byte_of_a_clear_frame_goes_into_the_size_of_its_block(int sizeBytes)
    {
        byte[] frame = Bytes(50);
        byte[] file = Whole(Tracks(Video(1, Encryption())), Cluster(0, Simple(1, 0, Bare(frame), 0x80, sizeBytes), Simple(1, 1, Encrypted(frame, 9), 0x80, sizeBytes)));
        (byte[] clear, _) = await DecryptAsync(file);
        clear.Should().HaveCount(file.Length);
        new PlainWebM(clear).Of(1).Should().Equal(Convert.ToHexString(frame), Convert.ToHexString(frame));
    }

    [Fact]
    public async Task Blocks_of_groups_keep_what_stands_beside_them()
    {
        byte[] frame = Bytes(200);
        byte[] file = Whole(Tracks(Video(1, Encryption())), Cluster(5, Group(1, 0, Encrypted(frame, 1), Number(0x9B, 33)), Group(1, 33, Bare(frame), Number(0xFB, 1), Number(0x9B, 34))));
        (byte[] clear, _) = await DecryptAsync(file);
        PlainWebM after = new(clear);
        clear.Should().HaveCount(file.Length);
        after.Of(1).Should().Equal(Convert.ToHexString(frame), Convert.ToHexString(frame));
        after.Elements.Where(static element => element.Id == 0x9B).Select(static element => element.Content[0]).Should().Equal(33, 34);
    }

    [Fact]
    public async Task Segments_and_clusters_of_unknown_size_end_where_something_else_begins()
    {
        byte[] first = Bytes(60), second = Bytes(61, 2), third = Bytes(62, 3);
        byte[] cues = Element(0x1C53BB6B, Element(0xBB, Number(0xB3, 0)));
        byte[] file = Join(
            Header(),
            Element(0x18538067, Join(Info(), Tracks(Video(1, Encryption()))), -1),
            Element(0x1F43B675, Join(Number(0xE7, 0), Simple(1, 0, Encrypted(first, 1))), -1),
            Element(0x1F43B675, Join(Number(0xE7, 40), Simple(1, 0, Encrypted(second, 2))), -1),
            cues,
            Element(0x1F43B675, [], 0),
            Join(Number(0xE7, 80), Simple(1, 0, Encrypted(third, 3))),
            Header(),
            Element(0x18538067, Join(Info(), Tracks(Video(1, Encryption())), Cluster(0, Simple(1, 0, Encrypted(first, 4)))), 8));
        (byte[] clear, Mp4Summary summary) = await DecryptAsync(file);
        clear.Should().HaveCount(file.Length);
        PlainWebM after = new(clear);
        after.Of(1).Should().Equal(new[] { first, second, third, first }.Select(Convert.ToHexString));
        summary.Tracks.Should().ContainSingle().Which.Samples.Should().Be(4);
    }

    [Fact]
    public async Task A_file_behind_another_may_have_other_tracks()
    {
        byte[] frame = Bytes(60);
        byte[] file = Join(
            Whole(Tracks(Video(1, Encryption()), Audio(2, Encryption())), Cluster(0, Simple(1, 0, Encrypted(frame, 1)), Simple(2, 0, Bare([2, 3])))),
            Whole(Tracks(Audio(2, Encryption())), Cluster(0, Simple(2, 0, Bare([4, 5])))),
            Whole(Tracks(Audio(7), Video(1)), Cluster(0, Simple(7, 0, frame), Simple(1, 0, frame))));
        (byte[] clear, Mp4Summary summary) = await DecryptAsync(file);
        clear.Should().HaveCount(file.Length);
        new PlainWebM(clear).Frames.Select(static each => (each.Track, each.Frame)).Should().Equal((1UL, Convert.ToHexString(frame)), (2UL, "0203"), (2UL, "0405"), (7UL, Convert.ToHexString(frame)), (1UL, Convert.ToHexString(frame)));
        summary.Tracks.Select(static track => (track.Track.Id, track.Samples)).Should().Equal((1u, 2), (2u, 2), (7u, 1));
    }

    [Fact]
    public async Task Checks_over_what_changes_become_nothing_and_others_stay()
    {
        byte[] crc = Element(0xBF, [1, 2, 3, 4]), frame = Bytes(30);
        byte[] cluster = Element(0x1F43B675, Join(crc, Number(0xE7, 0), Element(0xA0, Join(crc, Element(0xA1, BlockOf(1, 0, 0, Encrypted(frame, 1)))))));
        byte[] tracks = Element(0x1654AE6B, Join(crc, Element(0xAE, Join(crc, Number(0xD7, 1), Number(0x83, 1), Text(0x86, Vp9), Encryption()))));
        byte[] info = Element(0x1549A966, Join(crc, Number(0x2AD7B1, 1_000_000)));
        byte[] file = Join(Header(), Element(0x18538067, Join(crc, info, tracks, cluster), 8));
        (byte[] clear, _) = await DecryptAsync(file);
        clear.Should().HaveCount(file.Length);
        PlainWebM after = new(clear);
        after.Of(1).Should().Equal(Convert.ToHexString(frame));
        after.Elements.Should().NotContain(static element => element.Id == 0xBF, "those of masters that this reader enters are gone");
        clear.AsSpan().IndexOf(info).Should().BePositive("Info has not changed");
    }

    [Fact]
    public async Task A_file_without_encryption_is_the_same_byte_for_byte()
    {
        byte[] file = Whole(Tracks(Video(), Audio()), Element(0xBF, [1, 2, 3, 4]), Cluster(0, Simple(1, 0, Bytes(10)), Simple(2, 0, Bytes(20)), Simple(2, 1, Join([1], Bytes(30)), 0x84)));
        (byte[] clear, Mp4Summary summary) = await DecryptAsync(file);
        clear.Should().Equal(file);
        summary.Tracks.Select(static track => track.Samples).Should().Equal(1, 2);
    }

    [Theory]
    [InlineData("01")]
    [InlineData("0102030405")]
    [InlineData("3132333435363738393031323334353637383930")]
    public async Task Keys_may_have_names_of_any_length(string name)
    {
        byte[] id = Convert.FromHexString(name), frame = Bytes(77);
        byte[] file = Whole(Tracks(Video(1, Encryption(id))), Cluster(0, Simple(1, 0, Encrypted(frame, 1))));
        (byte[] clear, Mp4Summary summary) = await DecryptAsync(file, new ReferenceKeys(new Dictionary<KeyId, byte[]> { [KeyId.FromOpaque(id)] = Key }));
        new PlainWebM(clear).Of(1).Should().Equal(Convert.ToHexString(frame));
        summary.Notes.Should().ContainSingle().Which.Should().Contain(name);
        (await FluentActions.Awaiting(() => DecryptAsync(file, ReferenceKeys.None)).Should().ThrowAsync<SampleDecryptionException>()).Which.Message.Should().Contain("0x" + name);
    }

    [Fact]
    public async Task A_block_that_is_larger_than_what_is_read_at_a_time_is_whole()
    {
        byte[] frame = Bytes(3 << 20);
        byte[] file = Whole(Tracks(Video(1, Encryption())), Element(0xEC, Bytes(2 << 20)), Cluster(0, Simple(1, 0, Bare([1])), Simple(1, 1, Encrypted(frame, 7)), Simple(1, 2, Bare([2]))));
        (byte[] clear, _) = await DecryptAsync(file, slice: 100_000);
        clear.Should().HaveCount(file.Length);
        new PlainWebM(clear).Of(1).Should().Equal("01", Convert.ToHexString(frame), "02");
    }

    [Fact]
    public async Task A_track_that_is_not_wanted_stays_as_it_is()
    {
        byte[] frame = Bytes(40), other = Encryption(Bytes(16, 9));
        byte[] file = Whole(Tracks(Video(1, Encryption()), Audio(2, other)), Cluster(0, Simple(1, 0, Encrypted(frame, 1)), Simple(2, 0, Encrypted(frame, 2)), Simple(2, 1, Bare(frame))));
        (byte[] clear, Mp4Summary summary) = await DecryptAsync(file, options: new WebMDecryptOptions { Tracks = static track => track.Id == 1 });
        PlainWebM after = new(clear);
        after.Of(1).Should().Equal(Convert.ToHexString(frame));
        after.Of(2).Should().Equal(new PlainWebM(file).Of(2));
        after.Elements.Should().ContainSingle(static element => element.Id == 0x6D80);
        summary.Tracks.Select(static track => track.LeftProtected).Should().Equal(0, 1);
    }

    [Fact]
    public async Task What_is_encrypted_in_another_way_is_refused_or_left()
    {
        byte[] odd = Element(0x6D80, Element(0x6240, Number(0x5033, 1), Element(0x5035, Number(0x47E1, 2), Element(0x47E2, Kid))));
        byte[] file = Whole(Tracks(Video(1, odd), Audio(2, Encryption())), Cluster(0, Simple(1, 0, Bytes(50)), Simple(2, 0, Encrypted([2, 4], 2))));
        (await FluentActions.Awaiting(() => DecryptAsync(file)).Should().ThrowAsync<MediaFormatException>()).Which.Error.Reason.Should().Contain("ContentEncAlgo 2");
        (byte[] clear, Mp4Summary summary) = await DecryptAsync(file, options: new WebMDecryptOptions { AllowProtected = true });
        new PlainWebM(clear).Frames.Select(static frame => frame.Frame).Should().Equal(Convert.ToHexString(Bytes(50)), "0204");
        summary.Tracks.Select(static track => track.LeftProtected).Should().Equal(1, 0);
    }

    [Fact]
    public async Task A_wrong_key_of_Vorbis_is_found_by_the_type_of_its_packets()
    {
        byte[][] packets = [.. Enumerable.Range(1, 60).Select(static i => (byte[])[(byte)(2 * i), .. Bytes(20, i)])];
        byte[] file = Whole(Tracks(Audio(2, Encryption())), Cluster(0, [.. packets.Select(static (packet, i) => Simple(2, (short)i, Encrypted(packet, (ulong)i)))]));
        (await DecryptAsync(file)).Summary.Tracks[0].KeyCheck.Should().Be(new Mp4KeyCheck(Mp4KeyCheckResult.Fits, "vorbis, packet type"));
        ReferenceKeys wrong = new(new Dictionary<KeyId, byte[]> { [KeyId.FromOpaque(Kid)] = Bytes(16, 3) });
        (await FluentActions.Awaiting(() => DecryptAsync(file, wrong)).Should().ThrowAsync<SampleDecryptionException>()).Which.KeyDoesNotFit.Should().BeTrue();
    }
}

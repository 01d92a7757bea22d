using Keyway.Containers.TransportStream.Clear;
using Keyway.Containers.TransportStream.Decrypting;
using Keyway.Decryption;
using Keyway.Testing;
using static Keyway.Containers.TransportStream.ClearTs;

namespace Keyway.Containers.TransportStream;

/// <summary>Clear transport streams: what is decrypted, what stays as it is, and what is refused.</summary>
public sealed class ClearTsWriterTests
{
    private const int Video = TsMaker.VideoPid, Audio = TsMaker.AudioPid;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Media => Path.Combine(Corpus.Root, "tests", "Keyway.Tests", "Media", "ts");

    // ---- against what others make

    /// <summary>Made by shaka-packager from sound and pictures of ffmpeg, with and without a key: the H.264 is lossless noise, with emulation prevention bytes in every picture.</summary>
    [Theory]
    [InlineData("avc.ts")]
    [InlineData("aac.ts")]
    [InlineData("ac3.ts")]
    [InlineData("eac3.ts")]
    public void Protected_packaging_becomes_the_clear_packaging(string file)
    {
        byte[] stream = File.ReadAllBytes(Path.Combine(Media, "protected", file)), clear = File.ReadAllBytes(Path.Combine(Media, "clear", file));
        byte[] before = [.. stream];
        TransportStreamSummary summary = ClearTsWriter.ClearInPlace(stream, file, MediaKey());
        TsUnits.Payloads(stream, 0x50).Should().BeEquivalentTo(TsUnits.Payloads(clear, 0x50), static options => options.WithStrictOrdering());
        summary.Streams.Should().ContainSingle().Which.ProtectedUnits.Should().BePositive();
        summary.Streams[0].IsVerified.Should().Be(file.Contains("ac3", StringComparison.Ordinal));
        AssertSamePackets(stream, before);
        // The map is the same, up to its version.
        byte[] map = Map(stream), clearMap = Map(clear);
        (map[5], clearMap[5]) = (0, 0);
        map[..^4].Should().Equal(clearMap[..^4]);

        static byte[] Map(byte[] stream)
        {
            byte[] packet = stream.Chunk(188).First(static packet => TsUnits.PidOf(packet) == 0x20);
            byte[] section = packet[(5 + ((packet[3] & 0x20) != 0 ? 1 + packet[4] : 0))..];
            return section[..(3 + ((section[1] & 0x0F) << 8) + section[2])];
        }
    }

    [Fact]
    public async Task Clear_stream_decodes_to_what_the_clear_packaging_does()
    {
        if (!Mp4.Ffmpeg.Exists) Assert.Skip(Mp4.Ffmpeg.Absent);
        string folder = Directory.CreateTempSubdirectory("keyway-ts-").FullName;
        try
        {
            foreach (string file in (string[])["avc.ts", "aac.ts", "ac3.ts", "eac3.ts"])
            {
                byte[] stream = await File.ReadAllBytesAsync(Path.Combine(Media, "protected", file), Cancel);
                ClearTsWriter.ClearInPlace(stream, file, MediaKey());
                string path = Path.Combine(folder, file);
                await File.WriteAllBytesAsync(path, stream, Cancel);
                Frames(path).Should().Be(Frames(Path.Combine(Media, "clear", file)), "{0}", file).And.NotBeEmpty();
                (await Mp4.Ffmpeg.ComplaintsAsync(path, Cancel)).Should().BeEmpty("{0}", file);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        static string Frames(string path) => Mp4.Ffmpeg.Probe("-show_entries", "packet=pts,dts,size,flags,data_hash", "-show_data_hash", "md5", "-of", "csv", path);
    }

    // ---- what is protected of each codec

    [Fact]
    public void Slices_of_every_length_are_opened_by_rule()
    {
        for (int length = 40; length <= 700; length += length is > 60 and < 180 ? 7 : 1)
        {
            byte[][] nals = [[9, 0xF0], MadeFrames.Nal(0x67, 60, length), MadeFrames.Nal(0x65, length, length, escapes: length % 3), MadeFrames.Nal(0x41, length + 1, 7 * length)];
            byte[] clear = Program(0xDB, Video, SampleAesMaker.AnnexB(nals.Select(SampleAesMaker.Nal)));
            ClearTsWriter.ClearInPlace(clear, "made", TestKeys.Lease());
            TsUnits.Payloads(clear, Video).SelectMany(TsUnits.Nals).Should().BeEquivalentTo(nals, static options => options.WithStrictOrdering(), "{0} bytes", length);
        }
    }

    [Fact]
    public void Other_units_of_video_are_not_touched()
    {
        byte[][] nals = [.. Enumerable.Range(0, 32).Select(static type => MadeFrames.Nal((byte)(0x60 | type), 300, type + 1, escapes: 6))];
        byte[] stream = Program(0xDB, Video, SampleAesMaker.AnnexB(nals.Select(SampleAesMaker.Nal)));
        TransportStreamSummary summary = ClearTsWriter.ClearInPlace(stream, "made", TestKeys.Lease());
        TsUnits.Payloads(stream, Video).SelectMany(TsUnits.Nals).Should().BeEquivalentTo(nals, static options => options.WithStrictOrdering());
        summary.Streams.Single().Should().Match<StreamSummary>(static s => s.ProtectedUnits == 2 && s.ClearUnits == 30 && !s.IsVerified);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Audio_frames_of_every_length_are_opened_by_rule(bool hasCheck)
    {
        int header = hasCheck ? 9 : 7;
        byte[][] frames = [.. Enumerable.Range(header, 90).Append(1500).Append(8191).Select(length => MadeFrames.Adts(length, length, hasCheck))];
        byte[] stream = Program(0xCF, Video, [.. frames.SelectMany(frame => SampleAesMaker.Frame(frame, header + 16))]);
        ClearTsWriter.ClearInPlace(stream, "made", TestKeys.Lease());
        TsUnits.Payloads(stream, Video).SelectMany(TsUnits.AdtsFrames).Should().BeEquivalentTo(frames, static options => options.WithStrictOrdering());
    }

    /// <summary>Apple begins anew with each audio frame, most others with each syncframe, and one lets the chain run through whole PES packets. No public sample shows which is right.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Syncframes_that_share_a_chain_are_opened_by_their_check(int chained)
    {
        byte[][] frames = [MadeFrames.EAc3(200, 1), MadeFrames.EAc3(150, 2, type: 1), MadeFrames.EAc3(210, 3), MadeFrames.EAc3(152, 4, type: 1)];
        List<byte> sent = [];
        byte[] chain = TestKeys.Vector;
        for (int i = 0; i < frames.Length; i++)
            sent.AddRange(SampleAesMaker.Frame(frames[i], 16, i % chained == 0 ? TestKeys.Vector : chain, out chain));
        byte[] stream = Program(0xC2, Video, [.. sent]);
        ClearTsWriter.ClearInPlace(stream, "made", TestKeys.Lease()).Streams.Single().IsVerified.Should().BeTrue();
        TsUnits.Payloads(stream, Video).Single().Should().Equal(frames.SelectMany(static frame => frame));
    }

    [Fact]
    public void Key_or_vector_that_does_not_fit_is_told_where_the_format_tells_it()
    {
        byte[] ac3 = Program(0xC1, Video, SampleAesMaker.Frame(MadeFrames.Ac3(8, 1), 16));
        Refusal(ac3, TestKeys.Lease("another 16 bytes"u8, TestKeys.Vector)).KeyDoesNotFit.Should().BeTrue();
        Refusal(ac3, TestKeys.Lease(TestKeys.Key, "another 16 bytes"u8)).KeyDoesNotFit.Should().BeTrue();
        ClearTsWriter.ClearInPlace(ac3, "made", TestKeys.Lease());

        // AAC shows it with its ends.
        byte[] aac = Program(0xCF, Video, [.. Enumerable.Range(0, 400).SelectMany(static i => SampleAesMaker.Frame(MadeFrames.Adts(200 + (i % 16), i), 23))]);
        Refusal(aac, TestKeys.Lease("another 16 bytes"u8, TestKeys.Vector)).KeyDoesNotFit.Should().BeTrue();
        ClearTsWriter.ClearInPlace(aac, "made", TestKeys.Lease());
    }

    [Fact]
    public void Missing_key_is_named_with_the_packet_that_needs_it()
    {
        byte[] stream = Program(0xDB, Video, SampleAesMaker.AnnexB(SampleAesMaker.Nal(MadeFrames.Nal(0x65, 400, 1))));
        UnitDecryptionException refusal = Refusal(stream, TestKeys.Lease([], TestKeys.Vector));
        (refusal.Status, refusal.Packet, refusal.Pid, refusal.KeyId).Should().Be((DecryptStatus.KeyNotFound, 3, Video, TestKeys.Id));
        Failure(stream, null).Message.Should().Contain("0xDB").And.Contain("no such key is in force");
    }

    // ---- what says that a stream is protected

    [Fact]
    public void Streams_are_protected_each_by_its_own_type()
    {
        byte[] nal = MadeFrames.Nal(0x65, 400, 1), frame = MadeFrames.Adts(300, 2);
        byte[] stream = TsMaker.Program(0xDB, 0x0F).Pes(Video, SampleAesMaker.AnnexB(SampleAesMaker.Nal(nal)), 900).Pes(Audio, frame, 900).Bytes;
        ClearTsWriter.ClearInPlace(stream, "made", TestKeys.Lease()).Streams.Should().ContainSingle();
        TsUnits.Payloads(stream, Video).SelectMany(TsUnits.Nals).Single().Should().Equal(nal);
        TsUnits.Payloads(stream, Audio).Single().Should().Equal(frame);
    }

    [Fact]
    public void Streams_that_keep_their_types_are_opened_because_the_playlist_says_so()
    {
        byte[] nal = MadeFrames.Nal(0x65, 400, 1, escapes: 3), frame = MadeFrames.Adts(300, 2), sync = MadeFrames.Ac3(8, 3);
        TsMaker maker = TsMaker.Program(0x1B, 0x0F, 0x81).Pes(Video, SampleAesMaker.AnnexB(SampleAesMaker.Nal(nal)), 900)
            .Pes(Audio, SampleAesMaker.Frame(frame, 23), 900).Pes(Audio + 1, SampleAesMaker.Frame(sync, 16), 900);
        byte[] stream = maker.Bytes;
        TransportStreamSummary summary = ClearTsWriter.ClearInPlace(stream, "made", TestKeys.Lease());
        TsUnits.Payloads(stream, Video).SelectMany(TsUnits.Nals).Single().Should().Equal(nal);
        TsUnits.Payloads(stream, Audio).Single().Should().Equal(frame);
        TsUnits.Payloads(stream, Audio + 1).Single().Should().Equal(sync);
        summary.Notes.Should().ContainSingle().Which.Should().Contain("playlist");

        // Where a key was given for a file, its types decide.
        byte[] left = maker.Bytes;
        ClearTsWriter.ClearInPlace(left, "made", TestKeys.Lease(TestKeys.Key, TestKeys.Vector, opensUnmarked: false)).Streams.Should().BeEmpty();
        left.Should().Equal(maker.Bytes);
    }

    [Fact]
    public void Stream_that_keeps_its_type_and_shows_that_it_is_clear_is_left_as_it_is()
    {
        byte[] nal = [.. MadeFrames.Nal(0x65, 400, 1)], sync = MadeFrames.Ac3(8, 3);
        ((byte[])[0, 0, 3, 1]).CopyTo(nal, 60);
        byte[] stream = TsMaker.Program(0x1B, 0x81).Pes(Video, SampleAesMaker.AnnexB(nal, MadeFrames.Nal(0x41, 300, 9)), 900).Pes(Audio, sync, 900).Bytes;
        byte[] before = [.. stream];
        ClearTsWriter.ClearInPlace(stream, "made", TestKeys.Lease());
        stream.Should().Equal(before);
    }

    [Fact]
    public void Once_a_program_has_marked_its_streams_types_are_believed()
    {
        byte[] nal = MadeFrames.Nal(0x65, 400, 1);
        byte[] protectedNal = SampleAesMaker.AnnexB(SampleAesMaker.Nal(nal)), clearNal = SampleAesMaker.AnnexB(nal);
        TsMaker maker = TsMaker.Program(0xDB).Pes(Video, protectedNal, 900);
        maker.Section(TsMaker.PmtPid, 2, TsMaker.PmtContent(1, [], (0x1B, Video, []))).Pes(Video, clearNal, 1800);
        byte[] stream = maker.Bytes;
        ClearTsWriter.ClearInPlace(stream, "made", TestKeys.Lease());
        TsUnits.Payloads(stream, Video).SelectMany(TsUnits.Nals).Should().AllSatisfy(each => each.Should().Equal(nal));
    }

    [Theory]
    [InlineData(0x24, "HEVC")]
    [InlineData(0x03, "MPEG audio")]
    [InlineData(0x11, "LATM")]
    public void Codecs_without_a_rule_are_refused_by_name(byte type, string name)
    {
        byte[] stream = TsMaker.Program(type).Pes(Video, new byte[300], 900).Bytes;
        Failure(stream, TestKeys.Lease()).Message.Should().Contain(name).And.Contain("packet 3");
        byte[] clear = [.. stream];
        ClearTsWriter.ClearInPlace(clear, "made", null);
        clear.Should().Equal(stream);
    }

    [Fact]
    public void Other_ways_of_protecting_transport_streams_are_refused_by_name()
    {
        byte[] scrambled = TsMaker.Program(0x1B).Pes(Video, new byte[300], 900).Bytes;
        scrambled[(2 * 188) + 3] |= 0x80;
        Failure(scrambled, null).Message.Should().Contain("transport_scrambling_control").And.Contain("packet 3");
        byte[] pes = TsMaker.Program(0xDB).Pes(Video, new byte[100], 900).Bytes;
        pes[(2 * 188) + 4 + 1 + pes[(2 * 188) + 4] + 6] |= 0x20;
        Failure(pes, TestKeys.Lease()).Message.Should().Contain("PES_scrambling_control");
        byte[] common = new TsMaker().Pat((1, TsMaker.PmtPid)).Section(TsMaker.PmtPid, 2, TsMaker.PmtContent(0, [9, 4, 0x63, 0x65, 0xE1, 0x50], (0x1B, Video, []))).Bytes;
        Failure(common, null).Message.Should().Contain("23001-9");
    }

    // ---- help

    private static byte[] Program(byte type, int pid, byte[] payload) => TsMaker.Program(type).Pes(pid, payload, 900).Bytes;

    private static SampleAesKey MediaKey() => TestKeys.Lease(Convert.FromHexString("000102030405060708090a0b0c0d0e0f"), Convert.FromHexString("101112131415161718191a1b1c1d1e1f"));

    private static UnitDecryptionException Refusal(byte[] stream, SampleAesKey key) =>
        FluentActions.Invoking(() => ClearTsWriter.ClearInPlace([.. stream], "made", key)).Should().Throw<UnitDecryptionException>().Which;
}

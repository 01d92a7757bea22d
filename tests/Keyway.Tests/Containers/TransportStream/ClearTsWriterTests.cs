using System.IO.Pipelines;
using Keyway.Containers.TransportStream.Clear;
using Keyway.Containers.TransportStream.Decrypting;
using Keyway.Decryption;
using Keyway.Testing;

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
    [InlineData(0x03, "another kind")]
    [InlineData(0x11, "another kind")]
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

    // ---- packets

    [Fact]
    public async Task Same_input_gives_the_same_output_however_it_is_cut()
    {
        byte[] input = Mixed();
        byte[] whole = [.. input];
        ClearTsWriter.ClearInPlace(whole, "made", TestKeys.Lease());
        foreach (int size in (int[])[1, 7, 187, 188, 189, 500, 4096, input.Length])
            (await WriteAsync(input, size)).AsSpan().SequenceEqual(whole).Should().BeTrue("{0} bytes a read", size);
    }

    /// <summary>A PES packet that is larger than what is read at a time, and enough behind it that what is held moves.</summary>
    [Fact]
    public async Task What_is_held_grows_and_moves_with_what_is_read()
    {
        byte[] nal = MadeFrames.Nal(0x65, 5 << 20, 1, escapes: 2000), small = MadeFrames.Nal(0x41, 200_000, 2, escapes: 50);
        byte[] large = SampleAesMaker.AnnexB(SampleAesMaker.Nal(nal)), sent = SampleAesMaker.AnnexB(SampleAesMaker.Nal(small));
        TsMaker maker = TsMaker.Program(0xDB).Pes(Video, sent, 900).Pes(Video, large, 1800);
        for (int i = 0; i < 30; i++) maker.Pes(Video, sent, 2700 + (i * 900));
        byte[] input = maker.Bytes, whole = [.. input];
        ClearTsWriter.ClearInPlace(whole, "made", TestKeys.Lease());
        TsUnits.Payloads(whole, Video).SelectMany(TsUnits.Nals).Should().SatisfyRespectively([each => Same(each, small), each => Same(each, nal), .. Enumerable.Repeat<Action<byte[]>>(each => Same(each, small), 30)]);
        foreach (int size in (int[])[100_003, input.Length]) (await WriteAsync(input, size)).AsSpan().SequenceEqual(whole).Should().BeTrue("{0} bytes a read", size);

        static void Same(byte[] each, byte[] expected) => each.AsSpan().SequenceEqual(expected).Should().BeTrue();
    }

    [Fact]
    public void Packets_keep_their_number_their_counters_and_clocks()
    {
        byte[] input = Mixed(), output = [.. input];
        ClearTsWriter.ClearInPlace(output, "made", TestKeys.Lease());
        AssertSamePackets(output, input);
    }

    /// <summary>What emulation prevention took becomes stuffing, whatever adaptation field the last packets have, and in several of them where one is not enough.</summary>
    [Fact]
    public void What_becomes_shorter_is_filled_up_in_the_last_packets()
    {
        for (int length = 300; length < 700; length++)
        {
            // Zeros alone: escaped once they are a half longer, and once more again.
            byte[] nal = new byte[length];
            (nal[0], nal[^1]) = (0x65, 0x80);
            nal = TsUnits.Escape(nal);
            byte[] second = MadeFrames.Nal(0x41, 64, length);
            TsMaker maker = TsMaker.Program(0xDB).Pes(Video, SampleAesMaker.AnnexB(SampleAesMaker.Nal(nal)), 900, isBounded: length % 2 == 0, adaptation: length % 3 == 0 ? [0x10, 1, 2, 3, 4, 5, 6] : null);
            byte[] input = maker.Pes(Video, SampleAesMaker.AnnexB(SampleAesMaker.Nal(second)), 1800).Bytes, output = [.. input];
            ClearTsWriter.ClearInPlace(output, "made", TestKeys.Lease());
            AssertSamePackets(output, input);
            List<byte[]> payloads = TsUnits.Payloads(output, Video);
            payloads.Select(TsUnits.Nals).Select(static nals => nals.Single()).Should().BeEquivalentTo([nal, second], static options => options.WithStrictOrdering(), "{0} bytes", length);
            if (length % 2 == 0) PesLengths(output, Video)[0].Should().Be(payloads[0].Length + 8);
        }
    }

    [Fact]
    public void Units_that_go_on_in_the_next_PES_packet_are_read_with_it()
    {
        byte[] nal = MadeFrames.Nal(0x65, 2000, 1, escapes: 40), next = MadeFrames.Nal(0x41, 500, 2);
        byte[] sent = SampleAesMaker.AnnexB(SampleAesMaker.Nal(nal));
        byte[][] frames = [MadeFrames.Adts(400, 3), MadeFrames.Adts(401, 4)];
        byte[] audio = [.. frames.SelectMany(static frame => SampleAesMaker.Frame(frame, 23))];
        byte[] input = TsMaker.Program(0xDB, 0xCF).Pes(Video, sent[..700], 900, isBounded: true).Pes(Audio, audio[..500], 900, isBounded: true).Pes(Video, sent[700..1500], isBounded: true).Pes(Audio, audio[500..], isBounded: true)
            .Pes(Video, sent[1500..], isBounded: true).Pes(Video, SampleAesMaker.AnnexB(SampleAesMaker.Nal(next)), 1800, isBounded: true).Bytes, output = [.. input];
        ClearTsWriter.ClearInPlace(output, "made", TestKeys.Lease());
        AssertSamePackets(output, input);
        List<byte[]> payloads = TsUnits.Payloads(output, Video);
        payloads.Should().HaveCount(4);
        TsUnits.Nals([.. payloads.SelectMany(static payload => payload)]).Should().BeEquivalentTo([nal, next], static options => options.WithStrictOrdering());
        PesLengths(output, Video).Should().Equal(payloads.Select(static (payload, i) => payload.Length + (i is 0 or 3 ? 8 : 3)));
        TsUnits.Payloads(output, Audio).SelectMany(static payload => payload).Should().Equal(frames.SelectMany(static frame => frame));
    }

    [Fact]
    public async Task PES_packet_that_ends_in_the_next_segment_is_opened_with_the_key_that_it_began_under()
    {
        byte[] nal = MadeFrames.Nal(0x65, 2000, 1, escapes: 20);
        byte[] input = TsMaker.Program(0xDB).Pes(Video, SampleAesMaker.AnnexB(SampleAesMaker.Nal(nal)), 900).Bytes;
        using ClearTsWriter writer = new();
        using MemoryStream output = new();
        PipeWriter pipe = PipeWriter.Create(output);
        await writer.WriteAsync(new MemoryStream(input[..(5 * 188)]), "one", TestKeys.Lease(), pipe, cancellationToken: Cancel);
        await writer.WriteAsync(new MemoryStream(input[(5 * 188)..]), "two", TestKeys.Lease("another 16 bytes"u8, TestKeys.Vector), pipe, cancellationToken: Cancel);
        await writer.FinishAsync(pipe, Cancel);
        await pipe.FlushAsync(Cancel);
        TsUnits.Payloads(output.ToArray(), Video).SelectMany(TsUnits.Nals).Single().Should().Equal(nal);
    }

    [Fact]
    public void Repeated_packets_stay_repeated()
    {
        byte[] nal = MadeFrames.Nal(0x65, 900, 1, escapes: 30);
        byte[] sent = TsMaker.MakePes(SampleAesMaker.AnnexB(SampleAesMaker.Nal(nal)), 900, -1, isBounded: false, 0xE0);
        TsMaker maker = TsMaker.Program(0xDB);
        for (int at = 0; at < sent.Length; at += 184) maker.Packet(Video, at == 0, sent[at..Math.Min(sent.Length, at + 184)]).Repeat();
        byte[] output = maker.Bytes;
        ClearTsWriter.ClearInPlace(output, "made", TestKeys.Lease());
        byte[][] packets = [.. output.Chunk(188).Skip(2)];
        for (int i = 0; i < packets.Length; i += 2) packets[i].Should().Equal(packets[i + 1]);
        TsUnits.Payloads([.. packets.Where(static (_, i) => i % 2 == 0).SelectMany(static packet => packet)], Video).SelectMany(TsUnits.Nals).Single().Should().Equal(nal);
    }

    [Fact]
    public void Packets_allocate_nothing_once_the_buffers_have_grown()
    {
        byte[] input = Mixed();
        // Tables are the same, PIDs are known, and PES packets are no larger than those before. Now and then a collection empties the pool of buffers: that is far less than an object for
        // each of five thousand PES packets would be.
        long few = Enumerable.Range(0, 3).Select(_ => Allocated(input, 1)).Min(), many = Enumerable.Range(0, 3).Select(_ => Allocated(input, 200)).Min();
        (many - few).Should().BeLessThan(64 << 10);

        static long Allocated(byte[] input, int times)
        {
            byte[] packets = input[(2 * 188)..];
            byte[] stream = [.. input, .. Enumerable.Range(0, times).SelectMany(_ => packets)];
            Dictionary<int, int> counters = [];
            for (int at = 0; at < stream.Length; at += 188)
            {
                int pid = TsUnits.PidOf(stream.AsSpan(at));
                if ((stream[at + 3] & 0x10) == 0) continue;
                counters[pid] = (counters.GetValueOrDefault(pid, -1) + 1) & 15;
                stream[at + 3] = (byte)((stream[at + 3] & 0xF0) | counters[pid]);
            }

            SampleAesKey key = TestKeys.Lease();
            byte[] warm = [.. stream];
            ClearTsWriter.ClearInPlace(warm, "warm", TestKeys.Lease());
            long before = GC.GetAllocatedBytesForCurrentThread();
            ClearTsWriter.ClearInPlace(stream, "made", key);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Fact]
    public void Packets_before_the_tables_are_an_error_where_they_are_protected()
    {
        byte[] stream = TsMaker.Program(0xDB).Pes(Video, SampleAesMaker.AnnexB(SampleAesMaker.Nal(MadeFrames.Nal(0x65, 400, 1))), 900).Bytes;
        Failure([.. stream[(2 * 188)..], .. stream[..(2 * 188)]], TestKeys.Lease()).Message.Should().Contain("stand before the PMT");
        Failure([.. stream[..(2 * 188)], .. stream[(3 * 188)..]], TestKeys.Lease()).Message.Should().Contain("beginning is missing");
    }

    [Fact]
    public void Marks_that_come_after_streams_were_taken_for_protected_without_any_are_an_error()
    {
        TsMaker maker = TsMaker.Program(0x1B).Pes(Video, SampleAesMaker.AnnexB(MadeFrames.Nal(0x65, 400, 1)), 900);
        byte[] stream = maker.Section(TsMaker.PmtPid, 2, TsMaker.PmtContent(1, [], (0xDB, Video, TsMaker.Marks(0xDB)))).Pes(Video, SampleAesMaker.AnnexB(SampleAesMaker.Nal(MadeFrames.Nal(0x65, 400, 2))), 1800).Bytes;
        Failure(stream, TestKeys.Lease()).Message.Should().Contain("without such a mark");
        // Where the types alone decide, the clear lead stays as it is.
        ClearTsWriter.ClearInPlace(stream, "made", TestKeys.Lease(TestKeys.Key, TestKeys.Vector, opensUnmarked: false));
        TsUnits.Payloads(stream, Video).SelectMany(TsUnits.Nals).Should().BeEquivalentTo([MadeFrames.Nal(0x65, 400, 1), MadeFrames.Nal(0x65, 400, 2)], static options => options.WithStrictOrdering());
    }

    [Fact]
    public void Lost_packet_is_named()
    {
        TsMaker maker = TsMaker.Program(0x1B).Pes(Video, new byte[400], 900);
        byte[] lost = maker.Skip(Video).Pes(Video, new byte[400], 1800).Bytes;
        Failure(lost, null).Error.Should().Match<FormatError>(static error => error.Path == "packet 6, PID 0x101" && error.Offset == 5 * 188 && error.Reason.Contains("missing", StringComparison.Ordinal));

        // The stream may say that it counts anew.
        byte[] announced = TsMaker.Program(0x1B).Pes(Video, new byte[400], 900).Skip(Video).Pes(Video, new byte[400], 1800, adaptation: [0x80]).Bytes;
        ClearTsWriter.ClearInPlace(announced, "made", null);
    }

    [Fact]
    public void Broken_packets_are_named()
    {
        byte[] stream = TsMaker.Program(0xDB).Pes(Video, SampleAesMaker.AnnexB(SampleAesMaker.Nal(MadeFrames.Nal(0x65, 900, 1))), 900, isBounded: true).Bytes;
        Broken(stream, static s => s[4 * 188] = 0x48).Should().Contain("0x47").And.Contain("packet 5");
        Broken(stream, static s => s[(4 * 188) + 1] |= 0x80).Should().Contain("transport_error_indicator");
        Broken(stream, static s => s[(4 * 188) + 3] &= 0xCF).Should().Contain("adaptation_field_control");
        Broken(stream, static s => (s[(4 * 188) + 3], s[(4 * 188) + 4]) = ((byte)(s[(4 * 188) + 3] | 0x20), 183)).Should().Contain("adaptation field");
        Broken(stream, static s => s[(2 * 188) + 6] = 7).Should().Contain("start code");
        Broken(stream, static s => s[(2 * 188) + 8] = 1).Should().Contain("PES packet");
        Failure(stream[..^188], TestKeys.Lease()).Message.Should().Contain("ends after");
        Failure(stream[..^1], TestKeys.Lease()).Message.Should().Contain("cut short");
        Failure([], null).Message.Should().Contain("no packet");
        Failure(stream[188..], TestKeys.Lease()).Message.Should().Contain("no PAT");
        Failure([.. stream[..188], .. stream[(2 * 188)..]], TestKeys.Lease()).Message.Should().Contain("no PMT");
    }

    // ---- tables

    [Fact]
    public void Map_loses_what_says_protected_and_nothing_else()
    {
        byte[] language = [0x0A, 4, .. "deu"u8, 0], own = [0x05, 4, .. "XXXX"u8];
        byte[] input = new TsMaker().Pat((1, TsMaker.PmtPid)).Section(TsMaker.PmtPid, 2, TsMaker.PmtContent(3, [0x0E, 3, 1, 2, 3],
            (0xDB, 0x101, [.. own, .. TsMaker.Marks(0xDB)]), (0xCF, 0x102, [.. TsMaker.Marks(0xCF), .. language]), (0xC1, 0x103, TsMaker.Marks(0xC1)), (0xC2, 0x104, TsMaker.Marks(0xC2)), (0x15, 0x105, [0x0F, 4, .. "abcd"u8]))).Bytes;
        ClearTsWriter.ClearInPlace(input, "made", TestKeys.Lease());
        byte[] expected = TsMaker.MakeSection(2, TsMaker.PmtContent(3, [0x0E, 3, 1, 2, 3],
            (0x1B, 0x101, own), (0x0F, 0x102, language), (0x81, 0x103, []), (0x87, 0x104, []), (0x15, 0x105, [0x0F, 4, .. "abcd"u8])));
        input[(188 + 5)..].Should().Equal([.. expected, .. Enumerable.Repeat((byte)0xFF, 183 - expected.Length)]);
    }

    [Fact]
    public void Map_over_several_packets_is_written_over_the_same_ones()
    {
        byte[] filling = [0x0E, 200, .. new byte[200]];
        (byte, int, byte[])[] Streams(byte video, byte audio) => [(video, 0x101, [.. filling, .. TsMaker.Marks(video)]), (audio, 0x102, [.. filling, .. TsMaker.Marks(audio), .. filling])];
        byte[] input = new TsMaker().Pat((1, TsMaker.PmtPid)).Pmt(Streams(0xDB, 0xCF)).Bytes, output = [.. input];
        ClearTsWriter.ClearInPlace(output, "made", TestKeys.Lease());
        byte[] expected = TsMaker.MakeSection(2, TsMaker.PmtContent(0, [], Streams(0x1B, 0x0F)));
        AssertSamePackets(output, input);
        byte[] section = [.. output.Chunk(188).Skip(1).SelectMany(static packet => packet[4..])];
        section[1..].Should().Equal([.. expected, .. Enumerable.Repeat((byte)0xFF, section.Length - 1 - expected.Length)]);
    }

    /// <summary>A table that was changed is an error, or changes nothing else: never is anything taken for clear that is protected.</summary>
    [Fact]
    public void Every_bit_of_the_tables_turned_over_is_an_error_or_changes_nothing()
    {
        byte[] input = TsMaker.Program(0xDB, 0xCF).Pes(Video, SampleAesMaker.AnnexB(SampleAesMaker.Nal(MadeFrames.Nal(0x65, 400, 1))), 900)
            .Pes(Audio, SampleAesMaker.Frame(MadeFrames.Adts(300, 2), 23), 900).Tables(0xDB, 0xCF).Pes(Audio, SampleAesMaker.Frame(MadeFrames.Adts(310, 3), 23), 1800).Bytes;
        byte[] right = [.. input];
        ClearTsWriter.ClearInPlace(right, "made", TestKeys.Lease());
        int same = 0, tables = 0;
        for (int packet = 0; packet < input.Length / 188; packet++)
        {
            if (TsUnits.PidOf(input.AsSpan(packet * 188)) is Video or Audio) continue;
            tables++;
            for (int bit = 0; bit < 188 * 8; bit++)
            {
                byte[] turned = [.. input];
                turned[(packet * 188) + (bit / 8)] ^= (byte)(0x80 >> (bit % 8));
                try
                {
                    ClearTsWriter.ClearInPlace(turned, "made", TestKeys.Lease());
                }
                catch (KeywayException)
                {
                    continue;
                }

                same++;
                foreach (int pid in (int[])[Video, Audio]) TsUnits.Payloads(turned, pid).Should().BeEquivalentTo(TsUnits.Payloads(right, pid), "bit {0} of packet {1}", bit, packet);
            }
        }

        tables.Should().Be(4);
        same.Should().BeInRange(1, 200, "little of a table says nothing");
    }

    // ---- help

    private static byte[] Mixed()
    {
        TsMaker maker = TsMaker.Program(0xDB, 0xCF, 0x15);
        for (int i = 0; i < 12; i++)
        {
            byte[][] nals = [[9, 0xF0], MadeFrames.Nal((byte)(i % 4 == 0 ? 0x65 : 0x41), 200 + (i * 333), i, escapes: i * 3), MadeFrames.Nal(0x41, 100 + (i * 77), i + 50, escapes: i)];
            maker.Pes(Video, SampleAesMaker.AnnexB(nals.Select(SampleAesMaker.Nal)), 9000 + (i * 3600), 9000 + (i * 3600), isBounded: i % 5 == 1, adaptation: [0x10, 1, 2, 3, 4, 5, (byte)i]);
            if (i % 3 == 0) maker.Null();
            maker.Pes(Audio, [.. Enumerable.Range(0, 4).SelectMany(j => SampleAesMaker.Frame(MadeFrames.Adts(300 + (7 * j) + i, (10 * i) + j), 23))], 9000 + (i * 3600), isBounded: true);
            if (i == 5) maker.Tables(0xDB, 0xCF, 0x15).Packet(Video, false, [], [0x10, 9, 9, 9, 9, 9, 9]).Packet(Audio + 1, true, [0, 0, 1, 0xBD, .. new byte[180]]);
        }

        return maker.Bytes;
    }

    private static byte[] Program(byte type, int pid, byte[] payload) => TsMaker.Program(type).Pes(pid, payload, 900).Bytes;

    private static SampleAesKey MediaKey() => TestKeys.Lease(Convert.FromHexString("000102030405060708090a0b0c0d0e0f"), Convert.FromHexString("101112131415161718191a1b1c1d1e1f"));

    private static async Task<byte[]> WriteAsync(byte[] input, int size)
    {
        using ClearTsWriter writer = new();
        using MemoryStream output = new();
        PipeWriter pipe = PipeWriter.Create(output);
        await writer.WriteAsync(new SlowStream(input, size), "made", TestKeys.Lease(), pipe, cancellationToken: Cancel);
        await writer.FinishAsync(pipe, Cancel);
        await pipe.FlushAsync(Cancel);
        return output.ToArray();
    }

    private static UnitDecryptionException Refusal(byte[] stream, SampleAesKey key) =>
        FluentActions.Invoking(() => ClearTsWriter.ClearInPlace([.. stream], "made", key)).Should().Throw<UnitDecryptionException>().Which;

    private static MediaFormatException Failure(byte[] stream, SampleAesKey? key) =>
        FluentActions.Invoking(() => ClearTsWriter.ClearInPlace([.. stream], "made", key)).Should().Throw<MediaFormatException>().Which;

    private static string Broken(byte[] stream, Action<byte[]> breaking)
    {
        byte[] broken = [.. stream];
        breaking(broken);
        return Failure(broken, TestKeys.Lease()).Message;
    }

    /// <summary>Everything but payloads and stuffing is as it was.</summary>
    private static void AssertSamePackets(byte[] output, byte[] input)
    {
        output.Should().HaveCount(input.Length);
        for (int at = 0; at < output.Length; at += 188)
        {
            (output[at], output[at + 1], output[at + 2]).Should().Be((input[at], input[at + 1], input[at + 2]));
            ((byte)(output[at + 3] & 0xDF)).Should().Be((byte)(input[at + 3] & 0xDF), "scrambling, payload and counter of packet {0}", at / 188);
            int had = (input[at + 3] & 0x20) != 0 ? input[at + 4] : -1, has = (output[at + 3] & 0x20) != 0 ? output[at + 4] : -1;
            has.Should().BeGreaterThanOrEqualTo(had).And.BeLessThan((output[at + 3] & 0x10) != 0 ? 183 : 184);
            if (had > 0) output[(at + 5)..(at + 5 + had)].Should().Equal(input[(at + 5)..(at + 5 + had)]);
            if (has > had) output[(at + 5 + Math.Max(0, had))..(at + 5 + has)].Should().Equal(Enumerable.Range(Math.Max(0, had), has - Math.Max(0, had)).Select(static i => i == 0 ? (byte)0 : (byte)0xFF));
        }
    }

    private static List<int> PesLengths(byte[] stream, int pid) =>
        [.. stream.Chunk(188).Where(packet => TsUnits.PidOf(packet) == pid && (packet[1] & 0x40) != 0).Select(static packet => packet[(4 + ((packet[3] & 0x20) != 0 ? 1 + packet[4] : 0))..]).Select(static payload => (payload[4] << 8) | payload[5])];
}

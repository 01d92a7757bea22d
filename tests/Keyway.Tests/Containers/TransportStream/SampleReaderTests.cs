using System.Globalization;
using Keyway.Containers.TransportStream.Decrypting;
using Keyway.Containers.TransportStream.PackedAudio;
using Keyway.Containers.TransportStream.Packets;
using Keyway.Containers.TransportStream.Samples;
using Keyway.Mp4;
using Keyway.Testing;

namespace Keyway.Containers.TransportStream;

/// <summary>Access units: what is in them, when they are decoded and shown, and what sets a decoder up for them.</summary>
public sealed class SampleReaderTests
{
    private const int Video = TsMaker.VideoPid, Audio = TsMaker.AudioPid;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Media => Path.Combine(Corpus.Root, "tests", "Keyway.Tests", "Media", "ts");

    // ---- against ffmpeg

    /// <summary>ffmpeg packages, and reads the same stream: the same times and the same order; put into MP4, the same pictures and sound come out of its decoders.</summary>
    [Theory]
    [InlineData("testsrc2=s=160x90:r=25:d=2", "-c:v libx264 -preset veryfast -bf 2 -g 12")]
    [InlineData("testsrc2=s=160x90:r=25:d=2", "-c:v libx264 -preset veryfast -bf 2 -g 12 -x264-params open-gop=1")]
    [InlineData("testsrc2=s=162x92:r=30000/1001:d=2", "-c:v libx264 -preset veryfast -bf 3 -g 15 -x264-params slices=4")]
    [InlineData("testsrc2=s=160x96:r=25:d=2", "-c:v libx264 -preset veryfast -flags +ilme+ildct -x264-params interlaced=1")]
    [InlineData("testsrc2=s=160x90:r=25:d=2", "-c:v libx265 -preset ultrafast -x265-params log-level=none:bframes=3:keyint=12")]
    [InlineData("testsrc2=s=160x90:r=25:d=1", "-c:v libx264 -preset ultrafast -pix_fmt yuv444p -profile:v high444")]
    [InlineData("sine=440:d=2:r=44100", "-c:a aac -b:a 64k")]
    [InlineData("sine=440:d=2:r=48000", "-c:a aac -b:a 96k -ac 6")]
    [InlineData("sine=440:d=2:r=48000", "-c:a ac3 -b:a 128k -ac 6")]
    [InlineData("sine=440:d=2:r=32000", "-c:a ac3 -b:a 96k -ac 2")]
    [InlineData("sine=440:d=2:r=44100", "-c:a ac3 -b:a 96k -ac 1")]
    [InlineData("sine=440:d=2:r=48000", "-c:a eac3 -b:a 192k -ac 6")]
    [InlineData("sine=440:d=2:r=44100", "-c:a eac3 -b:a 96k -ac 2")]
    public async Task Streams_of_ffmpeg_are_read_as_ffmpeg_reads_them(string source, string codec)
    {
        if (!Ffmpeg.Exists) Assert.Skip(Ffmpeg.Absent);
        string folder = Directory.CreateTempSubdirectory("keyway-units-").FullName;
        try
        {
            string ts = Path.Combine(folder, "a.ts"), mp4 = Path.Combine(folder, "a.mp4"), theirs = Path.Combine(folder, "b.mp4");
            (int exit, string errors) = Ffmpeg.Run(["-v", "error", "-f", "lavfi", "-i", source, .. codec.Split(' '), "-f", "mpegts", ts]);
            if (exit != 0) Assert.Skip($"ffmpeg cannot make it here: {errors.Trim()}");
            TakenTrack taken = (await TakenTrack.ReadAsync(new TsSampleReader(), (File.OpenRead(ts), null, false))).Single();

            bool isVideo = codec.StartsWith("-c:v", StringComparison.Ordinal);
            List<string[]> packets = Packets(ts);
            taken.Units.Should().HaveCount(packets.Count);
            long scale = taken.Configurations[0].Timescale;
            for (int i = 0; i < packets.Count; i++)
            {
                // Of several frames in a PES packet the later ones have times that are counted.
                long tolerance = isVideo ? 0 : 90;
                (taken.Units[i].Pts * 90000 / scale).Should().BeCloseTo(long.Parse(packets[i][0], CultureInfo.InvariantCulture), (ulong)tolerance, "pts of {0}", i);
                (taken.Units[i].Dts * 90000 / scale).Should().BeCloseTo(long.Parse(packets[i][1], CultureInfo.InvariantCulture), (ulong)tolerance, "dts of {0}", i);
                taken.Units[i].IsSync.Should().Be(packets[i][2].StartsWith('K'), "{0}", i);
            }

            await File.WriteAllBytesAsync(mp4, taken.ToMp4(), Cancel);
            (await Ffmpeg.ComplaintsAsync(mp4, Cancel)).Should().BeEmpty();
            Decoded(mp4, isVideo).Should().Equal(Decoded(ts, isVideo)).And.NotBeEmpty();
            Ffmpeg.Run(["-v", "error", "-i", ts, "-c", "copy", "-bsf:a", codec.Contains(" aac", StringComparison.Ordinal) ? "aac_adtstoasc" : "null", theirs]).Exit.Should().Be(0);
            Setup(await File.ReadAllBytesAsync(mp4, Cancel), taken.Configurations[0].Codec).Should().Be(Setup(await File.ReadAllBytesAsync(theirs, Cancel), taken.Configurations[0].Codec));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Without delimiters, and all in one PES packet, pictures are told apart by what their slices say.</summary>
    [Theory]
    [InlineData("-c:v libx264 -preset veryfast -bf 0 -g 10 -x264-params slices=3")]
    [InlineData("-c:v libx264 -preset veryfast -bf 0 -g 10 -x264-params cabac=0:slices=2:ref=3")]
    [InlineData("-c:v libx264 -preset veryfast -bf 0 -g 4 -flags +ilme+ildct -x264-params interlaced=1:slices=2")]
    [InlineData("-c:v libx264 -preset veryfast -bf 0 -g 1")]
    public async Task Pictures_are_told_apart_by_their_slices(string codec)
    {
        if (!Ffmpeg.Exists) Assert.Skip(Ffmpeg.Absent);
        string path = Path.Combine(Directory.CreateTempSubdirectory("keyway-slices-").FullName, "a.h264");
        (int exit, string errors) = Ffmpeg.Run(["-v", "error", "-f", "lavfi", "-i", "testsrc2=s=160x96:r=25:d=1", .. codec.Split(' '), "-f", "h264", path]);
        if (exit != 0) Assert.Skip($"ffmpeg cannot make it here: {errors.Trim()}");
        byte[] raw = await File.ReadAllBytesAsync(path, Cancel);
        List<string> decoded = Decoded(path, isVideo: true);
        TakenTrack track = (await TakenTrack.ReadAsync(new TsSampleReader(), (new MemoryStream(TsMaker.Program(0x1B).Pes(Video, raw, 900).Bytes), null, false))).Single();
        track.Units.Select(static unit => unit.Dts).Should().Equal(Enumerable.Range(0, 25).Select(static i => 900L + (i * 3600)));
        await File.WriteAllBytesAsync(path + ".mp4", track.ToMp4(), Cancel);
        Decoded(path + ".mp4", isVideo: true).Should().Equal(decoded).And.HaveCount(25);
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    // ---- protected ones are the clear ones

    [Theory]
    [InlineData("avc.ts")]
    [InlineData("aac.ts")]
    [InlineData("ac3.ts")]
    [InlineData("eac3.ts")]
    [InlineData("aac.aac")]
    [InlineData("ac3.ac3")]
    [InlineData("eac3.ec3")]
    public async Task Protected_packaging_gives_the_units_of_the_clear_packaging(string file)
    {
        TakenTrack opened = (await TakenTrack.ReadAsync(Reader(file), (File.OpenRead(Path.Combine(Media, "protected", file)), MediaKey(), false))).Single();
        TakenTrack clear = (await TakenTrack.ReadAsync(Reader(file), (File.OpenRead(Path.Combine(Media, "clear", file)), null, false))).Single();
        AssertSame(opened, clear);
        opened.Units.Should().NotBeEmpty();
        opened.Configurations[0].IsSame(clear.Configurations[0]).Should().BeTrue();

        // Packed or not, the frames are the same.
        if (file.EndsWith(".ts", StringComparison.Ordinal) && file != "avc.ts")
        {
            string packed = file[..^3] + (file == "eac3.ts" ? ".ec3" : $".{file[..^3]}");
            TakenTrack other = (await TakenTrack.ReadAsync(Reader(packed), (File.OpenRead(Path.Combine(Media, "clear", packed)), null, false))).Single();
            AssertSame(other, clear);
        }

        static ISampleReader Reader(string file) => file.EndsWith(".ts", StringComparison.Ordinal) ? new TsSampleReader() : new PackedAudioSampleReader();
    }

    public static TheoryData<string> Items() => TsCorpus.Ids(static item => item.Scheme == "SAMPLE-AES");

    [Theory]
    [MemberData(nameof(Items))]
    public async Task Corpus_gives_the_units_of_its_clear_packaging(string id)
    {
        TsCorpus item = TsCorpus.Find(id);
        TakenTrack opened = (await TakenTrack.ReadAsync(item.IsPacked ? new PackedAudioSampleReader() : new TsSampleReader(), [.. item.Segments.Select((path, i) => ((Stream)File.OpenRead(path), item.Lease(i), false))])).Single();
        TakenTrack clear = (await TakenTrack.ReadAsync(new TsSampleReader(), [.. item.Clear.Select(static path => ((Stream)File.OpenRead(path), (SampleAesKey?)null, false))])).Single();
        AssertSame(opened, clear);
    }

    // ---- cuts, times, places

    [Fact]
    public async Task Same_units_come_however_the_input_is_cut()
    {
        byte[] input = await File.ReadAllBytesAsync(Path.Combine(Media, "protected", "avc.ts"), Cancel);
        TakenTrack whole = (await TakenTrack.ReadAsync(new TsSampleReader(), (new MemoryStream(input), MediaKey(), false))).Single();
        foreach (int size in (int[])[1, 187, 189, 1000])
            AssertSame((await TakenTrack.ReadAsync(new TsSampleReader(), (new SlowStream(input, size), MediaKey(), false))).Single(), whole);

        // Segments that go on, cut at any packet.
        for (int packet = 1; packet < input.Length / 188; packet += 13)
            AssertSame((await TakenTrack.ReadAsync(new TsSampleReader(), (new MemoryStream(input[..(packet * 188)]), MediaKey(), false), (new MemoryStream(input[(packet * 188)..]), MediaKey(), false))).Single(), whole);
    }

    [Fact]
    public async Task Times_go_on_where_33_bits_turn_over()
    {
        const long Turn = 1L << 33;
        TsMaker maker = TsMaker.Program(0x1B, 0x0F);
        for (int i = 0; i < 10; i++)
        {
            long time = Turn - 9000 + (i * 3600);
            maker.Pes(Video, Picture(i), (time + 3600) % Turn, time % Turn).Pes(Audio, [.. MadeFrames.Adts(100, i), .. MadeFrames.Adts(100, i)], (Turn - 5000 + (i * 2 * 1024 * 90000L / 44100)) % Turn);
        }

        List<TakenTrack> tracks = await TakenTrack.ReadAsync(new TsSampleReader(), (new MemoryStream(maker.Bytes), null, false));
        tracks[0].Units.Select(static unit => (unit.Dts, unit.Pts, unit.Duration)).Should().Equal(Enumerable.Range(0, 10).Select(static i => (Turn - 9000 + (i * 3600), Turn - 5400 + (i * 3600), 3600u)));
        tracks[1].Units.Select(static unit => unit.Pts).Should().Equal(Enumerable.Range(0, 20).Select(static i => ((((Turn - 5000) * 44100) + 45000) / 90000) + (i * 1024)));
        tracks[1].Units.Should().OnlyContain(static unit => unit.Duration == 1024);
    }

    [Fact]
    public async Task What_is_missing_from_audio_begins_a_run_and_what_is_rounded_does_not()
    {
        TsMaker maker = TsMaker.Program(0x0F);
        // Milliseconds, as many writers have them, and a hole of a second before the last.
        for (int i = 0; i < 40; i++) maker.Pes(Video, MadeFrames.Adts(100, i), (i * 1024L * 1000 / 44100 * 90) + (i == 39 ? 90000 : 0) + 900);
        TakenTrack track = (await TakenTrack.ReadAsync(new TsSampleReader(), (new MemoryStream(maker.Bytes), null, false))).Single();
        track.Runs.Should().Equal((0, false), (39, false));
        track.Units.Take(39).Select(static unit => unit.Dts).Should().Equal(Enumerable.Range(0, 39).Select(static i => 441L + (i * 1024)));
        track.Units[39].Dts.Should().BeCloseTo(441 + (39 * 1024) + 44100, 50);
    }

    [Fact]
    public async Task Clock_may_be_set_anew_where_the_playlist_says_so()
    {
        byte[] one = TsMaker.Program(0x1B).Pes(Video, Picture(0), 900000, 900000).Pes(Video, Picture(1), 903600, 903600).Bytes;
        byte[] two = TsMaker.Program(0x1B).Pes(Video, Picture(0), 900, 900).Pes(Video, Picture(1), 4500, 4500).Bytes;
        TakenTrack track = (await TakenTrack.ReadAsync(new TsSampleReader(), (new MemoryStream(one), null, false), (new MemoryStream(two), null, true))).Single();
        track.Units.Select(static unit => (unit.Dts, unit.Duration)).Should().Equal((900000, 3600), (903600, 3600), (900, 3600), (4500, 3600));
        track.Runs.Should().Equal((0, false), (2, true));
        (await FluentActions.Invoking(() => TakenTrack.ReadAsync(new TsSampleReader(), (new MemoryStream(one), null, false), (new MemoryStream(two), null, false))).Should().ThrowAsync<MediaFormatException>())
            .Which.Message.Should().Contain("order in which they are decoded");
    }

    [Fact]
    public async Task Pictures_of_a_PES_packet_that_has_one_time_follow_one_another_where_nothing_is_reordered()
    {
        byte[] input = TsMaker.Program(0x1B).Pes(Video, Picture(0), 900, 900).Pes(Video, [.. Picture(1), .. Picture(2)], 4500, 4500).Pes(Video, Picture(3), 11700, 11700).Bytes;
        TakenTrack track = (await TakenTrack.ReadAsync(new TsSampleReader(), (new MemoryStream(input), null, false))).Single();
        track.Units.Select(static unit => unit.Pts).Should().Equal(900, 4500, 8100, 11700);
        byte[] reordered = TsMaker.Program(0x1B).Pes(Video, Picture(0), 4500, 900).Pes(Video, [.. Picture(1), .. Picture(2)], 8100, 4500).Bytes;
        (await Refusal(reordered)).Message.Should().Contain("no time of its own");
    }

    [Fact]
    public async Task Configuration_that_changes_begins_a_run()
    {
        byte[] other = [.. Sps];
        other[3] = 0x1F;
        byte[] input = TsMaker.Program(0x1B).Pes(Video, Picture(0), 900, 900).Pes(Video, Picture(1), 4500, 4500)
            .Pes(Video, SampleAesMaker.AnnexB([9, 0xF0], other, Pps, Slice(0x65, 0)), 8100, 8100).Bytes;
        TakenTrack track = (await TakenTrack.ReadAsync(new TsSampleReader(), (new MemoryStream(input), null, false))).Single();
        track.Runs.Should().Equal((0, false), (2, false));
        (track.Configurations[0].Setup[3], track.Configurations[1].Setup[3]).Should().Be(((byte)0x0A, (byte)0x1F));
        track.Units.Should().AllSatisfy(static unit => (unit.Data[4] & 31).Should().BeOneOf(1, 5));
    }

    [Fact]
    public async Task Pictures_before_the_first_parameter_sets_are_left_out_and_counted()
    {
        byte[] input = TsMaker.Program(0x1B).Pes(Video, SampleAesMaker.AnnexB([9, 0xF0], Slice(0x41, 3)), 900, 900).Pes(Video, Picture(0), 4500, 4500).Bytes;
        TsSampleReader reader = new();
        TakenTrack track = (await TakenTrack.ReadAsync(reader, (new MemoryStream(input), null, false))).Single();
        track.Units.Should().ContainSingle().Which.Pts.Should().Be(4500);
        reader.Summary.Notes.Should().ContainSingle().Which.Should().Contain("1 pictures");
    }

    [Fact]
    public async Task Streams_that_were_not_chosen_need_no_key()
    {
        byte[] frame = MadeFrames.Adts(200, 1);
        byte[] input = TsMaker.Program(0xDB, 0x0F).Pes(Video, SampleAesMaker.AnnexB(SampleAesMaker.Nal(MadeFrames.Nal(0x65, 400, 1))), 900).Pes(Audio, frame, 900).Bytes;
        TsSampleReader reader = new(static entry => entry.Codec == StreamCodec.Aac);
        TakenTrack track = (await TakenTrack.ReadAsync(reader, (new MemoryStream(input), null, false))).Single();
        track.Units.Single().Data.Should().Equal(frame[7..]);
        (await Refusal(input)).Message.Should().Contain("no such key is in force");
    }

    [Fact]
    public async Task Packets_that_nothing_can_be_made_of_are_counted()
    {
        byte[] input = TsMaker.Program(0x0F).Pes(Video, [.. MadeFrames.Adts(300, 1)], 900).Pes(Video, MadeFrames.Adts(150, 2), 3000).Bytes;
        TsSampleReader reader = new();
        (await TakenTrack.ReadAsync(reader, (new MemoryStream([.. input[..(2 * 188)], .. input[(3 * 188)..]]), null, false))).Single().Units.Should().ContainSingle();
        reader.Summary.Notes.Should().ContainSingle().Which.Should().Contain("1 packets");
    }

    [Fact]
    public async Task What_cannot_be_a_sample_is_refused_by_name()
    {
        byte[] blocks = MadeFrames.Adts(200, 1), channels = MadeFrames.Adts(200, 1);
        blocks[6] |= 1;
        channels[3] &= 0x3F;
        (await Refusal(TsMaker.Program(0x0F).Pes(Video, blocks, 900).Bytes)).Message.Should().Contain("several raw data blocks");
        (await Refusal(TsMaker.Program(0x0F).Pes(Video, channels, 900).Bytes)).Message.Should().Contain("program_config_element");
        (await Refusal(TsMaker.Program(0x0F).Pes(Video, MadeFrames.Adts(200, 1)).Bytes)).Message.Should().Contain("no PTS").And.Contain("packet 3");
        (await Refusal(TsMaker.Program(0x0F).Pes(Video, MadeFrames.Adts(200, 1), 90000).Pes(Video, MadeFrames.Adts(200, 1), 900).Bytes)).Message.Should().Contain("before what comes before it has ended");
        (await Refusal(TsMaker.Program(0x0F).Pes(Video, MadeFrames.Adts(200, 1)[..150], 900).Bytes)).Message.Should().Contain("cut short");
        (await Refusal(TsMaker.Program(0x1B).Pes(Video, [1, 2, 3, 4, 5], 900).Bytes)).Message.Should().Contain("start code");
        (await Refusal(TsMaker.Program(0x1B).Pes(Video, SampleAesMaker.AnnexB([0x67, 1, 2]), 900).Bytes)).Message.Should().Contain("sequence parameter set");
        (await Refusal(TsMaker.Program(0x87).Pes(Video, MadeFrames.EAc3(200, 1, type: 1), 900).Bytes)).Message.Should().Contain("independent");
        TsSampleReader reader = new();
        (await TakenTrack.ReadAsync(reader, (new MemoryStream(TsMaker.Program(0x03, 0x0F).Pes(Audio, MadeFrames.Adts(200, 1), 900).Bytes), null, false))).Should().ContainSingle();
        reader.Summary.Notes.Should().ContainSingle().Which.Should().Contain("0x03").And.Contain("not made into samples");
    }

    [Fact]
    public async Task Substreams_and_short_syncframes_are_put_together()
    {
        byte[] first = MadeFrames.EAc3(200, 1), second = MadeFrames.EAc3(150, 2, type: 1);
        byte[] input = TsMaker.Program(0x87).Pes(Video, [.. first, .. second, .. first, .. second], 900).Bytes;
        TakenTrack track = (await TakenTrack.ReadAsync(new TsSampleReader(), (new MemoryStream(input), null, false))).Single();
        track.Units.Select(static unit => (unit.Data.Length, unit.Duration)).Should().Equal((350, 1536), (350, 1536));
        // Six syncframes of one block.
        byte[][] blocks = [.. Enumerable.Range(0, 12).Select(static i => { byte[] frame = MadeFrames.EAc3(100, i); frame[4] = 0x04; return frame; })];
        byte[] blocked = TsMaker.Program(0x87).Pes(Video, [.. blocks.SelectMany(static block => block)], 900).Bytes;
        (await TakenTrack.ReadAsync(new TsSampleReader(), (new MemoryStream(blocked), null, false))).Single().Units.Select(static unit => (unit.Data.Length, unit.Duration)).Should().Equal((600, 1536), (600, 1536));
    }

    [Fact]
    public async Task Deferred_key_leaves_units_protected_and_says_what_only_a_key_can_tell()
    {
        byte[] first = SampleAesMaker.Frame(MadeFrames.EAc3(200, 1), 16), second = SampleAesMaker.Frame(MadeFrames.EAc3(150, 2, type: 1), 16);
        foreach ((byte type, byte[] payload, bool isUndecided) in (List<(byte, byte[], bool)>)[(0xC2, first, false), (0xC2, [.. first, .. second], true), (0x87, first, true), (0xCF, SampleAesMaker.Frame(MadeFrames.Adts(200, 1), 23), false)])
        {
            byte[] input = TsMaker.Program(type).Pes(Video, payload, 900).Bytes;
            using TsSampleReader reader = new();
            await reader.ReadAsync(new MemoryStream(input), "made", SampleAesKey.Deferred(TestKeys.Vector), cancellationToken: Cancel);
            reader.Finish();
            reader.IsUndecided.Should().Be(isUndecided, "0x{0:X}", type);
            using AccessUnits units = reader.Tracks[0].Take()!;
            units.Data.ToArray().Should().Equal(type == 0xCF ? payload[7..] : payload);
        }
    }

    [Fact]
    public async Task Many_short_runs_take_no_more_memory_than_they_need()
    {
        // A configuration of its own for each picture, many in each PES packet.
        List<byte> pictures = [];
        for (int i = 0; i < 400; i++) pictures.AddRange(SampleAesMaker.AnnexB(SpsWithTiming((byte)(10 + (i % 40))), Pps, Slice(0x65, 0)));
        byte[] input = TsMaker.Program(0x1B).Pes(Video, [.. pictures], 900, 900).Bytes;
        using TsSampleReader reader = new();
        await reader.ReadAsync(new MemoryStream(input), "made", null, cancellationToken: Cancel);
        reader.Finish();
        int runs = 0, held = 0;
        while (reader.Tracks[0].Take() is { } units)
        {
            runs++;
            System.Runtime.InteropServices.MemoryMarshal.TryGetArray(units.Data, out ArraySegment<byte> memory).Should().BeTrue();
            held += memory.Array!.Length;
            units.Dispose();
        }

        runs.Should().Be(400);
        held.Should().BeLessThan(400 * 256);
    }

    [Fact]
    public async Task Stream_that_was_not_listed_for_a_while_goes_on_with_its_track()
    {
        TsMaker maker = TsMaker.Program(0x0F, 0x81).Pes(Video, MadeFrames.Adts(100, 1), 900);
        for (int i = 0; i < 3; i++)
        {
            maker.Section(TsMaker.PmtPid, 2, TsMaker.PmtContent(1 + (2 * i), [], (0x81, Audio, [])));
            maker.Section(TsMaker.PmtPid, 2, TsMaker.PmtContent(2 + (2 * i), [], (0x0F, Video, []), (0x81, Audio, []))).Pes(Video, MadeFrames.Adts(100, 1), 900 + (90000 * (i + 1)));
        }

        List<TakenTrack> tracks = await TakenTrack.ReadAsync(new TsSampleReader(), (new MemoryStream(maker.Bytes), null, false));
        tracks.Select(static track => track.Units.Count).Should().Equal(4, 0);
        tracks[0].Units.Select(static unit => unit.Dts).Should().Equal(441, 441 + 44100, 441 + 88200, 441 + 132300);
    }

    // ---- help

    /// <summary>A sequence parameter set that says 25 frames a second.</summary>
    private static byte[] SpsWithTiming(byte level)
    {
        string bits = "1" + "1" + "011" + "010" + "0" + "1" + "1" + "1" + "1" + "0" + "1" + "0000" + "1" + new string('0', 31) + "1" + Convert.ToString(50, 2).PadLeft(32, '0') + "1" + "0000" + "1";
        bits = bits.PadRight((bits.Length + 7) / 8 * 8, '0');
        return TsUnits.Escape([0x67, 0x42, 0xC0, level, .. bits.Chunk(8).Select(static chunk => Convert.ToByte(new string(chunk), 2))]);
    }

    /// <summary>Baseline, level 1, 16 by 16 pixels; pictures are ordered as they are decoded.</summary>
    private static readonly byte[] Sps = [0x67, 0x42, 0xC0, 0x0A, 0b1111_0110, 0b0111_1000, 0b1000_0000];

    private static readonly byte[] Pps = [0x68, 0xCE, 0x38, 0x80];

    private static byte[] Picture(int number) => number == 0 ? SampleAesMaker.AnnexB([9, 0xF0], Sps, Pps, Slice(0x65, 0)) : SampleAesMaker.AnnexB([9, 0xF0], Slice(0x41, number));

    /// <summary>first_mb 0, slice_type 7 (I), pps 0, frame_num in 4 bits.</summary>
    private static byte[] Slice(byte header, int number) => [header, 0b1_0001000, (byte)(0b1_0000_000 | ((number & 15) << 3)), .. MadeFrames.Nal(0xFF, 40, number + 1)];

    private static async Task<MediaFormatException> Refusal(byte[] stream) =>
        (await FluentActions.Invoking(() => TakenTrack.ReadAsync(new TsSampleReader(), (new MemoryStream(stream), null, false))).Should().ThrowAsync<MediaFormatException>()).Which;

    private static SampleAesKey MediaKey() => TestKeys.Lease(Convert.FromHexString("000102030405060708090a0b0c0d0e0f"), Convert.FromHexString("101112131415161718191a1b1c1d1e1f"));

    private static void AssertSame(TakenTrack track, TakenTrack other)
    {
        track.Units.Select(static unit => (unit.Dts, unit.Pts, unit.Duration, unit.IsSync)).Should().Equal(other.Units.Select(static unit => (unit.Dts, unit.Pts, unit.Duration, unit.IsSync)));
        for (int i = 0; i < track.Units.Count; i++) track.Units[i].Data.AsSpan().SequenceEqual(other.Units[i].Data).Should().BeTrue("unit {0}", i);
    }

    private static List<string[]> Packets(string path) =>
        [.. Ffmpeg.Probe("-show_entries", "packet=pts,dts,flags", "-of", "csv=p=0", path).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(static line => line.Split(','))];

    /// <summary>Digests of decoded pictures, or of all sound.</summary>
    private static List<string> Decoded(string path, bool isVideo)
    {
        string digests = path + ".md5";
        Ffmpeg.Run(["-v", "error", "-i", path, "-f", isVideo ? "framemd5" : "md5", digests]).Exit.Should().Be(0);
        return [.. File.ReadAllLines(digests).Where(static line => !line.StartsWith('#')).Select(static line => line.Split(',')[^1].Trim())];
    }

    /// <summary>What sets the decoder up, as it stands in the file.</summary>
    private static string Setup(byte[] file, StreamCodec codec)
    {
        ReadOnlySpan<byte> type = codec switch { StreamCodec.Avc => "avcC"u8, StreamCodec.Hevc => "hvcC"u8, StreamCodec.Ac3 => "dac3"u8, StreamCodec.EAc3 => "dec3"u8, _ => "esds"u8 };
        int at = file.AsSpan().IndexOf(type);
        ReadOnlySpan<byte> content = file.AsSpan(at + 4, (file[at - 2] << 8) + file[at - 1] - 8);
        // Of AAC what it holds alone: bit rates beside it are known to one and not to the other. Of HEVC what both know.
        if (codec == StreamCodec.Aac) content = content.Slice(content.LastIndexOf((ReadOnlySpan<byte>)[5, 0x80, 0x80, 0x80]) + 5, 2);
        if (codec == StreamCodec.Hevc) content = content[..13];
        return Convert.ToHexString(content);
    }
}

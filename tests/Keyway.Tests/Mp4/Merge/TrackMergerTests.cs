using System.Buffers.Binary;
using System.IO.Pipelines;
using Keyway.Mp4.Boxes;
using Keyway.Mp4.Structure;
using static Keyway.Mp4.BoxBytes;
using static Keyway.Mp4.Made;

namespace Keyway.Mp4.Merge;

public sealed class TrackMergerTests
{
    private static readonly byte[] S1 = Sample(1, 40), S2 = Sample(2, 33), S3 = Sample(3, 5), S4 = Sample(4, 64);

    private static byte[] Clear(uint track, uint time, byte[] sample, params byte[][] boxes) =>
        Join(Moof(l => [Full("mfhd", 0, 0, U32(77)), Box("traf", [Tfhd(track), Tfdt(time), .. boxes, Trun(l + 8, sample.Length)])]), Box("mdat", sample));

    [Fact]
    public async Task Inputs_are_interleaved_by_decode_time_and_numbered_anew()
    {
        byte[] first = Join(Init, Fragment(1, 40), Fragment(3, 5));            // at 10 and 30
        byte[] second = Join(Moov(Trak(1, Stsd(Mp4a()))), Clear(1, 20, S2), Clear(1, 40, S4));
        byte[] merged = await MergeAsync(true, first, second);
        await ExpectSamplesAsync(merged, [S1, S3], [S2, S4]);
        Fragments(merged).Should().Equal((1, 1, 10), (2, 2, 20), (3, 1, 30), (4, 2, 40));
    }

    [Fact]
    public async Task Boxes_of_the_old_segments_do_not_come_along_and_boxes_of_the_track_do()
    {
        byte[] udta = Box("udta", Box("name", Code("one")));
        byte[] trak = Box("trak", Trak(1, Stsd(Enca(Sinf(), Box("btrt", Zeros(12)))), Full("cslg", 0, 0, Zeros(20)), Full("sgpd", 1, 0, Code("roll"), U32(2), U32(1), U16(-1)), Sgpd(Seig(Kid)))[8..], udta);
        byte[] init = Box("moov", MvhdBox, Full("pssh", 0, 0, Zeros(16), U32(0)), trak, Box("mvex", Trex(1)));
        byte[] moof = Moof(l =>
        [
            Box("traf", Tfhd(), Trun(l + 8, 40), Full("sbgp", 0, 0, Code("roll"), U32(1), U32(1), U32(1)), Full("subs", 0, 0, U32(0)), Uuid(PiffBoxes.Tfxd, Zeros(20)), Senc(Iv(1))),
            Full("pssh", 0, 0, Zeros(16), U32(0)),
        ]);
        byte[] file = Join(Box("styp", Code("msdh"), U32(0)), init, Box("sidx", Zeros(24)), Box("prft", Zeros(20)), moof, Box("mdat", Encrypt(S1, Iv(1), Key)), Box("mfra", Zeros(8)));
        byte[] merged = await MergeAsync(true, file);
        await ExpectSamplesAsync(merged, [S1]);
        foreach (string gone in (string[])["styp", "sidx", "prft", "mfra", "pssh", "senc", "sinf", "enca", "seig", "uuid", "free", "tenc"])
            merged.AsSpan().IndexOf(Code(gone)).Should().Be(-1, gone);
        foreach (string kept in (string[])["btrt", "name", "roll", "sbgp", "subs", "cslg", "mp4a"])
            merged.AsSpan().IndexOf(Code(kept)).Should().BePositive(kept);
    }

    [Fact]
    public async Task Edits_follow_the_timescale_of_the_new_movie_and_references_the_new_numbers()
    {
        byte[] Mvhd(uint timescale) => Full("mvhd", 0, 0, U32(0), U32(0), U32(timescale), U32(0), Zeros(76), U32(9));
        byte[] Edited(uint id, uint refers) => Box("trak", Trak(id, Stsd(Mp4a()))[8..],
            Box("edts", Full("elst", 0, 0, U32(1), U32(500), U32(uint.MaxValue), U32(0x10000))),
            Box("tref", Box("cdsc", U32(refers)), Box("sync", U32(99))));
        byte[] first = Join(Box("moov", Mvhd(1000), Trak(5, Stsd(Mp4a())), Box("mvex", Trex(5))), Clear(5, 0, S1));
        byte[] second = Join(Box("moov", Mvhd(250), Trak(6, Stsd(Mp4a())), Edited(7, 6), Box("mvex", Trex(6), Trex(7))), Clear(6, 0, S2), Clear(7, 0, S3));
        byte[] merged = await MergeAsync(true, first, second);
        await ExpectSamplesAsync(merged, [S1], [S2], [S3]);
        merged.AsSpan().IndexOf(Full("elst", 1, 0, U32(1), U64(2000), U64(ulong.MaxValue), U32(0x10000))).Should().BePositive();
        merged.AsSpan().IndexOf(Box("tref", Box("cdsc", U32(2)))).Should().BePositive();
    }

    [Fact]
    public async Task Only_chosen_tracks_come_along()
    {
        byte[] file = Join(Moov(Trak(1, Stsd(Mp4a())), Trak(2, Stsd(Enca(Sinf())))), Clear(1, 0, S1), Clear(1, 5, S2));
        using MemoryStream output = new();
        PipeWriter pipe = PipeWriter.Create(output, new StreamPipeWriterOptions(leaveOpen: true));
        Mp4Summary summary = await TrackMerger.MergeAsync([new MergeInput { Input = new Trickle(file), Name = "x", Keys = ReferenceKeys.None, Tracks = t => t.Id == 1 }], pipe, null, TestContext.Current.CancellationToken);
        await pipe.CompleteAsync();
        await ExpectSamplesAsync(output.ToArray(), [S1, S2]);
        summary.Tracks.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Samples = 2L, Bytes = 73L, ProtectedSamples = 0L });
        summary.BytesWritten.Should().Be(output.Length);
    }

    [Fact]
    public async Task A_track_that_becomes_another_within_its_file_is_refused()
    {
        byte[] other = Moov(Trak(1, Stsd(Mp4a(Box("btrt", Zeros(12))))));
        byte[] file = Join(Moov(Trak(1, Stsd(Mp4a()))), Clear(1, 0, S1), other, Clear(1, 5, S2));
        Func<Task> merge = () => MergeAsync(true, file);
        (await merge.Should().ThrowAsync<MediaFormatException>()).Which.Message.Should().Contain("track 1 changes");
    }

    [Fact]
    public async Task No_track_is_refused()
    {
        Func<Task> merge = () => MergeAsync(true, Join(Box("moov", MvhdBox)));
        await merge.Should().ThrowAsync<MediaFormatException>();
    }

    [Fact]
    public async Task Negative_composition_offsets_and_first_sample_flags_survive()
    {
        byte[] moof = Moof(l => [Box("traf", Tfhd(1, 0x020020, U32(0x01010000)), Full("trun", 1, 0xA05, U32(3), U32((uint)l + 8), U32(0x02000000),
            U32(40), U32(0), U32(33), U32(unchecked((uint)-20)), U32(5), U32(10)))]);
        byte[] merged = await MergeAsync(true, Join(Moov(Trak(1, Stsd(Mp4a()))), moof, Box("mdat", S1, S2, S3)));
        using Mp4Reader reader = await Mp4Reader.OpenAsync(new MemoryStream(merged), "x", TestContext.Current.CancellationToken);
        List<(int, bool, ulong)> found = [];
        await foreach (ClearFragment fragment in reader.ReadAsync(ReferenceKeys.None, null, TestContext.Current.CancellationToken))
            found.AddRange(fragment.Samples.Select(s => (s.CompositionOffset, s.IsSync, s.DecodeTime)));
        found.Should().Equal((0, true, 0ul), (-20, false, 10ul), (10, false, 20ul));
    }

    [Fact]
    public async Task Ffmpeg_finds_the_tracks_of_two_files_side_by_side()
    {
        if (!Ffmpeg.Exists) Assert.Skip(Ffmpeg.Absent);
        string folder = Directory.CreateTempSubdirectory("keyway").FullName;
        try
        {
            string video = Path.Combine(folder, "video.mp4"), audio = Path.Combine(folder, "audio.mp4"), merged = Path.Combine(folder, "merged.mp4");
            Ffmpeg.Run(["-v", "error", "-f", "lavfi", "-i", "testsrc=s=160x120:d=3", "-c:v", "mpeg4", "-movflags", "frag_keyframe+empty_moov", video]).Exit.Should().Be(0);
            Ffmpeg.Run(["-v", "error", "-f", "lavfi", "-i", "sine=d=3", "-c:a", "aac", audio]).Exit.Should().Be(0);
            await File.WriteAllBytesAsync(merged, await MergeAsync(true, await File.ReadAllBytesAsync(video, TestContext.Current.CancellationToken), await File.ReadAllBytesAsync(audio, TestContext.Current.CancellationToken)), TestContext.Current.CancellationToken);
            (await Ffmpeg.ComplaintsAsync(merged, TestContext.Current.CancellationToken)).Should().BeEmpty();
            foreach ((string single, int stream) in ((string, int)[])[(video, 0), (audio, 1)])
                Hash(merged, stream).Should().Be(Hash(single, 0));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // All but the duration, which ffmpeg cuts short at the end of a progressive track.
    private static string Hash(string path, int stream)
    {
        string list = path + ".md5";
        Ffmpeg.Run(["-y", "-v", "error", "-ignore_editlist", "1", "-i", path, "-map", $"0:{stream}", "-c", "copy", "-f", "framemd5", list]).Should().BeEquivalentTo((0, ""));
        return string.Join('\n', File.ReadLines(list).Where(l => !l.StartsWith('#')).Select(l => l.Split(',')).Select(f => $"{f[1]}{f[2]}{f[4]}{f[5]}"));
    }

    /// <summary>Sequence number, track and decode time of every fragment.</summary>
    private static List<(uint, uint, ulong)> Fragments(byte[] file)
    {
        List<(uint, uint, ulong)> found = [];
        BoxWalker walker = new(file, 0, 0, BoxPath.Root);
        while (walker.MoveNext(out Box box))
        {
            if (box.Type != FourCc.Moof) continue;
            Structure.Moof.TryRead(box, out Moof moof, out _).Should().BeTrue();
            found.Add((BinaryPrimitives.ReadUInt32BigEndian(box.Content[12..]), moof.Trafs[0].Header.TrackId, moof.Trafs[0].BaseTime!.Value));
        }

        return found;
    }
}

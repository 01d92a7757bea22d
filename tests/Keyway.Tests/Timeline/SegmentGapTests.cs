using System.Buffers.Binary;
using Keyway.Mp4;

namespace Keyway.Timeline;

/// <summary>The sample with segments of its video replaced: what is wrong with one leaves the others as they are and at their times, and is reported.</summary>
public sealed class SegmentGapTests : IDisposable
{
    private const int PerSegment = 100;
    private readonly string _folder = Directory.CreateTempSubdirectory("keyway-segments-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("missing", 2, "no such file")]
    [InlineData("empty", 2, "empty")]
    [InlineData("zeros", 1, "zero")]
    [InlineData("zeros", 2, "zero")]
    [InlineData("zeros", 5, "zero")]
    [InlineData("free", 3, "moof")]
    [InlineData("html", 4, "HTML")]
    [InlineData("json", 4, "JSON")]
    [InlineData("cut after moof", 2, "cut short")]
    [InlineData("cut in moof", 2, "cut short")]
    [InlineData("cut in mdat", 5, "cut short")]
    [InlineData("cut in mdat", 1, "cut short")]
    [InlineData("another time", 1, "16 s")]
    [InlineData("another time", 2, "16 s")]
    [InlineData("another track", 2, "no track 7")]
    [InlineData("another entry", 2, "entry 3")]
    [InlineData("the audio", 1, "not a segment of this rendition")]
    [InlineData("the audio", 4, "not a segment of this rendition")]
    [InlineData("another rendition", 2, "another rendition")]
    [InlineData("another rendition", 3, "another rendition")]
    [InlineData("another rendition", 5, "another rendition")]
    public async Task A_segment_that_is_not_what_it_should_be_is_a_gap_and_the_others_stay_in_their_places(string what, int number, string reason)
    {
        string manifest = Copy();
        Replace(number, what);
        await using PresentationBench bench = new();
        await using Presentation presentation = await bench.Engine.OpenAsync(new Uri(manifest), cancellationToken: Cancel);
        byte[] file = await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel));

        PresentationGap gap = presentation.Gaps.Should().ContainSingle().Subject;
        gap.Should().Match<PresentationGap>(each => each.Track == 0 && each.Segments == 1 && each.Start == TimeSpan.FromSeconds((number - 1) * 4) && each.Duration == TimeSpan.FromSeconds(4));
        gap.Reason.Should().Contain($"video-360/{number}.m4s").And.Contain(reason);
        int[] left = [.. Enumerable.Range(1, 5).Where(each => each != number)];
        (await PresentationBench.SamplesAsync(file, 1)).Should().Equal(RowsOf(left));
        (await PresentationBench.SamplesAsync(file, 2)).Should().Equal(PresentationBench.Table("audio"), "the other track is none of it");
        (await TimesAsync(file)).Should().Equal(left.Select(each => (ulong)(each - 1) * 51_200));

        // Byte by byte, too, and sample by sample.
        byte[] alone = await PresentationBench.WriteAsync(pipe => presentation.WriteAsync(presentation.Tracks[0], pipe, Cancel));
        (await PresentationBench.SamplesAsync(alone)).Should().Equal(RowsOf(left));
        (await PresentationBench.ReadAsync(presentation, 0)).Should().Equal(RowsOf(left));
    }

    [Theory]
    [InlineData("mdat without a size", null)]
    [InlineData("one byte more", "1 bytes behind the last box")]
    [InlineData("zeros behind", "16 bytes behind the last box")]
    [InlineData("a text behind", "bytes behind the last box")]
    public async Task What_is_whole_all_the_same_is_read(string what, string? note)
    {
        string manifest = Copy();
        for (int number = 1; number <= 5; number++) Replace(number, what);
        await using PresentationBench bench = new();
        await using Presentation presentation = await bench.Engine.OpenAsync(new Uri(manifest), new PresentationOptions { Gaps = GapPolicy.Refuse }, Cancel);
        byte[] file = await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel));
        (await PresentationBench.SamplesAsync(file, 1)).Should().Equal(PresentationBench.Table("video-360"));
        presentation.Gaps.Should().BeEmpty();
        string[] notes = [.. presentation.Notes.Where(each => each.Contains("video-360", StringComparison.Ordinal))];
        notes.Should().HaveCount(note is null ? 0 : 5);
        if (note is not null) notes.Should().OnlyContain(each => each.Contains(note, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Zeros_behind_the_initialisation_segment_change_nothing()
    {
        string manifest = Copy();
        string init = Path.Combine(_folder, "video-360", "init.mp4");
        await File.WriteAllBytesAsync(init, [.. await File.ReadAllBytesAsync(init, Cancel), .. new byte[16]], Cancel);
        await using PresentationBench bench = new();
        await using Presentation presentation = await bench.Engine.OpenAsync(new Uri(manifest), cancellationToken: Cancel);
        byte[] file = await PresentationBench.WriteAsync(pipe => presentation.WriteAsync(presentation.Tracks[0], pipe, Cancel));
        (await PresentationBench.SamplesAsync(file)).Should().Equal(PresentationBench.Table("video-360"));
        presentation.Notes.Should().ContainSingle(note => note.Contains("init.mp4", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Gaps_are_errors_where_that_is_wanted_and_where_most_is_missing()
    {
        string manifest = Copy();
        Replace(2, "zeros");
        await using PresentationBench bench = new();
        await ReadAsync(GapPolicy.Default);
        (await Refused<MediaFormatException>(GapPolicy.Refuse)).Should().Contain("video-360/2.m4s").And.Contain("8 zero bytes");

        Replace(3, "missing");
        await ReadAsync(GapPolicy.Default);
        Replace(4, "missing");
        (await Refused<MediaFormatException>(GapPolicy.Default)).Should().Contain("3 of 5 segments").And.Contain("video-360/2.m4s");
        await ReadAsync(GapPolicy.Accept);

        Replace(1, "missing");
        Replace(5, "missing");
        (await Refused<SourceException>(GapPolicy.Accept)).Should().Contain("5 of 5 segments", "nothing is left to be accepted");

        async Task ReadAsync(GapPolicy policy)
        {
            await using Presentation presentation = await bench.Engine.OpenAsync(new Uri(manifest), new PresentationOptions { Gaps = policy }, Cancel);
            await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel));
        }

        async Task<string> Refused<T>(GapPolicy policy)
            where T : Exception =>
            (await FluentActions.Awaiting(() => ReadAsync(policy)).Should().ThrowAsync<T>()).Which.Message;
    }

    private static IEnumerable<string> RowsOf(IEnumerable<int> segments) => segments.SelectMany(static number => PresentationBench.Table("video-360").Skip((number - 1) * PerSegment).Take(PerSegment));

    private static async Task<List<ulong>> TimesAsync(byte[] file)
    {
        List<ulong> times = [];
        using Mp4Reader reader = await Mp4Reader.OpenAsync(new MemoryStream(file), "output", Cancel);
        await foreach (ClearFragment fragment in reader.ReadAsync(ReferenceKeys.None, static track => track.Id == 1, Cancel)) times.Add(fragment.DecodeTime);
        return times;
    }

    private string Copy()
    {
        string source = PresentationBench.Sample("cenc").LocalPath;
        foreach (string file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(_folder, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        return Path.Combine(_folder, "manifest.mpd");
    }

    private void Replace(int number, string what)
    {
        string path = Path.Combine(_folder, "video-360", $"{number}.m4s");
        byte[] own = File.ReadAllBytes(path);
        int moof = own.AsSpan().IndexOf("moof"u8) - 4, mdat = own.AsSpan().IndexOf("mdat"u8) - 4, tfhd = own.AsSpan().IndexOf("tfhd"u8) - 4;
        if (what == "missing")
        {
            File.Delete(path);
            return;
        }

        if (what == "mdat without a size") BinaryPrimitives.WriteInt32BigEndian(own.AsSpan(mdat), 0);
        if (what == "another track") BinaryPrimitives.WriteInt32BigEndian(own.AsSpan(tfhd + 12), 7);
        if (what == "another entry") BinaryPrimitives.WriteInt32BigEndian(own.AsSpan(tfhd + 16), 3);
        File.WriteAllBytes(path, what switch
        {
            "empty" => [],
            "zeros" => new byte[8],
            "free" => [0, 0, 0, 16, .. "free"u8, .. new byte[8]],
            "html" => "<html><body>Service unavailable</body></html>"u8.ToArray(),
            "json" => "{ \"error\": 503 }"u8.ToArray(),
            "cut after moof" => own[..mdat],
            "cut in moof" => own[..(moof + 200)],
            "cut in mdat" => own[..(mdat + 500)],
            "another time" => Other($"video-360/{(number == 5 ? 1 : 5)}.m4s"),
            "the audio" => Other($"audio/{number}.m4s"),
            "another rendition" => Other($"video-180/{number}.m4s"),
            "one byte more" => [.. own, 0],
            "zeros behind" => [.. own, .. new byte[16]],
            "a text behind" => [.. own, .. "\r\n<!-- served by cache 7 -->\r\n"u8],
            _ => own,
        });
    }

    private static byte[] Other(string name) => File.ReadAllBytes(PresentationBench.Sample($"cenc/{name}").LocalPath);
}

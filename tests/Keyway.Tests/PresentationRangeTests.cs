using Keyway.Mp4;
using Keyway.Timeline;

namespace Keyway;

/// <summary>Any moment and any segment of a presentation, against the tables that were made before encryption.</summary>
public sealed class PresentationRangeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("cenc", 0)]
    [InlineData("cenc", 1)]
    [InlineData("cbcs", 0)]
    [InlineData("cbcs", 1)]
    public async Task A_stretch_is_exact_to_the_sample_and_begins_with_the_sync_sample_before_it(string scheme, int index)
    {
        await using PresentationBench bench = new();
        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample($"{scheme}/manifest.mpd"), cancellationToken: Cancel);
        PresentationTrack track = presentation.Tracks[index];
        List<Read> all = await ReadAsync(presentation, track, default);
        all.Select(static read => read.Row).Should().Equal(PresentationBench.Table(index == 0 ? "video-360" : "audio"), "what is compared with is as it was before encryption");

        Random random = new(12);
        List<TimeRange> ranges = [new() { From = TimeSpan.FromSeconds(4) }, new() { Until = TimeSpan.FromSeconds(4) }, new() { From = TimeSpan.FromSeconds(3.99), Until = TimeSpan.FromSeconds(4.01) }, new() { From = TimeSpan.Zero, Until = TimeSpan.FromSeconds(20) }];
        for (int i = 0; i < 12; i++)
        {
            double from = random.NextDouble() * 19;
            ranges.Add(new TimeRange { From = TimeSpan.FromSeconds(from), Until = TimeSpan.FromSeconds(from + (random.NextDouble() * (20 - from))) });
        }

        // Backward as well as forward: they come in no order.
        foreach (TimeRange range in ranges)
        {
            List<Read> read = await ReadAsync(presentation, track, range);
            List<Read> presented = [.. read.Where(static each => each.IsPresented)];
            presented.Should().Equal(all.Where(each => each.IsPresented && !(each.Time < range.From) && !(each.Time >= range.Until)), "{0}", range);
            if (read.Count == 0) continue;
            read[0].IsSync.Should().BeTrue("{0}", range);
            int begin = all.FindIndex(each => each.Row == read[0].Row && each.Time == read[0].Time);
            read.Select(static each => (each.Row, each.Time)).Should().Equal(all.Skip(begin).Take(read.Count).Select(static each => (each.Row, each.Time)), "{0}: nothing is left out that others lean on", range);
            all.Skip(begin + 1).TakeWhile(each => each.Time <= range.From).Should().NotContain(static each => each.IsSync && each.IsPresented, "{0}: it is the last sync sample before", range);
        }
    }

    [Theory]
    [InlineData("cbcs/video-360.mp4", true)]
    [InlineData("cbcs/video-360.mp4", false)]
    public async Task A_stretch_of_a_file_is_read_from_where_its_index_says(string sample, bool indexed)
    {
        await using PresentationBench bench = new();
        byte[] bytes = await File.ReadAllBytesAsync(PresentationBench.Sample(sample).LocalPath, Cancel);
        if (!indexed) "free"u8.CopyTo(bytes.AsSpan()[bytes.AsSpan().IndexOf("sidx"u8)..]);
        List<long> told = [];
        PresentationOptions options = new() { Progress = new Told(each => told.Add(each.Bytes)) };
        await using Presentation presentation = await bench.Engine.OpenAsync(bench.Place("file.mp4", bytes), options, Cancel);
        List<Read> all = await ReadAsync(presentation, presentation.Tracks[0], default);
        told.Clear();
        TimeRange range = new() { From = TimeSpan.FromSeconds(13.1), Until = TimeSpan.FromSeconds(15) };
        List<Read> read = await ReadAsync(presentation, presentation.Tracks[0], range);
        read.Where(static each => each.IsPresented).Should().Equal(all.Where(each => each.IsPresented && each.Time >= range.From && each.Time < range.Until)).And.NotBeEmpty();
        read[0].IsSync.Should().BeTrue();
        if (indexed) told[^1].Should().BeLessThan(bytes.Length / 2);
        else told[^1].Should().BeGreaterThan(bytes.Length / 2);
    }

    [Fact]
    public async Task Several_readers_read_the_same_track_at_once()
    {
        await using PresentationBench bench = new();
        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), cancellationToken: Cancel);
        List<Read>[] found = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => ReadAsync(presentation, presentation.Tracks[i % 2], new TimeRange { From = TimeSpan.FromSeconds(2 * i) })));
        for (int i = 0; i < found.Length; i++)
            found[i].Select(static read => read.Row).Should().Equal(PresentationBench.Table(i % 2 == 0 ? "video-360" : "audio").TakeLast(found[i].Count));
    }

    [Theory]
    [InlineData("cenc")]
    [InlineData("cbcs")]
    public async Task Every_segment_of_every_rendition_comes_clear_and_as_long_as_it_was(string scheme)
    {
        await using PresentationBench bench = new();
        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample($"{scheme}/manifest.mpd"), cancellationToken: Cancel);
        presentation.Timeline.Periods.Should().ContainSingle().Which.Renditions.Should().HaveCount(3, "whether they are chosen or not");
        foreach (Rendition rendition in presentation.Timeline.Periods[0].Renditions)
        {
            IReadOnlyList<TimelineSegment> segments = await presentation.SegmentsAsync(rendition, cancellationToken: Cancel);
            segments.Should().HaveCount(5);
            byte[] head = await BytesAsync(await presentation.OpenInitializationAsync(rendition, Cancel));
            head.Length.Should().Be((int)LengthOf(rendition.Segments.Initialization!.Value));
            Dictionary<int, byte[]> clear = [];
            // The last one first.
            for (int i = segments.Count - 1; i >= 0; i--)
            {
                clear[i] = await BytesAsync(await presentation.OpenSegmentAsync(rendition, segments[i], Cancel));
                clear[i].Length.Should().Be((int)LengthOf(segments[i]));
            }

            byte[] whole = [.. head, .. clear.OrderBy(static each => each.Key).SelectMany(static each => each.Value)];
            string table = rendition.Kind == MediaKind.Audio ? "audio" : $"video-{rendition.Height}";
            (await PresentationBench.SamplesAsync(whole)).Should().Equal(PresentationBench.Table(table));
        }
    }

    [Fact]
    public async Task Renditions_that_are_not_chosen_are_read_beside_those_that_are()
    {
        await using PresentationBench bench = new();
        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), cancellationToken: Cancel);
        List<string>[] found = await Task.WhenAll(presentation.Timeline.Periods[0].Renditions.Select(async rendition =>
        {
            List<string> rows = [];
            await foreach (ClearFragment fragment in presentation.ReadAsync(rendition, default, Cancel))
                foreach (ClearSample sample in fragment.Samples) rows.Add(PresentationBench.Row(sample.Data.Span));
            return rows;
        }));
        found[0].Should().Equal(PresentationBench.Table("audio"));
        found[1].Should().Equal(PresentationBench.Table("video-180"));
        found[2].Should().Equal(PresentationBench.Table("video-360"));
    }

    [Fact]
    public async Task What_there_is_not_is_a_typed_error_that_says_what_there_is()
    {
        await using PresentationBench bench = new();
        await using Presentation presentation = await bench.Engine.OpenAsync(PresentationBench.Sample("cenc/manifest.mpd"), cancellationToken: Cancel);
        await using Presentation other = await bench.Engine.OpenAsync(PresentationBench.Sample("cbcs/manifest.mpd"), cancellationToken: Cancel);
        Rendition rendition = presentation.Timeline.Periods[0].Renditions[0];
        TimeRange late = new() { From = TimeSpan.FromSeconds(21), Until = TimeSpan.FromSeconds(22) };

        Func<Task> outside = () => ReadAsync(presentation, presentation.Tracks[0], late);
        (await outside.Should().ThrowAsync<RangeNotFoundException>()).WithMessage("*00:00:21*00:00:22*there is 00:00:00 to 00:00:20*").Which.Available!.Value.Until.Should().Be(TimeSpan.FromSeconds(20));
        Func<Task> list = async () => await presentation.SegmentsAsync(rendition, late, Cancel);
        await list.Should().ThrowAsync<RangeNotFoundException>();
        Func<Task> strange = async () => await presentation.SegmentsAsync(other.Timeline.Periods[0].Renditions[0], cancellationToken: Cancel);
        (await strange.Should().ThrowAsync<RenditionNotFoundException>()).WithMessage("*there is: audio*video*");
        TimelineSegment first = (await presentation.SegmentsAsync(rendition, cancellationToken: Cancel))[0];
        Func<Task> none = async () => await presentation.OpenSegmentAsync(rendition, first with { Number = 99, Address = new Uri(first.Address, "99.m4s") }, Cancel);
        await none.Should().ThrowAsync<RangeNotFoundException>().WithMessage("*99.m4s is no segment*00:00:20*");
        Func<Task> foreign = async () => await presentation.OpenSegmentAsync(rendition, first with { Address = new Uri("https://elsewhere.example/1.m4s") }, Cancel);
        await foreign.Should().ThrowAsync<RangeNotFoundException>("an address that the manifest does not name is not asked");
    }

    [Fact]
    public async Task A_segment_that_is_not_what_its_rendition_promises_is_refused()
    {
        await using PresentationBench bench = new();
        byte[] audio = await File.ReadAllBytesAsync(PresentationBench.Sample("cenc/audio/2.m4s").LocalPath, Cancel);
        byte[] video = await File.ReadAllBytesAsync(PresentationBench.Sample("cenc/video-360/2.m4s").LocalPath, Cancel);
        Uri manifest = bench.PlaceSample((name, bytes) => name == "2.m4s" && bytes.AsSpan().SequenceEqual(audio) ? video : name == "3.m4s" ? bytes[..^100] : bytes);
        await using Presentation presentation = await bench.Engine.OpenAsync(manifest, cancellationToken: Cancel);
        Rendition rendition = presentation.Timeline.Periods[0].Renditions.Single(static each => each.Kind == MediaKind.Audio);
        IReadOnlyList<TimelineSegment> segments = await presentation.SegmentsAsync(rendition, cancellationToken: Cancel);
        (await BytesAsync(await presentation.OpenSegmentAsync(rendition, segments[0], Cancel))).Should().NotBeEmpty();
        Func<Task> another = async () => await presentation.OpenSegmentAsync(rendition, segments[1], Cancel);
        await another.Should().ThrowAsync<MediaFormatException>();
        Func<Task> cut = async () => await presentation.OpenSegmentAsync(rendition, segments[2], Cancel);
        (await cut.Should().ThrowAsync<MediaFormatException>()).WithMessage("*3.m4s*");
    }

    private static async Task<List<Read>> ReadAsync(Presentation presentation, PresentationTrack track, TimeRange range)
    {
        List<Read> samples = [];
        await foreach (ClearFragment fragment in presentation.ReadAsync(track, range, Cancel))
            foreach (ClearSample sample in fragment.Samples)
                samples.Add(new Read(PresentationBench.Row(sample.Data.Span), sample.PresentationTime, sample.IsSync, sample.IsPresented));
        return samples;
    }

    private static long LengthOf(TimelineSegment segment) => segment.Range?.Length ?? new FileInfo(segment.Address.LocalPath).Length;

    private static async Task<byte[]> BytesAsync(Stream stream)
    {
        await using (stream)
        {
            using MemoryStream copy = new();
            await stream.CopyToAsync(copy, Cancel);
            return copy.ToArray();
        }
    }

    private sealed class Told(Action<PresentationProgress> tell) : IProgress<PresentationProgress>
    {
        public void Report(PresentationProgress value) => tell(value);
    }

    private sealed record Read(string Row, TimeSpan Time, bool IsSync, bool IsPresented);
}

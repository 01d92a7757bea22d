using Keyway.Dash;
using Keyway.Sources;
using Keyway.Testing;

namespace Keyway.Timeline;

/// <summary>What a list of segments answers, whatever manifest it is of: next, at a time, newest, a range.</summary>
public sealed class SegmentListTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Each of five segments of 4 s, the media's clock 10 s ahead of the period's.</summary>
    [Theory]
    [InlineData("""<SegmentTemplate media="$Number$" timescale="10" duration="40" presentationTimeOffset="100"/>""")]
    [InlineData("""<SegmentTemplate media="$Time$" timescale="10" presentationTimeOffset="100"><SegmentTimeline><S t="100" d="40" r="4"/></SegmentTimeline></SegmentTemplate>""")]
    [InlineData("""<SegmentList timescale="10" duration="40" presentationTimeOffset="100"><SegmentURL media="1"/><SegmentURL media="2"/><SegmentURL media="3"/><SegmentURL media="4"/><SegmentURL media="5"/></SegmentList>""")]
    public void What_is_complete_answers_everything(string addressing)
    {
        SegmentList list = One($"""<Period duration="PT20S"><AdaptationSet mimeType="video/mp4">{addressing}<Representation id="v"/></AdaptationSet></Period>""", "");
        list.IsLive.Should().BeFalse();
        list.Played().Select(each => list.StartOf(each).TotalSeconds).Should().Equal(0, 4, 8, 12, 16);
        list.Next(null, Start).Segment.Time.Should().Be(100);
        list.Next(140, Start).Segment.Time.Should().Be(180);
        list.Next(260, Start).Kind.Should().Be(SegmentStepKind.Ended);
        Seconds(list, list.At(TimeSpan.FromSeconds(11.9), Start)).Should().Be(8);
        Seconds(list, list.At(TimeSpan.FromSeconds(12), Start)).Should().Be(12);
        Seconds(list, list.Newest(Start)).Should().Be(16);
        list.Range(TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(12)).Select(each => list.StartOf(each).TotalSeconds).Should().Equal(4, 8);
        list.Range(TimeSpan.FromSeconds(3.9), TimeSpan.FromSeconds(12.1)).Select(each => list.StartOf(each).TotalSeconds).Should().Equal(0, 4, 8, 12);
        list.Range(TimeSpan.FromSeconds(18), null).Select(each => list.StartOf(each).TotalSeconds).Should().Equal(16);
        list.Range(TimeSpan.FromSeconds(20), null).Should().BeEmpty();
    }

    [Theory]
    [InlineData("""<SegmentTemplate media="$Number$" duration="4"/>""")]
    [InlineData("""<SegmentTemplate media="$Time$"><SegmentTimeline><S t="0" d="4" r="-1"/></SegmentTimeline></SegmentTemplate>""")]
    public void What_is_live_answers_as_of_a_time(string addressing)
    {
        SegmentList list = One(
            $"""<Period start="PT0S"><AdaptationSet mimeType="video/mp4">{addressing}<Representation id="v"/></AdaptationSet></Period>""",
            """type="dynamic" availabilityStartTime="2026-01-01T00:00:00Z" minimumUpdatePeriod="PT4S" timeShiftBufferDepth="PT12S" """);
        list.IsLive.Should().BeTrue();
        DateTimeOffset now = Start.AddSeconds(41);
        Seconds(list, list.Newest(now)).Should().Be(36);
        list.Newest(Start.AddSeconds(3)).Kind.Should().Be(SegmentStepKind.None, "nothing is there yet");
        SegmentStep next = list.Next(36, now);
        (next.Kind, next.Available).Should().Be((SegmentStepKind.Later, Start.AddSeconds(44)));
        Seconds(list, list.At(TimeSpan.FromSeconds(33), now)).Should().Be(32);
        list.Range(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(36), now).Select(each => list.StartOf(each).TotalSeconds).Should().Equal(28, 32);
    }

    [Fact]
    public void What_is_worked_out_is_what_a_walk_over_all_of_them_finds()
    {
        Random random = new(5);
        for (int round = 0; round < 200; round++)
        {
            int scale = random.Next(1, 50), offset = random.Next(0, 3) * random.Next(0, 200), length = random.Next(1, 60);
            string runs = string.Concat(Enumerable.Range(0, random.Next(1, 5)).Select(i => $"<S {(i == 0 || random.Next(2) == 0 ? $"t=\"{(i * 400) + random.Next(0, 100)}\" " : "")}d=\"{random.Next(1, 40)}\" r=\"{random.Next(0, 6)}\"/>"));
            string addressing = random.Next(2) == 0 ? $"duration=\"{random.Next(1, 40)}\"/>" : $"><SegmentTimeline>{runs}</SegmentTimeline></SegmentTemplate>";
            SegmentList list = One($"<Period duration=\"PT{length}S\"><AdaptationSet mimeType=\"video/mp4\"><SegmentTemplate media=\"$Number$-$Time$\" timescale=\"{scale}\" presentationTimeOffset=\"{offset}\" {addressing}<Representation id=\"v\"/></AdaptationSet></Period>", "");
            TimelineSegment[] all = [.. list.Played()];
            for (int i = 0; i < 20; i++)
            {
                TimeSpan from = TimeSpan.FromTicks(random.NextInt64(0, length * TimeSpan.TicksPerSecond)), until = from + TimeSpan.FromTicks(random.NextInt64(1, length * TimeSpan.TicksPerSecond));
                // Cross-multiplied, in whole numbers: neither is rounded.
                Int128 Begin(TimelineSegment each) => ((Int128)each.Time - (ulong)offset) * TimeSpan.TicksPerSecond;
                Int128 End(TimelineSegment each) => Begin(each) + ((Int128)each.Duration * TimeSpan.TicksPerSecond);
                list.Range(from, until).Should().Equal(all.Where(each => End(each) > (Int128)from.Ticks * scale && Begin(each) < (Int128)until.Ticks * scale));
                SegmentStep at = list.At(from, Start);
                if (all.Length == 0) at.Kind.Should().Be(SegmentStepKind.None);
                else at.Segment.Should().Be(all.LastOrDefault(each => Begin(each) <= (Int128)from.Ticks * scale, all[0]));
            }

            for (int i = 0; i < all.Length; i++) list.Next(i == 0 ? null : all[i - 1].Time, Start).Segment.Should().Be(all[i]);
        }
    }

    [Fact]
    public async Task An_index_is_read_and_answers_with_its_own_units()
    {
        Assert.SkipWhen(Corpus.Shared is null, Corpus.Absent);
        string path = Path.Combine(Corpus.Shared!, "corpus", "clear", "shaka-packager", "hevc-with-encryption_decrypted-bear-640x360-hevc-video-0.mp4");
        FileSegments file = new(new Uri(path), path);
        file.IsIndexed.Should().BeFalse("nobody has looked");
        SegmentList list = await file.OpenAsync(new MediaSources(null, TimeProvider.System), ContentOrigin.Of(new Uri(path)), Cancel);

        // What mp4dump shows of its sidx: three subsegments of 30030, 30030 and 24024 units of 30000.
        list.Played().Select(static each => (each.Number, each.Duration, each.Timescale)).Should().Equal((1UL, 30030UL, 30000UL), (2UL, 30030UL, 30000UL), (3UL, 24024UL, 30000UL));
        list.Initialization!.Value.Range.Should().Be(new ByteRange(0, list.Played().First().Range!.Value.First - 1));
        list.Next(0, default).Segment.Number.Should().Be(2);
        list.Next(60060, default).Kind.Should().Be(SegmentStepKind.Ended);
        list.Newest(default).Segment.Range!.Value.Last.Should().Be(new FileInfo(path).Length - 1);
    }

    [Fact]
    public async Task A_file_without_an_index_is_its_only_segment()
    {
        Uri file = PresentationBench.Sample("cenc/video-360/init.mp4");
        SegmentList list = await new FileSegments(file, "init.mp4").OpenAsync(new MediaSources(null, TimeProvider.System), ContentOrigin.Of(file), Cancel);
        list.IsWholeFile.Should().BeTrue();
        list.Played().Should().ContainSingle().Which.Address.Should().Be(file);
    }

    private static double Seconds(SegmentList list, SegmentStep step)
    {
        step.Kind.Should().Be(SegmentStepKind.Ready);
        return list.StartOf(step.Segment).TotalSeconds;
    }

    private static SegmentList One(string periods, string attributes) => DashTimeline.Of(Mpd.Read(Mpd.Around(periods, attributes))).Periods.Single().Renditions.Single().Segments;
}

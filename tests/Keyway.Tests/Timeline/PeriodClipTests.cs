using Keyway.Mp4;

namespace Keyway.Timeline;

/// <summary>Periods play what lies between their beginning and their end, and nothing else (ISO/IEC 23009-1, 7.2.1): to the sample, and each at its time.</summary>
public sealed class PeriodClipTests : IDisposable
{
    private const int Frame = 512;
    private readonly string _folder = Directory.CreateTempSubdirectory("keyway-periods-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(0, 8)]
    [InlineData(4, 12)]
    [InlineData(0, 20)]
    [InlineData(0, 19.97)]
    [InlineData(0, 7)]
    [InlineData(2, 9.5)]
    public async Task One_period_plays_its_part_from_time_0_on(double from, double length)
    {
        List<(string Row, long Time)> all = await PlayAsync(Period(1, 20, 0)), played = await PlayAsync(Period(1, length, from));
        all.Select(sample => sample.Row).Should().Equal(PresentationBench.Table("video-180"));
        all.Select(sample => sample.Time).Order().Should().Equal(Enumerable.Range(0, 500).Select(i => (long)i * Frame));
        // A length that is rounded cuts nothing off.
        ShouldBe(played, all, from, length > 19.9 ? 20 : length, 0);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6.04)]
    [InlineData(7.2)]
    [InlineData(8)]
    public async Task Periods_that_go_on_with_the_same_media_play_each_sample_once_wherever_they_meet(double at)
    {
        List<(string Row, long Time)> played = await PlayAsync(Period(1, at, 0) + Period(2, 20 - at, at));
        played.Select(sample => sample.Row).Should().Equal(PresentationBench.Table("video-180"));
        played.Select(sample => sample.Time).Order().Should().Equal(Enumerable.Range(0, 500).Select(i => (long)i * Frame));
    }

    [Fact]
    public async Task The_pictures_that_a_period_is_decoded_from_come_right_before_it_and_are_not_seen()
    {
        // From 7 s on, a second behind the picture that stands alone, after 4 s of something else.
        List<(string Row, long Time)> all = await PlayAsync(Period(1, 20, 0)), played = await PlayAsync(Period(1, 4, 12) + Period(2, 4, 7));
        ShouldBe([.. played.Take(100)], all, 12, 4, 0);
        List<(string Row, long Time)> second = [.. played.Skip(100)], hidden = [.. second.Where(sample => sample.Time < 100 * Frame)];
        ShouldBe([.. second.Except(hidden)], all, 7, 4, 100 * Frame);
        second[0].Row.Should().Be(PresentationBench.Table("video-180")[150], "it begins with the picture that stands alone");
        hidden.Should().HaveCountGreaterThanOrEqualTo(22).And.OnlyContain(sample => sample.Time >= (100 * Frame) - hidden.Count, "each of them lasts one unit of 12 800 a second");
    }

    [Theory]
    [InlineData(189)]
    [InlineData(188)]
    public async Task Each_frame_of_sound_is_played_once_whether_periods_count_with_its_edit_list_or_without(int frames)
    {
        // The first segment has 189 frames, of which the edit list hides the first. Neither period lists the segments of the other.
        List<(string Row, long Time)> played = await PlayAsync(Sound(1, 0, frames, 0) + Sound(2, frames, 939 - frames, 1), "audio");
        played.Select(sample => sample.Row).Should().Equal(PresentationBench.Table("audio"));
        played.Select(sample => sample.Time).Should().Equal(Enumerable.Range(-1, 939).Select(i => i * SoundFrame));
    }

    [Fact]
    public async Task A_frame_before_its_period_is_not_played_where_something_else_was()
    {
        // The end of the sample, then its second segment, whose first frame the edit list puts before the period.
        List<(string Row, long Time)> played = await PlayAsync(Sound(1, 750, 189, 4) + Sound(2, 189, 100, 1), "audio");
        List<string> table = PresentationBench.Table("audio");
        played.Select(sample => sample.Row).Should().NotContain(table[189]).And.Contain(table[190]);
    }

    // What is played is what lies in the period, at its time; at its end up to three frames may be missing, which need one from after the end.
    private static void ShouldBe(List<(string Row, long Time)> played, List<(string Row, long Time)> all, double from, double length, long at)
    {
        long begin = (long)(from * 12800), end = begin + (long)(length * 12800);
        List<(string Row, long Time)> wanted = [.. all.Where(sample => sample.Time >= begin && sample.Time < end).Select(sample => (sample.Row, sample.Time - begin + at)).OrderBy(sample => sample.Item2)];
        List<(string Row, long Time)> ordered = [.. played.OrderBy(sample => sample.Time)];
        ordered.Should().BeSubsetOf(wanted).And.OnlyHaveUniqueItems();
        ordered.Count.Should().BeInRange(wanted.Count - 3, wanted.Count);
        ordered.Take(wanted.Count - 5).Should().Equal(wanted.Take(wanted.Count - 5));
    }

    // Each sample, and when it is presented: its composition time less the offset of the edit list. In decoding order.
    private async Task<List<(string Row, long Time)>> PlayAsync(string periods, string track = "video-180")
    {
        string source = PresentationBench.Sample("cenc").LocalPath;
        Directory.CreateDirectory(Path.Combine(_folder, track));
        foreach (string file in Directory.EnumerateFiles(Path.Combine(source, track))) File.Copy(file, Path.Combine(_folder, track, Path.GetFileName(file)), overwrite: true);
        string manifest = Path.Combine(_folder, "manifest.mpd");
        await File.WriteAllTextAsync(manifest, $"<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\">{periods}</MPD>", Cancel);
        await using PresentationBench bench = new();
        await using Presentation presentation = await bench.Engine.OpenAsync(new Uri(manifest), new PresentationOptions { Gaps = GapPolicy.Refuse }, Cancel);
        byte[] output = await PresentationBench.WriteAsync(pipe => presentation.MergeAsync(presentation.Tracks, pipe, Cancel));
        List<(string, long)> samples = [];
        using Mp4Reader reader = await Mp4Reader.OpenAsync(new MemoryStream(output), "output", Cancel);
        await foreach (ClearFragment fragment in reader.ReadAsync(ReferenceKeys.None, null, Cancel))
            foreach (ClearSample sample in fragment.Samples) samples.Add((PresentationBench.Row(sample.Data.Span), (long)sample.DecodeTime + sample.CompositionOffset - EditOffset));
        return samples;
    }

    // Of the sample's own edit list, for video and audio.
    private const long EditOffset = 1024;
    private const long SoundFrame = 1024;

    private static string Period(int id, double length, double from) => FormattableString.Invariant($"""
        <Period id="{id}" duration="PT{length}S"><AdaptationSet contentType="video" mimeType="video/mp4">
          <ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="cenc"/>
          <SegmentTemplate timescale="12800" presentationTimeOffset="{(long)(from * 12800)}" initialization="video-180/init.mp4" media="video-180/$Number$.m4s" startNumber="1">
            <SegmentTimeline><S t="0" d="51200" r="4"/></SegmentTimeline>
          </SegmentTemplate><Representation id="v" bandwidth="1" codecs="avc1.4d400c" width="320" height="180"/>
        </AdaptationSet></Period>
        """);

    // Counted in frames; the segments from the given one on, or that one alone where it is the first.
    private static string Sound(int id, int from, int length, int segment) => FormattableString.Invariant($"""
        <Period id="{id}" duration="PT{length * SoundFrame / 48000m}S"><AdaptationSet contentType="audio" mimeType="audio/mp4">
          <ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="cenc"/>
          <SegmentTemplate timescale="48000" presentationTimeOffset="{from * SoundFrame}" initialization="audio/init.mp4" media="audio/$Number$.m4s" startNumber="{segment + 1}">
            <SegmentTimeline><S t="{segment * 192000}" d="192000" r="{(segment == 0 ? 0 : 4 - segment)}"/></SegmentTimeline>
          </SegmentTemplate><Representation id="a" bandwidth="1" codecs="mp4a.40.2" audioSamplingRate="48000"/>
        </AdaptationSet></Period>
        """);
}

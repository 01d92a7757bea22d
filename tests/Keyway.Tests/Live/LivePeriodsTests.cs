using System.Net;
using Keyway.Mp4;

namespace Keyway.Live;

/// <summary>Periods of live presentations, and of static ones: one file as long as sample entries match.</summary>
public sealed class LivePeriodsTests
{
    private const string Second = "<SegmentTemplate timescale=\"12800\" duration=\"51200\" startNumber=\"3\" presentationTimeOffset=\"102400\" initialization=\"TRACK/init.mp4\" media=\"TRACK/$Number$.m4s\"/>";

    [Theory]
    [InlineData("video-180", 1)]
    [InlineData("video-360", 2)]
    public async Task A_period_that_comes_while_it_is_read_is_joined_where_it_fits(string later, int files)
    {
        await using LiveScene scene = new();
        scene.Periods = () => scene.Now < TimeSpan.FromSeconds(11)
            ? $"<Period id=\"1\" start=\"PT0S\">{LiveScene.Set("video-180")}</Period>"
            : $"<Period id=\"1\" start=\"PT0S\" duration=\"PT12S\">{LiveScene.Set("video-180")}</Period><Period id=\"2\" start=\"PT12S\">{Late(later, 4)}</Period>";
        await using Presentation presentation = await scene.OpenAsync();
        List<(PresentationPart Part, byte[] File)> parts = await scene.RecordAsync(presentation);
        parts.Should().HaveCount(files);
        List<string> rows = [];
        foreach ((_, byte[] file) in parts) rows.AddRange(await PresentationBench.SamplesAsync(file));
        rows.Should().Equal([.. LiveScene.Rows("video-180", 2, 3), .. LiveScene.Rows(later, 4, 5)]);
        presentation.Gaps.Should().BeEmpty();
        parts.SelectMany(part => part.Part.Periods).Should().Equal("period 1", "period 2");
        List<double> times = await LiveScene.TimesAsync(parts[0].File);
        times.Should().Equal(files == 1 ? [0, 4, 8, 12] : [0, 4]);
        if (files == 2) (await LiveScene.TimesAsync(parts[1].File)).Should().Equal(0, 4);
    }

    [Theory]
    [InlineData("video-180", FragmentMarks.Period)]
    [InlineData("video-360", FragmentMarks.Period | FragmentMarks.Configuration)]
    public async Task Samples_that_are_read_say_when_they_are_presented_and_where_a_period_begins(string later, FragmentMarks marks)
    {
        await using LiveScene scene = new();
        scene.Periods = () => scene.Now < TimeSpan.FromSeconds(11)
            ? $"<Period id=\"1\" start=\"PT0S\">{LiveScene.Set("video-180")}</Period>"
            : $"<Period id=\"1\" start=\"PT0S\" duration=\"PT12S\">{LiveScene.Set("video-180")}</Period><Period id=\"2\" start=\"PT12S\">{Late(later, 4)}</Period>";
        await using Presentation presentation = await scene.OpenAsync();
        List<(FragmentMarks, string?, TimeSpan, TimeSpan)> fragments = await scene.WhileAsync(presentation, ReadAsync());
        fragments.Should().Equal(
            (FragmentMarks.Period | FragmentMarks.Configuration, "period 1", TimeSpan.Zero, TimeSpan.FromSeconds(4)),
            (FragmentMarks.None, "period 1", TimeSpan.Zero, TimeSpan.FromSeconds(8)),
            (marks, "period 2", TimeSpan.FromSeconds(12), TimeSpan.FromSeconds(12)),
            (FragmentMarks.None, "period 2", TimeSpan.FromSeconds(12), TimeSpan.FromSeconds(16)));

        async Task<List<(FragmentMarks, string?, TimeSpan, TimeSpan)>> ReadAsync()
        {
            List<(FragmentMarks, string?, TimeSpan, TimeSpan)> read = [];
            await foreach (ClearFragment fragment in presentation.ReadAsync(presentation.Tracks[0], TestContext.Current.CancellationToken))
                read.Add((fragment.Marks, fragment.Period, fragment.PeriodStart, fragment.PresentationTime));
            return read;
        }
    }

    [Fact]
    public async Task A_segment_is_given_up_when_a_newer_manifest_ends_its_period_before_it()
    {
        await using LiveScene scene = new();
        scene.Answers["https://cdn.example/live/video-180/4.m4s"] = _ => new HttpResponseMessage(HttpStatusCode.NotFound);
        scene.Periods = () => scene.Now < TimeSpan.FromSeconds(18)
            ? $"<Period id=\"1\" start=\"PT0S\">{LiveScene.Set("video-180")}</Period>"
            : $"<Period id=\"1\" start=\"PT0S\" duration=\"PT12S\">{LiveScene.Set("video-180")}</Period><Period id=\"2\" start=\"PT12S\">{Late("video-360", 4)}</Period>";
        await using Presentation presentation = await scene.OpenAsync();
        List<string> rows = [];
        foreach ((_, byte[] file) in await scene.RecordAsync(presentation, () => 0, settled: () => scene.Now < TimeSpan.FromSeconds(17) || scene.Asked("video-180/4.m4s").Any())) rows.AddRange(await PresentationBench.SamplesAsync(file));
        rows.Should().Equal([.. LiveScene.Rows("video-180", 2, 3), .. LiveScene.Rows("video-360", 4, 5)]);
        presentation.Gaps.Should().BeEmpty("what the period does not play is not missing");
    }

    [Fact]
    public async Task What_the_manifest_loses_while_it_is_waited_for_is_a_gap()
    {
        await using LiveScene scene = new();
        scene.Answers["https://cdn.example/live/video-180/4.m4s"] = _ => new HttpResponseMessage(HttpStatusCode.NotFound);
        scene.Periods = () => scene.Now < TimeSpan.FromSeconds(18)
            ? $"<Period id=\"1\" start=\"PT0S\">{LiveScene.Set("video-180")}</Period>"
            : $"<Period id=\"2\" start=\"PT16S\">{Late("video-180", 5)}</Period>";
        await using Presentation presentation = await scene.OpenAsync();
        List<string> rows = [];
        foreach ((_, byte[] file) in await scene.RecordAsync(presentation, () => 0, settled: () => scene.Now < TimeSpan.FromSeconds(17) || scene.Asked("video-180/4.m4s").Any())) rows.AddRange(await PresentationBench.SamplesAsync(file));
        rows.Should().Equal([.. LiveScene.Rows("video-180", 2, 3, 5)]);
        presentation.Gaps.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Track = 0, Start = TimeSpan.FromSeconds(12), Duration = TimeSpan.FromSeconds(4) });
    }

    [Fact]
    public async Task Keys_that_a_new_period_brings_are_asked_for_before_it_is_read()
    {
        await using LiveScene scene = new();
        scene.Periods = () => scene.Now < TimeSpan.FromSeconds(10)
            ? $"<Period id=\"1\" start=\"PT0S\">{LiveScene.Set("video-180")}</Period>"
            : $"<Period id=\"1\" start=\"PT0S\" duration=\"PT16S\">{LiveScene.Set("video-180")}</Period><Period id=\"2\" start=\"PT16S\">{Late("video-360", 5)}</Period>";
        await using Presentation presentation = await scene.OpenAsync();
        TimeSpan? asked = null;
        string wanted = PresentationBench.SampleKeys[0].Id.ToString();
        await scene.RecordAsync(presentation, every: () => asked ??= scene.Bench.Server.Received.Any(each => each.Body.Contains(wanted, StringComparison.Ordinal)) ? scene.Now : null);
        asked.Should().BeLessThan(TimeSpan.FromSeconds(16), "the manifest has announced it");
        scene.Bench.Server.Received.Count(each => each.Body.Contains(wanted, StringComparison.Ordinal)).Should().Be(1);

        string Late(string track, int number) => LivePeriodsTests.Late(track, number).Replace(
            "value=\"cenc\"/>", $"value=\"cenc\" cenc:default_KID=\"{PresentationBench.SampleKeys[0].Id}\"/>", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("video-180", 1)]
    [InlineData("video-360", 2)]
    public async Task Periods_that_stand_are_joined_where_they_fit_and_follow_each_other_in_time(string later, int files)
    {
        await using PresentationBench bench = new();
        Uri manifest = bench.PlaceSample(static (_, bytes) => bytes);
        string text = $"""
            <MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT16S">
              <Period id="film" duration="PT8S">{LiveScene.Set("video-180", template: "endNumber=\"2\"")}</Period>
              <Period duration="PT8S"><AdaptationSet contentType="video" mimeType="video/mp4">
                <ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="cenc"/>
                <Representation id="x" bandwidth="1">{Second.Replace("TRACK", later, StringComparison.Ordinal).Replace("duration=", "endNumber=\"4\" duration=", StringComparison.Ordinal)}</Representation></AdaptationSet></Period>
            </MPD>
            """;
        await File.WriteAllTextAsync(manifest.LocalPath, text, TestContext.Current.CancellationToken);
        await using Presentation presentation = await bench.Engine.OpenAsync(manifest, null, TestContext.Current.CancellationToken);
        presentation.IsLive.Should().BeFalse();
        presentation.PeriodCount.Should().Be(2);
        List<(PresentationPart Part, byte[] File)> parts = await LiveScene.WriteAsync(presentation);
        parts.Should().HaveCount(files);
        List<string> rows = [];
        foreach ((_, byte[] file) in parts) rows.AddRange(await PresentationBench.SamplesAsync(file));
        rows.Should().Equal([.. LiveScene.Rows("video-180", 1, 2), .. LiveScene.Rows(later, 3, 4)]);
        parts.SelectMany(part => part.Part.Periods).Should().Equal("period film", "the period from 00:00:08");
        if (files == 1) (await LiveScene.TimesAsync(parts[0].File)).Should().Equal(0, 4, 8, 12);

        using MemoryStream one = new();
        if (files == 2)
            await FluentActions.Awaiting(() => presentation.MergeAsync(presentation.Tracks, System.IO.Pipelines.PipeWriter.Create(one)).AsTask()).Should().ThrowAsync<MediaFormatException>().WithMessage("*the period from 00:00:08*");
    }

    [Fact]
    public async Task Periods_whose_media_begin_anew_follow_each_other_in_time()
    {
        // The same four seconds twice: what the second time is played from 4 s on says that it begins at 0.
        await using PresentationBench bench = new();
        Uri manifest = bench.PlaceSample(static (_, bytes) => bytes);
        string period = $"<Period duration=\"PT4S\">{LiveScene.Set("video-180", template: "endNumber=\"1\"")}</Period>";
        await File.WriteAllTextAsync(manifest.LocalPath, $"<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\">{period}{period}{period}</MPD>", TestContext.Current.CancellationToken);
        await using Presentation presentation = await bench.Engine.OpenAsync(manifest, null, TestContext.Current.CancellationToken);
        byte[] file = (await LiveScene.WriteAsync(presentation)).Single().File;
        (await PresentationBench.SamplesAsync(file)).Should().Equal(LiveScene.Rows("video-180", 1, 1, 1));
        (await LiveScene.TimesAsync(file)).Should().Equal(0, 4, 8);
    }

    private static string Late(string track, int number) =>
        LiveScene.Set(track).Replace("startNumber=\"1\"", $"startNumber=\"{number}\" presentationTimeOffset=\"{(number - 1) * 51200}\"", StringComparison.Ordinal);
}

using System.Net;
using Keyway.Live;
using Keyway.Mp4;
using Keyway.Protection;
using Keyway.Timeline;

namespace Keyway.Manifests.Smooth;

/// <summary>Live presentations of Smooth Streaming, from the newest fragment to their end, in virtual time.</summary>
public sealed class SmoothLiveTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_is_read_from_the_newest_fragment_on_to_its_end(bool namesNext)
    {
        await using SmoothLiveScene scene = new() { NamesNext = namesNext };
        await scene.InTheClearAsync();
        await using Presentation presentation = await scene.OpenAsync();
        presentation.IsLive.Should().BeTrue();
        byte[] file = await scene.RecordAsync(presentation, namesNext ? null : static _ => 2);
        (await PresentationBench.SamplesAsync(file, 1)).Should().Equal(SmoothLiveScene.Rows("video-180", 4, 9));
        (await LiveScene.TimesAsync(file)).Should().Contain([0, 4, 8, 12, 16, 20]).And.OnlyContain(static time => time < 24);
        presentation.Gaps.Should().BeEmpty();
        presentation.Notes.Should().BeEmpty();
        List<string> audio = await PresentationBench.SamplesAsync(file, 2);
        audio.Should().HaveCountGreaterThan(5 * 180).And.BeSubsetOf(PresentationBench.Table("audio"));
        scene.Requests.Should().NotContain("video -1").And.NotContain("audio -1", "times are asked for as they were named, to the unit");
    }

    [Fact]
    public async Task Fragments_alone_lead_on_where_the_manifest_is_an_old_copy()
    {
        await using SmoothLiveScene scene = new();
        await scene.InTheClearAsync();
        double opened = scene.Now;
        scene.ManifestTime = now => now < scene.End ? opened : now;
        await using Presentation presentation = await scene.OpenAsync();
        byte[] file = await scene.RecordAsync(presentation);
        (await PresentationBench.SamplesAsync(file, 1)).Should().Equal(SmoothLiveScene.Rows("video-180", 4, 9));
        presentation.Gaps.Should().BeEmpty();
    }

    [Fact]
    public async Task A_protected_presentation_opens_with_the_keys_that_its_fragments_name()
    {
        await using SmoothLiveScene scene = new(over: 1) { End = 20 };
        await using Presentation presentation = await scene.OpenAsync();
        byte[] file = await scene.RecordAsync(presentation);
        (await PresentationBench.SamplesAsync(file, 1)).Should().Equal(PresentationBench.Table("video-180"));
        (await PresentationBench.SamplesAsync(file, 2)).Should().Equal(PresentationBench.Table("audio"));
        presentation.Gaps.Should().BeEmpty();
        presentation.Notes.Should().BeEmpty();
    }

    [Fact]
    public async Task Keys_rotate_with_the_headers_of_newer_manifests()
    {
        await using SmoothLiveScene scene = new(over: 1) { End = 20 };
        await scene.InTheClearAsync();
        KeyId first = Made.CorpusKid(1), second = Made.CorpusKid(2);
        scene.Bench.Server.Keys[first] = [.. Enumerable.Repeat((byte)1, 16)];
        scene.Bench.Server.Keys[second] = [.. Enumerable.Repeat((byte)2, 16)];
        scene.Make = (_, number) => new Piff { HasVectors = false, Encryption = number < 4 ? (first, [.. Enumerable.Repeat((byte)1, 16)]) : (second, [.. Enumerable.Repeat((byte)2, 16)]) };
        scene.Headers = SmoothScene.Header(SystemIds.Common, SmoothScene.CommonBox(first));
        await using Presentation presentation = await scene.OpenAsync();
        byte[] file = await scene.RecordAsync(presentation, _ =>
        {
            if (scene.Now > 7) scene.Headers = SmoothScene.Header(SystemIds.Common, SmoothScene.CommonBox(second));
            return 0;
        });
        (await PresentationBench.SamplesAsync(file, 1)).Should().Equal(PresentationBench.Table("video-180"));
        (await PresentationBench.SamplesAsync(file, 2)).Should().Equal(PresentationBench.Table("audio"));
        presentation.Gaps.Should().BeEmpty();
        presentation.Notes.Should().ContainSingle(static note => note.Contains("names other keys than before"));
    }

    [Fact]
    public async Task A_fragment_that_never_comes_is_a_gap_and_what_follows_keeps_its_time()
    {
        await using SmoothLiveScene scene = new() { End = 120 };
        await scene.InTheClearAsync();
        scene.Answers["video 6"] = static () => new HttpResponseMessage(HttpStatusCode.PreconditionFailed);
        await using Presentation presentation = await scene.OpenAsync();
        byte[] file = await scene.RecordAsync(presentation, track => track == 1 || presentation.Gaps.Count > 0 ? 0 : Math.Max(0, scene.Due - 2)).WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        presentation.Gaps.Should().Contain(static gap => gap.Track == 0 && gap.Segments == 1 && gap.Start == TimeSpan.FromSeconds(20) && gap.Duration == TimeSpan.FromSeconds(4))
            .Which.Reason.Should().Contain("412");
        List<string> video = await PresentationBench.SamplesAsync(file, 1);
        video.Take(200).Should().Equal(SmoothLiveScene.Rows("video-180", 4, 5));
        video.Skip(200).Should().Equal(SmoothLiveScene.Rows("video-180", 7, 30));
        // Counted from the first that was read.
        (await LiveScene.TimesAsync(file)).Should().Contain([0, 4, 12, 16, 100]);
    }

    [Fact]
    public async Task Streams_that_begin_at_different_times_begin_together()
    {
        await using SmoothLiveScene scene = new() { AudioLate = 2 };
        await scene.InTheClearAsync();
        await using Presentation presentation = await scene.OpenAsync();
        Rendition video = presentation.Timeline.Periods[0].Renditions[0], audio = presentation.Timeline.Periods[0].Renditions[1];
        audio.Segments.StartOf(audio.Segments.Played().First()).Should().Be(TimeSpan.Zero, "the newest beginning is that of the presentation");
        video.Segments.Played().Should().HaveCount(4);
        video.Segments.StartOf(video.Segments.Played().ElementAt(3)).Should().BeCloseTo(TimeSpan.FromSeconds(4), TimeSpan.FromMilliseconds(25));
    }

    [Fact]
    public async Task A_service_that_goes_away_ends_the_presentation_and_that_is_said()
    {
        await using SmoothLiveScene scene = new() { End = 200, NamesNext = false };
        await scene.InTheClearAsync();
        scene.Answers["Manifest"] = () => scene.Now > 26 ? new HttpResponseMessage(HttpStatusCode.NotFound) : null;
        for (int number = 7; number < 100; number++)
        {
            scene.Answers[$"video {number}"] = static () => new HttpResponseMessage(HttpStatusCode.NotFound);
            scene.Answers[$"audio {number}"] = static () => new HttpResponseMessage(HttpStatusCode.NotFound);
        }

        await using Presentation presentation = await scene.OpenAsync();
        byte[] file = await scene.RecordAsync(presentation, _ => scene.Now > 30 ? 1000 : 0);
        (await PresentationBench.SamplesAsync(file, 1)).Should().Equal(SmoothLiveScene.Rows("video-180", 4, 6));
        presentation.Notes.Should().Contain(static note => note.Contains("taken for over"));
    }

    [Fact]
    public async Task A_range_that_is_past_is_read_from_where_it_begins()
    {
        await using SmoothLiveScene scene = new(over: 5) { End = 20 };
        await using Presentation presentation = await scene.OpenAsync();
        List<string> rows = [];
        Task reading = Task.Run(
            async () =>
            {
                await foreach (ClearFragment fragment in presentation.ReadAsync(presentation.Tracks[0], new TimeRange { From = TimeSpan.FromSeconds(4), Until = TimeSpan.FromSeconds(12) }, Cancel))
                    foreach (ClearSample sample in fragment.Samples)
                        if (sample.IsPresented) rows.Add(PresentationBench.Row(sample.Data.Span));
            },
            Cancel);
        await scene.Bench.AdvanceUntilAsync(reading, TimeSpan.FromSeconds(0.5));
        await reading;
        PresentationBench.Table("video-180").Should().Contain(rows);
        rows.Should().HaveCountGreaterThan(190).And.HaveCountLessThan(210);
    }
}

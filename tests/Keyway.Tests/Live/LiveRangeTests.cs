using Keyway.Mp4;
using Keyway.Timeline;

namespace Keyway.Live;

/// <summary>Live presentations, at any moment that their service keeps.</summary>
public sealed class LiveRangeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_kept_can_be_read_back_exact_to_the_sample()
    {
        await using LiveScene scene = new();
        await using Presentation presentation = await scene.OpenAsync();

        // Two segments of four seconds are there, 25 pictures a second.
        List<string> rows = [];
        await foreach (ClearFragment fragment in presentation.ReadAsync(presentation.Tracks[0], new TimeRange { From = TimeSpan.FromSeconds(1), Until = TimeSpan.FromSeconds(6) }, Cancel))
            foreach (ClearSample sample in fragment.Samples)
                if (sample.IsPresented && sample.PresentationTime >= TimeSpan.FromSeconds(1)) rows.Add(PresentationBench.Row(sample.Data.Span));
        rows.Should().HaveCount(125).And.BeSubsetOf(LiveScene.Rows("video-180", 1, 2));
        scene.Asked("/3.m4s").Should().BeEmpty("what comes later is not waited for");
    }

    [Fact]
    public async Task Its_segments_can_be_listed_and_opened_one_by_one()
    {
        await using LiveScene scene = new();
        await using Presentation presentation = await scene.OpenAsync();
        Rendition rendition = (await presentation.FollowAsync(Cancel)).Periods.Single().Renditions.Single();
        IReadOnlyList<TimelineSegment> segments = await presentation.SegmentsAsync(rendition, cancellationToken: Cancel);
        segments.Select(static segment => segment.Number).Should().Equal(1UL, 2UL);
        byte[] head = await BytesAsync(await presentation.OpenInitializationAsync(rendition, Cancel));
        foreach (int number in (int[])[2, 1])
            (await PresentationBench.SamplesAsync([.. head, .. await BytesAsync(await presentation.OpenSegmentAsync(rendition, segments[number - 1], Cancel))])).Should().Equal(LiveScene.Rows("video-180", number));

        // Another manifest, another object: the rendition is the same.
        scene.Clock.Advance(TimeSpan.FromSeconds(4));
        await Testing.Eventually.Is(() => !ReferenceEquals(presentation.Timeline.Periods[0].Renditions[0], rendition));
        (await presentation.SegmentsAsync(rendition, cancellationToken: Cancel)).Select(static segment => segment.Number).Should().Equal(1UL, 2UL, 3UL);
        (await BytesAsync(await presentation.OpenSegmentAsync(rendition, segments[0], Cancel))).Should().NotBeEmpty();
    }

    [Fact]
    public async Task What_is_gone_is_an_error_that_says_what_there_is()
    {
        await using LiveScene scene = new() { End = TimeSpan.FromHours(1) };
        await using Presentation presentation = await scene.OpenAsync();
        scene.Clock.Advance(TimeSpan.FromSeconds(32));
        Func<Task> read = async () =>
        {
            await foreach (ClearFragment fragment in presentation.ReadAsync(presentation.Tracks[0], new TimeRange { From = TimeSpan.Zero, Until = TimeSpan.FromSeconds(5) }, Cancel)) _ = fragment.Count;
        };

        // Twelve seconds of forty are kept.
        (await read.Should().ThrowAsync<RangeNotFoundException>()).Which.Available!.Value.From.Should().Be(TimeSpan.FromSeconds(28));
    }

    [Fact]
    public async Task Readers_that_begin_together_begin_at_one_edge()
    {
        await using LiveScene scene = new();
        await using Presentation presentation = await scene.OpenAsync();
        await using IAsyncEnumerator<ClearFragment> first = presentation.ReadAsync(presentation.Tracks[0], Cancel).GetAsyncEnumerator(Cancel);
        (await first.MoveNextAsync()).Should().BeTrue();
        TimeSpan edge = first.Current.PresentationTime;
        edge.Should().Be(TimeSpan.FromSeconds(4));

        // By now there is a newer segment.
        scene.Clock.Advance(TimeSpan.FromSeconds(4));
        await using IAsyncEnumerator<ClearFragment> second = presentation.ReadAsync(presentation.Tracks[0], Cancel).GetAsyncEnumerator(Cancel);
        (await second.MoveNextAsync()).Should().BeTrue();
        second.Current.PresentationTime.Should().Be(edge);
        presentation.Stop();
    }

    private static async Task<byte[]> BytesAsync(Stream stream)
    {
        await using (stream)
        {
            using MemoryStream copy = new();
            await stream.CopyToAsync(copy, Cancel);
            return copy.ToArray();
        }
    }
}

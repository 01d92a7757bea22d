namespace Keyway.Timeline;

/// <summary>What is missing is told, however long a presentation goes on.</summary>
public sealed class GapLogTests
{
    [Fact]
    public void The_newest_gaps_are_listed_and_those_before_them_are_summed_up()
    {
        GapLog log = new();
        for (int hour = 0; hour < TimelineLimits.Gaps + 100; hour++)
            log.Report(new PresentationGap { Track = hour % 2, Start = TimeSpan.FromHours(hour), Duration = TimeSpan.FromSeconds(4), Segments = 1, Reason = "not found" });

        log.Gaps.Should().HaveCount(TimelineLimits.Gaps);
        log.Gaps[0].Start.Should().Be(TimeSpan.FromHours(100));
        log.Notes.Should().ContainSingle().Which.Should().Be("100 earlier gaps (400 s of all tracks together) are not listed one by one");
    }

    [Fact]
    public void A_gap_that_goes_on_is_one()
    {
        GapLog log = new();
        for (int segment = 0; segment < 10_000; segment++)
            log.Report(new PresentationGap { Track = 0, Start = TimeSpan.FromSeconds(4 * segment), Duration = TimeSpan.FromSeconds(4), Segments = 1, Reason = "not found" });

        log.Gaps.Should().ContainSingle().Which.Duration.Should().Be(TimeSpan.FromSeconds(40_000));
        log.Notes.Should().BeEmpty();
    }
}

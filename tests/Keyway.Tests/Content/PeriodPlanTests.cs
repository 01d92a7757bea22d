using Keyway.Timeline;

namespace Keyway.Content;

/// <summary>Which periods of a live presentation go into one file, for as long as it goes on.</summary>
public sealed class PeriodPlanTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task Ten_thousand_periods_are_judged_right_and_no_more_is_remembered_of_them_than_of_some(int breakEvery)
    {
        using PeriodPlan plan = new([0], static (_, _) => throw new InvalidOperationException("it is known"));
        int part = 0;
        long early = 0;
        for (int period = 0; period < 10_000; period++)
        {
            if (breakEvery > 0 && period > 0 && period % breakEvery == 0) part++;
            PeriodRow[] window = [.. Enumerable.Range(Math.Max(0, period - 5), Math.Min(period, 5) + 1).Select(each => Row(each, breakEvery))];
            (await plan.PartOfAsync(window, $"id {period}", TestContext.Current.CancellationToken)).Should().Be(part);
            // A slower reader is some periods behind.
            int behind = Math.Max(0, period - 5);
            (await plan.PartOfAsync(window, $"id {behind}", TestContext.Current.CancellationToken)).Should().Be(breakEvery > 0 ? behind / breakEvery : 0);
            if (period == 5000) early = Reachable.Count(plan);
        }

        plan.NamesOf(part).Should().EndWith($"period {9_999}");
        Reachable.Count(plan).Should().BeLessThan(early + (early / 50));
    }

    private static PeriodRow Row(int number, int breakEvery) => new()
    {
        Key = $"id {number}",
        Period = new TimelinePeriod { Path = "", Id = $"{number}", Start = TimeSpan.FromHours(number) },
        Tracks = [new TrackPeriod { Rendition = null!, Description = breakEvery == 0 ? "avc1" : $"avc1 {number / breakEvery % 2}" }],
    };
}

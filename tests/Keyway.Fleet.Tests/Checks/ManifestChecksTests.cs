using static Keyway.Fleet.Checks.Views;

namespace Keyway.Fleet.Checks;

public sealed class ManifestChecksTests
{
    [Fact]
    public void Reachable_fails_while_it_cannot_be_had_and_says_since_when()
    {
        CheckResult result = new ManifestReachableCheck().Evaluate(Good.With((ManifestView manifest) => manifest with { Failure = "the server answered 404", FailingSince = Now - Seconds(42) }));
        result.State.Should().Be(CheckState.Failing);
        result.Text.Should().Be("the server answered 404 (for 42 s)");
    }

    [Theory]
    [InlineData(12, nameof(CheckState.Ok))]    // three segments
    [InlineData(12.5, nameof(CheckState.Failing))]
    public void Stale_counts_by_the_length_of_segments(double still, string expected) =>
        new ManifestStaleCheck().Evaluate(Good.With((ManifestView manifest) => manifest with { AdvancedAt = Now - Seconds(still) })).State.ToString().Should().Be(expected);

    [Theory]
    [InlineData(20, nameof(CheckState.Ok))]    // twice what it says that it is read again after
    [InlineData(21, nameof(CheckState.Failing))]
    public void Stale_gives_a_manifest_the_time_that_it_asks_for(double still, string expected) =>
        new ManifestStaleCheck().Evaluate(Good.With((ManifestView manifest) => manifest with { UpdatePeriod = Seconds(10), AdvancedAt = Now - Seconds(still) })).State.ToString().Should().Be(expected);

    [Fact]
    public void Stale_is_no_question_of_what_is_complete_or_cannot_be_had()
    {
        new ManifestStaleCheck().Evaluate(Good.With((ManifestView manifest) => manifest with { IsLive = false, AdvancedAt = Now - Seconds(900) })).State.Should().Be(CheckState.Unknown);
        // Read ten minutes ago, and fresh then.
        new ManifestStaleCheck().Evaluate(Good.With((ManifestView manifest) => manifest with { ReadAt = Now - Seconds(600), AdvancedAt = Now - Seconds(602) })).State.Should().Be(CheckState.Ok);
    }

    [Theory]
    [InlineData(30, nameof(CheckState.Failing))]
    [InlineData(61, nameof(CheckState.Ok))]
    public void Regressed_is_told_for_a_minute(double ago, string expected) =>
        new ManifestRegressedCheck().Evaluate(Good.With((ManifestView manifest) => manifest with { Regression = "back", RegressedAt = Now - Seconds(ago) })).State.ToString().Should().Be(expected);

    [Theory]
    [InlineData(3, nameof(CheckState.Ok), "")]
    [InlineData(3.5, nameof(CheckState.Failing), "its clock is 3.5 s ahead of ours")]
    [InlineData(-60, nameof(CheckState.Failing), "its clock is 60 s behind ours")]
    public void Clock_is_off_either_way(double ahead, string expected, string text) =>
        new ManifestClockCheck().Evaluate(Good.With((ManifestView manifest) => manifest with { ClockAhead = Seconds(ahead) })).Should().Be(new CheckResult(Enum.Parse<CheckState>(expected), text));

    [Fact]
    public void Late_is_the_fleet_s_own_fault_and_says_so()
    {
        new WatchLateCheck().Evaluate(Good with { Late = Seconds(7) }).Text.Should().Be("the last look came 7 s too late");
        new WatchLateCheck().Evaluate(Good with { Late = Seconds(5) }).State.Should().Be(CheckState.Ok);
        new WatchLateCheck().Evaluate(Good with { IsOverBudget = true }).Text.Should().StartWith("over budget");
    }
}

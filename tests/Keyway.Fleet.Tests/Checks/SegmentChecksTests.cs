using static Keyway.Fleet.Checks.Views;

namespace Keyway.Fleet.Checks;

public sealed class SegmentChecksTests
{
    [Theory]
    [InlineData(1, nameof(CheckState.Ok))]   // it may come a moment late
    [InlineData(2, nameof(CheckState.Failing))]
    public void Reachable_fails_when_a_segment_is_not_there_at_the_next_look_either(int failures, string expected) =>
        new SegmentReachableCheck().Evaluate(Good.With((SegmentView segment) => segment with { Failure = "the server answered 404", Failures = failures })).State.ToString().Should().Be(expected);

    [Theory]
    [InlineData(10, nameof(CheckState.Failing))]
    [InlineData(61, nameof(CheckState.Ok))]
    public void Late_is_told_for_a_minute(double ago, string expected) =>
        new SegmentLateCheck().Evaluate(Good.With((SegmentView segment) => segment with { Late = Seconds(6), LateAt = Now - Seconds(ago) })).State.ToString().Should().Be(expected);

    [Theory]
    [InlineData(3.33, nameof(CheckState.Ok))]     // 1.2 times as fast as it is played
    [InlineData(3.34, nameof(CheckState.Failing))]
    public void Speed_is_that_of_playing_and_a_fifth_more(double took, string expected) =>
        new SegmentSpeedCheck().Evaluate(Good.With((SegmentView segment) => segment with { Took = Seconds(took) })).State.ToString().Should().Be(expected);

    [Fact]
    public void Speed_is_unknown_of_a_segment_that_does_not_say_how_long_it_is() =>
        new SegmentSpeedCheck().Evaluate(Good.With((SegmentView segment) => segment with { Length = TimeSpan.Zero })).State.Should().Be(CheckState.Unknown);

    [Fact]
    public void Gap_is_told_for_a_minute()
    {
        new SegmentGapCheck().Evaluate(Good.With((ManifestView manifest) => manifest with { Gap = "4 s are missing", GapAt = Now })).Text.Should().Be("4 s are missing");
        new SegmentGapCheck().Evaluate(Good.With((ManifestView manifest) => manifest with { Gap = "4 s are missing", GapAt = Now - Seconds(61) })).State.Should().Be(CheckState.Ok);
    }
}

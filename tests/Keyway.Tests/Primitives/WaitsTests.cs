namespace Keyway.Primitives;

public sealed class WaitsTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 10_000)]
    [InlineData(10_000, 10_000)]
    [InlineData(10_001, 20_000)]
    public void A_wait_is_rounded_up_to_what_the_platform_counts(long ticks, long expected) => Waits.Whole(TimeSpan.FromTicks(ticks)).Ticks.Should().Be(expected);
}

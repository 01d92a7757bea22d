namespace Keyway.Cli;

/// <summary>What signals mean.</summary>
public sealed class InterruptsTests
{
    [Fact]
    public void The_first_interrupts_and_the_next_is_nobodys()
    {
        using Interrupts interrupts = new();
        interrupts.Signal().Should().BeTrue();
        interrupts.Token.IsCancellationRequested.Should().BeTrue();
        interrupts.Signal().Should().BeFalse("the process may end as it would");
    }

    [Fact]
    public void A_command_may_take_the_first_for_itself()
    {
        using Interrupts interrupts = new();
        int stopped = 0;
        using (interrupts.TakeNext(() => stopped++))
        {
            interrupts.Signal().Should().BeTrue();
            stopped.Should().Be(1);
            interrupts.Token.IsCancellationRequested.Should().BeFalse();
            interrupts.Signal().Should().BeTrue();
            stopped.Should().Be(1);
            interrupts.Token.IsCancellationRequested.Should().BeTrue("the second one interrupts");
            interrupts.Signal().Should().BeFalse();
        }
    }

    [Fact]
    public void What_is_over_takes_no_signal()
    {
        using Interrupts interrupts = new();
        interrupts.TakeNext(() => throw new InvalidOperationException()).Dispose();
        interrupts.Signal().Should().BeTrue();
        interrupts.Token.IsCancellationRequested.Should().BeTrue();
    }

    [Theory]
    [InlineData("90", 90)]
    [InlineData("90s", 90)]
    [InlineData("10m", 600)]
    [InlineData("1.5h", 5400)]
    [InlineData("01:30:00", 5400)]
    public void Times_are_written_in_several_ways(string text, int seconds) => TimeSpanText.Parse(text, "--duration").Should().Be(TimeSpan.FromSeconds(seconds));

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("soon")]
    [InlineData("1d")]
    public void What_is_no_time_is_refused(string text) => FluentActions.Invoking(() => TimeSpanText.Parse(text, "--duration")).Should().Throw<UsageException>();
}

namespace Keyway.Fleet.Checks;

public sealed class AllChecksTests
{
    [Fact]
    public void Every_check_of_the_program_is_in_the_list_once_and_has_a_name_of_its_own()
    {
        Type[] checks = [.. typeof(ICheck).Assembly.GetTypes().Where(static type => type.IsClass && typeof(ICheck).IsAssignableFrom(type))];
        AllChecks.Checks.Select(static check => check.GetType()).Should().BeEquivalentTo(checks);
        AllChecks.Checks.Select(static check => check.Name).Should().OnlyHaveUniqueItems().And.OnlyContain(static name => name.Contains('.', StringComparison.Ordinal));
    }

    [Fact]
    public void A_good_stream_fails_none_and_each_says_something_of_it()
    {
        foreach (ICheck check in AllChecks.Checks) check.Evaluate(Views.Good).State.Should().Be(CheckState.Ok, check.Name);
    }

    [Fact]
    public void Of_a_stream_that_nobody_has_looked_at_none_says_anything()
    {
        foreach (ICheck check in AllChecks.Checks) check.Evaluate(Views.Unknown).State.Should().Be(CheckState.Unknown, check.Name);
    }
}

namespace Keyway.Hosting.Configuration;

public sealed class SpellingTests
{
    [Theory]
    [InlineData("Prioritty", "Priority")]
    [InlineData("priorty", "Priority")]
    [InlineData("Pirority", "Priority")]
    [InlineData("Pulgin", "Plugin")]
    [InlineData("Setting", "Settings")]
    [InlineData("Endpoint", null)]
    [InlineData("x", null)]
    [InlineData("", null)]
    public void Nearest_name_is_found_and_none_where_none_is_near(string given, string? meant) => Spelling.Nearest(given, ["Plugin", "Priority", "Settings"]).Should().Be(meant);

    [Fact]
    public void Name_of_any_length_costs_nothing() => Spelling.Nearest(new string('a', 100_000), [new string('a', 100_001)]).Should().BeNull();
}

namespace Keyway.Hosting.Plugins;

public sealed class PluginBoundaryTests
{
    [Theory]
    [InlineData("1.0", "1.0")]
    [InlineData("1.2", "1.10")]
    [InlineData("1.10", "1.10")]
    public void Same_major_and_no_higher_minor_fits(string built, string offered) => PluginBoundary.CheckVersion(built, offered).Should().BeNull();

    [Theory]
    [InlineData("1.4", "1.2")]
    [InlineData("1.10", "1.9")]
    [InlineData("2.0", "1.2")]
    [InlineData("0.9", "1.2")]
    [InlineData("", "1.2")]
    [InlineData("1", "1.2")]
    [InlineData("1.2.3", "1.2")]
    [InlineData("-1.0", "1.2")]
    [InlineData("1. 0", "1.2")]
    [InlineData("99999999999.0", "1.2")]
    public void Anything_else_does_not(string built, string offered)
    {
        PluginProblem problem = PluginBoundary.CheckVersion(built, offered)!;
        problem.Fault.Should().Be(PluginFault.ContractMismatch);
        problem.Reason.Should().Match($"*{built}*this host offers {offered}");
    }

    [Fact]
    public void What_is_shared_is_what_the_contract_refers_to_and_no_more()
    {
        PluginBoundary.Shared.Should().ContainKeys(
            "Microsoft.Extensions.Configuration.Abstractions", "Microsoft.Extensions.Logging.Abstractions", "Microsoft.Extensions.DependencyInjection.Abstractions");
        PluginBoundary.Shared.Should().NotContainKeys("Microsoft.Extensions.DependencyInjection", "Microsoft.Extensions.Hosting", "McMaster.NETCore.Plugins", "Keyway", "Keyway.Hosting");
    }
}

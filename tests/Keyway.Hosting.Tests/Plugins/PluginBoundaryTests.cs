using System.Reflection;

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

    [Theory]
    [InlineData("Microsoft.Extensions.Primitives", "11.0.0.0", PluginFault.NewerDependency, "Made.dll was built against Microsoft.Extensions.Primitives 11.0.0.0, and this host offers 10.0.0.0: build the plugin with package Microsoft.Extensions.Primitives 10.0.* or a lower one, or update the host")]
    [InlineData("Microsoft.Extensions.DependencyInjection.Abstractions", "11.0.0.0", PluginFault.NewerDependency, "*Microsoft.Extensions.DependencyInjection.Abstractions 11.0.0.0*10.0.0.0*")]
    [InlineData("Microsoft.Extensions.Options", "11.0.0.0", PluginFault.NewerDependency, "*Microsoft.Extensions.Options 11.0.0.0, and this host offers 10.0.0.0*")]
    [InlineData("Keyway.Abstractions", "2.0.0.0", PluginFault.NewerDependency, "*Keyway.Abstractions 2.0.0.0, and this host offers 1.0.0.0*")]
    [InlineData("System.Text.Json", "11.0.0.0", PluginFault.NewerDependency, "*this host runs on .NET 10.0, which has 10.0.0.0*")]
    [InlineData("Microsoft.AspNetCore.WebUtilities", "10.0.0.0", PluginFault.LoadFailed, "Made.dll needs 'Microsoft.AspNetCore.WebUtilities, 10.0.0.0', and it is part of the shared framework Microsoft.AspNetCore.App, which this host does not run on")]
    [InlineData("Acme.Codec", "1.2.0.0", PluginFault.LoadFailed, "Made.dll needs 'Acme.Codec, 1.2.0.0', and neither the plugin's folder nor the host has it")]
    public void What_a_plugin_was_built_against_has_to_be_there_before_it_is_loaded(string name, string version, PluginFault fault, string reason)
    {
        using PluginFolder plugins = new();
        PluginProblem problem = Check(plugins, new AssemblyName(name) { Version = new Version(version) })!;
        problem.Fault.Should().Be(fault);
        problem.Reason.Should().Match(reason);
    }

    [Theory]
    [InlineData("Microsoft.Extensions.Primitives", "10.0.0.0")]
    [InlineData("Microsoft.Extensions.Primitives", "8.0.0.0")]
    [InlineData("System.Text.Json", "6.0.0.0")]
    [InlineData("netstandard", "2.0.0.0")]
    public void What_the_host_has_in_that_version_or_a_higher_one_fits(string name, string version)
    {
        using PluginFolder plugins = new();
        Check(plugins, new AssemblyName(name) { Version = new Version(version) }).Should().BeNull();
    }

    [Fact]
    public void Library_of_a_plugin_is_looked_at_too_but_may_name_what_is_nowhere()
    {
        using PluginFolder plugins = new();
        Check(plugins, [], ("Library", new AssemblyName("Acme.Optional") { Version = new Version(1, 0) })).Should().BeNull();
        Check(plugins, [], ("Microsoft.Extensions.DependencyInjection", new AssemblyName("Microsoft.Extensions.DependencyInjection.Abstractions") { Version = new Version(11, 0, 0, 0) }))!.Reason
            .Should().StartWith("Microsoft.Extensions.DependencyInjection.dll was built against Microsoft.Extensions.DependencyInjection.Abstractions 11.0.0.0");
    }

    private static PluginProblem? Check(PluginFolder plugins, params IEnumerable<AssemblyName> references) => Check(plugins, references, ("Library", new AssemblyName("System.Runtime") { Version = new Version(8, 0) }));

    private static PluginProblem? Check(PluginFolder plugins, IEnumerable<AssemblyName> references, (string Name, AssemblyName Reference) library)
    {
        string folder = plugins.Write("Made", "made", "Some.Type", references: references);
        string other = plugins.Write(library.Name, "other", "Some.Type", references: [library.Reference]);
        File.Move(Path.Combine(other, library.Name + ".dll"), Path.Combine(folder, library.Name + ".dll"), overwrite: true);
        Directory.Delete(other);
        string plugin = Path.Combine(folder, "Made.dll");
        return PluginBoundary.Check(PluginMetadata.ReadAttribute(plugin)!, folder);
    }
}

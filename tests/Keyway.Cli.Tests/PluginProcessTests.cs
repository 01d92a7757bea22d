using System.Text.Json;
using Keyway.Cli.Run;
using Keyway.Testing;

namespace Keyway.Cli;

/// <summary>What plugins do to the process of the command: its streams, its end.</summary>
public sealed class PluginProcessTests : IDisposable
{
    private static readonly string Plugins = Path.Combine(AppContext.BaseDirectory, "plugins");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("configure")]
    [InlineData("create")]
    public async Task What_a_plugin_writes_goes_to_standard_error_under_its_name(string place)
    {
        await using ProgramRun program = Start($"{place}-writes", "plugins", "--json");
        string output = await program.Out.ReadToEndAsync(TestContext.Current.CancellationToken);
        (await program.EndAsync()).Should().Be(ExitCode.Done, await program.Error);
        using JsonDocument report = JsonDocument.Parse(output);
        report.RootElement.GetProperty("plugins").EnumerateArray().Single(static plugin => plugin.GetProperty("id").GetString() == "faulty").GetProperty("generation").GetInt32().Should().Be(1);
        (await program.Error).Should().Contain($"plugin 'faulty': half a line of {place}{Environment.NewLine}");
    }

    [Fact]
    public async Task Plugin_may_name_a_culture_and_gets_its_satellites_but_formats_are_invariant()
    {
        await using ProgramRun program = Start("create-speaks", "plugins");
        (await program.EndAsync()).Should().Be(ExitCode.Done, await program.Error);
        (await program.Error).Should().Contain($"plugin 'faulty': guten Tag, 1.5{Environment.NewLine}");
    }

    [Fact]
    public async Task Crash_on_a_thread_of_a_plugin_names_it_and_tells_no_secret()
    {
        await using ProgramRun program = Start("create-crashes", "plugins");
        (await program.EndAsync()).Should().Be(ExitCode.Unexpected);
        (await program.Error).Should().Contain("plugin 'faulty' has thrown where nobody can catch it: System.InvalidOperationException: nobody waits for create, with SECRET=***").And.NotContain("abc123");
    }

    [Theory]
    [InlineData("configure")]
    [InlineData("create")]
    [InlineData("start")]
    [InlineData("open")]
    public async Task One_signal_ends_a_command_that_waits_for_a_plugin(string place)
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("needs signals");
        string marker = _folder.File("marker");
        await using ProgramRun program = Start(
            $"{place}-blocks", "license", Sample.Manifest, "--license-url", "http://127.0.0.1:1/", "--key-system", "faulty", "--set", "Keyway:Plugins:PatienceSeconds=600",
            "--set", $"Keyway:KeySystems:faulty:Settings:Marker={marker}", "--set", $"Keyway:Plugins:Allow:faulty:Marker={marker}");
        await Eventually.Is(() => File.Exists(marker) || program.HasEnded);
        program.Signal("TERM");
        (await program.EndAsync()).Should().Be(ExitCode.Interrupted, await program.Error);
    }

    private static ProgramRun Start(string fault, params string[] arguments) => ProgramRun.Start(
    [
        .. arguments, "--set", $"Keyway:Plugins:Directory={Plugins}",
        "--set", fault.StartsWith("configure", StringComparison.Ordinal) ? $"Keyway:Plugins:Allow:faulty:Fault={fault}" : $"Keyway:KeySystems:faulty:Settings:Fault={fault}",
        "--set", "Keyway:KeySystems:faulty:Plugin=faulty", "--set", "Keyway:Plugins:Allow:faulty:Required=true",
    ]);
}

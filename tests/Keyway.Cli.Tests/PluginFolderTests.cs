using System.Text.Json;
using Keyway.Cli.Run;
using Keyway.Hosting.Plugins;

namespace Keyway.Cli;

/// <summary><c>keyway plugins check</c>: the plugins that come with the command keep what every plugin promises, and what does not is told.</summary>
public sealed class PluginFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("clearkey")]
    [InlineData("widevine")]
    [InlineData("playready")]
    [InlineData("expressplay")]
    [InlineData("cdm")]
    public async Task Plugin_that_comes_with_the_command_keeps_every_promise(string plugin)
    {
        CommandRun run = await CommandRun.OfAsync("plugins", "check", Folder(plugin), "--json");
        run.Code.Should().Be(ExitCode.Done, run.Error);
        using JsonDocument report = JsonDocument.Parse(run.Out);
        (report.RootElement.GetProperty("folder").GetString(), report.RootElement.GetProperty("id").GetString()).Should().Be((Folder(plugin), plugin));
        report.RootElement.GetProperty("promises").EnumerateArray().Select(static each => (each.GetProperty("promise").GetString(), each.GetProperty("state").GetString()))
            .Should().Equal(PluginFolderCheck.Promises.Select(static promise => ((string?)promise, (string?)"kept")));
    }

    [Fact]
    public async Task Folder_that_breaks_a_promise_ends_with_2_and_its_sentence()
    {
        string folder = Directory.CreateDirectory(_folder.File("mine")).FullName;
        foreach (string file in Directory.EnumerateFiles(Folder("clearkey"))) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Keyway.Abstractions.dll"), Path.Combine(folder, "Keyway.Abstractions.dll"));
        CommandRun run = await CommandRun.OfAsync("plugins", "check", folder);
        run.Code.Should().Be(ExitCode.Usage);
        run.Out.Should().Contain("broken").And.Contain("not looked at").And.Contain("a copy of");
        run.Error.Should().Contain("plugin 'clearkey' does not keep what every plugin promises: It has no copy of the contract");

        run = await CommandRun.OfAsync("plugins", "check", folder, "--json");
        run.Code.Should().Be(ExitCode.Usage);
        using JsonDocument report = JsonDocument.Parse(run.Out);
        report.RootElement.GetProperty("promises").EnumerateArray().Single(static each => each.GetProperty("state").GetString() == "broken").GetProperty("seen").GetString().Should().Contain("copy of Keyway.Abstractions.dll");
        report.RootElement.GetProperty("error").GetProperty("kind").GetString().Should().Be("plugins");
    }

    [Fact]
    public async Task Folder_that_is_not_there_is_a_usage_error()
    {
        (await CommandRun.OfAsync("plugins", "check", _folder.File("nowhere"))).Code.Should().Be(ExitCode.Usage);
        (await CommandRun.OfAsync("plugins", "check")).Code.Should().Be(ExitCode.Usage);
    }

    private static string Folder(string plugin) => Path.Combine(AppContext.BaseDirectory, "plugins", plugin);
}

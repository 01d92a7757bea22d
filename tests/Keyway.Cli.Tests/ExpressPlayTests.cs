using Keyway.Cli.Run;

namespace Keyway.Cli;

/// <summary>The bundled sample through ExpressPlay: the sandbox emulates the service and stands in for the storefront; the plugin comes out of its folder.</summary>
public sealed class ExpressPlayTests
{
    [Theory]
    [InlineData("widevine")]   // what it plays with when nobody says
    [InlineData("playready", "--key-system", "playready", "--set", "Keyway:Providers:expressplay:Settings:TokenPlacement=CustomData")]
    public async Task Sample_plays_with_a_token_of_the_emulated_storefront(string system, params string[] options)
    {
        using TemporaryFolder folder = new();
        string to = folder.File("out.mp4");
        CommandRun run = (await CommandRun.OfAsync(["play", "--provider", "expressplay", .. options, "--to", to, "--json"])).ShouldEndWith(ExitCode.Done);
        run.Json.GetProperty("keySystem").GetString().Should().Be(system);
        run.Json.GetProperty("provider").GetString().Should().Be("expressplay");
        run.Text.Should().NotMatchRegex("ExpressPlayToken=.", "no text holds a token").And.NotMatchRegex("[0-9]+,[0-9a-f]{32}");
        await Sample.ShouldHoldAsync(to, "video-360", "audio");
    }

    [Fact]
    public async Task Key_system_that_it_does_not_serve_is_a_mistake_of_usage() =>
        (await CommandRun.OfAsync("play", "--provider", "expressplay", "--key-system", "clearkey")).ShouldEndWith(ExitCode.Usage).Error.Should().Contain("widevine and playready");

    [Fact]
    public async Task Authenticator_in_the_configuration_is_refused_and_not_repeated()
    {
        CommandRun run = (await CommandRun.OfAsync("play", "--provider", "expressplay", "--set", "Keyway:Providers:expressplay:Settings:ApiKey=201722,1ad80000000000000000000000000001")).ShouldEndWith(ExitCode.Usage);
        run.Error.Should().Contain("Keyway:Providers:expressplay:Settings:ApiKey").And.Contain("storefront");
        run.ShouldNotShow("1ad8");
    }
}

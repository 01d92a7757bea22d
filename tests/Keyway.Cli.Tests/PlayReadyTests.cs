using System.Text.Json;
using Keyway.Cli.Run;

namespace Keyway.Cli;

/// <summary>The PlayReady plugin and the sandbox's PlayReady service, written apart, meet here.</summary>
public sealed class PlayReadyTests(SharedSandbox sandbox) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_bundled_sample_plays_with_a_throw_away_device()
    {
        string target = _folder.File("out.mp4");
        CommandRun run = (await CommandRun.OfAsync("play", "--key-system", "playready", "--to", target, "--json")).ShouldEndWith(ExitCode.Done);
        await Sample.ShouldHoldAsync(target, "video-360", "audio");
        run.Json.GetProperty("keySystem").GetString().Should().Be("playready");
        _folder.Entries.Should().Equal("out.mp4");
    }

    [Fact]
    public async Task Other_content_without_a_credential_ends_with_3_and_the_page_to_read()
    {
        string url = $"{sandbox.Url}playready/rightsmanager.asmx";
        CommandRun run = (await CommandRun.OfAsync("play", Sample.Manifest, "--key-system", "playready", "--license-url", url, "--to", _folder.File("out.mp4"), "--json"))
            .ShouldFailInJson(ExitCode.NoLicense, "credential-invalid");
        run.Out.Should().Contain("playready.md");
        _folder.Entries.Should().BeEmpty();
    }

    [Fact]
    public async Task Config_says_that_the_sample_would_bring_its_own_device()
    {
        JsonElement settings = (await CommandRun.OfAsync("config", "--json")).ShouldEndWith(ExitCode.Done).Json.GetProperty("settings");
        settings.EnumerateArray().Where(static setting => setting.GetProperty("origin").GetString() == "demo").Select(static setting => setting.GetProperty("path").GetString())
            .Should().Contain(["Keyway:KeySystems:playready:Settings:Chain", "Keyway:KeySystems:playready:Settings:SignKey", "Keyway:KeySystems:playready:Settings:EncryptKey"]);
    }
}

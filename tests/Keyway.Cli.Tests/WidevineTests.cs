using System.Text.Json;
using Keyway.Cli.Run;

namespace Keyway.Cli;

/// <summary>The Widevine plugin and the sandbox's Widevine service, written apart, meet here.</summary>
public sealed class WidevineTests(SharedSandbox sandbox) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_bundled_sample_plays_with_a_throw_away_device()
    {
        string target = _folder.File("out.mp4");
        CommandRun run = (await CommandRun.OfAsync("play", "--key-system", "widevine", "--to", target, "--json")).ShouldEndWith(ExitCode.Done);
        await Sample.ShouldHoldAsync(target, "video-360", "audio");
        run.Json.GetProperty("keySystem").GetString().Should().Be("widevine");
        run.Json.GetProperty("sessions")[0].GetProperty("licenseUrl").GetString().Should().EndWith("/widevine");
        _folder.Entries.Should().Equal("out.mp4");
    }

    [Theory]
    [InlineData("cenc/manifest.mpd")]
    [InlineData("cbcs/manifest.mpd")]
    public async Task A_configured_device_plays_under_a_root_for_development(string manifest)
    {
        WidevineDevice device = await WidevineDevice.MakeAsync(sandbox.Url, _folder, development: true);
        string target = _folder.File("out.mp4");
        CommandRun run = (await PlayAsync(device, manifest, "", target)).ShouldEndWith(ExitCode.Done).ShouldNotShow([.. device.Secrets]);
        await Sample.ShouldHoldAsync(target, "video-360", "audio");
        run.Json.GetProperty("keySystem").GetString().Should().Be("widevine");
    }

    [Fact]
    public async Task The_same_licence_under_any_other_root_gives_no_file_and_ends_with_7()
    {
        WidevineDevice device = await WidevineDevice.MakeAsync(sandbox.Url, _folder, development: false);
        string target = _folder.File("out.mp4");
        (await PlayAsync(device, "cenc/manifest.mpd", "", target)).ShouldFailInJson(ExitCode.RefusedByPolicy, "policy").ShouldNotShow([.. device.Secrets]);
        File.Exists(target).Should().BeFalse();

        CommandRun license = (await CommandRun.OfAsync("license", Sample.File("cenc/manifest.mpd"), "--key-system", "widevine", "--config", device.Settings, "--license-url", $"{sandbox.Url}widevine", "--json"))
            .ShouldEndWith(ExitCode.Done);
        license.Json.GetProperty("keys").EnumerateArray().Should().OnlyContain(key => key.GetProperty("status").GetString() == "output-restricted");
    }

    [Theory]
    [InlineData("?error=2", ExitCode.NoLicense)]
    [InlineData("?fault=status:403", ExitCode.NoLicense)]
    [InlineData("?fault=cut", ExitCode.NoLicense)]
    [InlineData("?license_duration_seconds=3600&hdcp=V2_2", ExitCode.Done)]
    public async Task What_the_service_answers_decides(string query, int code)
    {
        WidevineDevice device = await WidevineDevice.MakeAsync(sandbox.Url, _folder, development: true);
        string target = _folder.File("out.mp4");
        (await PlayAsync(device, "cenc/manifest.mpd", query, target)).ShouldEndWith(code).ShouldNotShow([.. device.Secrets]);
        File.Exists(target).Should().Be(code == ExitCode.Done);
    }

    [Fact]
    public async Task Other_content_without_a_credential_ends_with_3_and_the_page_to_read()
    {
        CommandRun run = (await CommandRun.OfAsync("play", Sample.Manifest, "--key-system", "widevine", "--license-url", $"{sandbox.Url}widevine", "--to", _folder.File("out.mp4"), "--json"))
            .ShouldFailInJson(ExitCode.NoLicense, "credential-invalid");
        run.Out.Should().Contain("docs/widevine.md");
        _folder.Entries.Should().BeEmpty();
    }

    [Fact]
    public async Task Config_says_that_the_sample_would_bring_its_own_device()
    {
        JsonElement settings = (await CommandRun.OfAsync("config", "--json")).ShouldEndWith(ExitCode.Done).Json.GetProperty("settings");
        settings.EnumerateArray().Should().Contain(static setting =>
            setting.GetProperty("path").GetString() == "Keyway:KeySystems:widevine:Settings:PrivateKey" && setting.GetProperty("origin").GetString() == "demo");
    }

    private Task<CommandRun> PlayAsync(WidevineDevice device, string manifest, string query, string target) => CommandRun.OfAsync(
        "play", Sample.File(manifest), "--key-system", "widevine", "--config", device.Settings, "--license-url", $"{sandbox.Url}widevine{query}", "--to", target, "--json");
}

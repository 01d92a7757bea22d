using System.Text.Json;
using Keyway.Cli.Run;

namespace Keyway.Cli;

/// <summary>A licence that cannot be had in one way is asked for in another, and the reports say so; and what a licence allows is said before anything is read.</summary>
public sealed class FallbackTests(SharedSandbox sandbox) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--fallback", "@two")]
    [InlineData("--fallback", "clearkey@two")]
    [InlineData("--fallback", "clearkey", "--fallback", "@two", "--fallback", "@two")]
    [InlineData("--set", "Keyway:Licenses:Fallback:0:Provider=two")]
    public async Task A_service_that_is_away_is_followed_by_another(params string[] fallback)
    {
        string target = _folder.File("out.mp4");
        CommandRun run = (await CommandRun.OfAsync(["play", Sample.Manifest, "--to", target, "--json", .. fallback, .. Providers("one")])).ShouldEndWith(ExitCode.Done);
        await Sample.ShouldHoldAsync(target, "video-360", "audio");
        run.Json.GetProperty("provider").GetString().Should().Be("two");
        JsonElement[] attempts = [.. run.Json.GetProperty("attempts").EnumerateArray()];
        attempts.Select(static each => (each.GetProperty("keySystem").GetString(), each.GetProperty("provider").GetString(), each.GetProperty("reason").GetString()))
            .Should().Equal(("clearkey", "one", "network"), ("clearkey", "two", null));
        attempts[0].GetProperty("message").GetString().Should().NotBeNullOrEmpty();
    }

    [Fact]
    public async Task The_summary_says_what_failed()
    {
        CommandRun run = (await CommandRun.OfAsync(["license", Sample.Manifest, "--fallback", "@two", .. Providers("one")])).ShouldEndWith(ExitCode.Done);
        run.Out.Should().MatchRegex("Tried +clearkey of one: network: ").And.MatchRegex("Provider +two").And.Contain("tried after clearkey of one");
    }

    [Fact]
    public async Task Where_no_way_leads_to_a_licence_every_reason_is_said()
    {
        CommandRun run = await CommandRun.OfAsync(["play", Sample.Manifest, "--to", _folder.File("out.mp4"), "--fallback", "@three", .. Providers("one"), "--json"]);
        run.ShouldFailInJson(ExitCode.NoLicense, "network").Json.GetProperty("error").GetProperty("message").GetString().Should().ContainAll("clearkey of one: ", "clearkey of three: ");
        _folder.Entries.Should().BeEmpty();
    }

    [Fact]
    public async Task None_and_an_explicit_choice_keep_what_is_configured_away()
    {
        string[] configured = ["--set", "Keyway:Licenses:Fallback:0:Provider=two"];
        (await CommandRun.OfAsync(["license", Sample.Manifest, "--fallback", "none", .. configured, .. Providers("one"), "--json"])).ShouldFailInJson(ExitCode.NoLicense, "network");
        (await CommandRun.OfAsync(["license", Sample.Manifest, "--provider", "one", .. configured, .. Providers("one"), "--json"])).ShouldFailInJson(ExitCode.NoLicense, "network");
    }

    [Theory]
    [InlineData("nosuch", "nosuch")]
    [InlineData("@nosuch", "nosuch")]
    [InlineData("a@b@c", "--fallback")]
    [InlineData("clearkey@", "--fallback")]
    [InlineData("@", "--fallback")]
    public async Task What_there_is_not_is_a_mistake_of_usage(string fallback, string says) =>
        (await CommandRun.OfAsync(["license", Sample.Manifest, "--fallback", fallback, .. Providers("two")])).ShouldEndWith(ExitCode.Usage).Error.Should().Contain(says);

    [Fact]
    public async Task What_is_configured_wrongly_is_told_with_its_path()
    {
        CommandRun run = await CommandRun.OfAsync("config", "--set", "Keyway:Licenses:Fallback:0:Provider=nosuch", "--set", "Keyway:Licenses:Fallback:1:KeySystem=cleerkey");
        run.ShouldEndWith(ExitCode.Usage).Text.Should().Contain("Keyway:Licenses:Fallback:0:Provider: there is no provider 'nosuch'").And.Contain("Keyway:Licenses:Fallback:1:KeySystem: there is no key system 'cleerkey'").And.Contain("'clearkey'?");
    }

    [Fact]
    public async Task A_preview_says_what_each_sink_gets_until_when_and_at_which_resolution()
    {
        using LoopbackServer service = LoopbackServer.Answering(static _ => { });
        string[] arguments = ["license", Sample.Manifest, "--preview", "--license-url", service.Url.AbsoluteUri, .. FailureTests.Rules("ClearExport=false"), "--set", "Keyway:KeySystems:rules:Settings:MaxPixels=57600", "--set", "Keyway:KeySystems:rules:Settings:NotAfter=2999-01-01T00:00:00Z"];
        JsonElement[] rows = [.. (await CommandRun.OfAsync([.. arguments, "--json"])).ShouldEndWith(ExitCode.Done).Json.GetProperty("preview").EnumerateArray()];
        rows.Should().OnlyContain(static row => row.GetProperty("kind").GetString() != null && row.GetProperty("track").GetString() != null);
        Row(rows, 360, "export").Should().Be((false, "output-restricted", "the licence does not allow clear samples to be handed on"));
        Row(rows, 360, "render").Should().Be((false, "output-downscaled", "it allows no video of this size"));
        Row(rows, 180, "render").Should().Be((false, null, "no licence that is here holds its key"));
        Row(rows, null, "render").Should().Be((true, "usable", null));
        rows.Where(static row => row.GetProperty("status").ValueKind != JsonValueKind.Null).Should().OnlyContain(static row => row.GetProperty("until").GetDateTimeOffset().Year == 2999);
        rows.First(static row => row.GetProperty("sink").GetString() == "render" && row.TryGetProperty("mostPixels", out _)).GetProperty("mostPixels").GetInt64().Should().Be(57600);

        string text = (await CommandRun.OfAsync(arguments)).ShouldEndWith(ExitCode.Done).Out;
        text.Should().MatchRegex("video 640x360 +render +no +2999-01-01 00:00:00Z +it allows no video of this size, up to 57600 pixels").And.MatchRegex("audio +render-internal +yes");
    }

    private static (bool, string?, string?) Row(JsonElement[] rows, int? height, string sink)
    {
        JsonElement row = rows.Single(row => row.GetProperty("sink").GetString() == sink && (row.TryGetProperty("height", out JsonElement size) ? size.GetInt32() == height : height is null));
        return (row.GetProperty("allowed").GetBoolean(), row.GetProperty("status").GetString(), row.TryGetProperty("reason", out JsonElement reason) ? reason.GetString() : null);
    }

    // One and three are away, two answers. What fails is not tried again, so that the test need not wait.
    private string[] Providers(string routed)
    {
        List<string> settings = ["--set", $"Keyway:Routes:all:Provider={routed}", "--set", "Keyway:Routes:all:Host=*"];
        foreach ((string name, string url) in ((string, string)[])[("one", LoopbackServer.Nowhere().AbsoluteUri), ("two", sandbox.ClearKey()), ("three", LoopbackServer.Nowhere().AbsoluteUri)])
            settings.AddRange(["--set", $"Keyway:Providers:{name}:Endpoints:clearkey={url}", "--set", $"Keyway:Providers:{name}:KeySystems:0=clearkey", "--set", $"Keyway:Providers:{name}:Pipeline:0:Use=challenge"]);
        return [.. settings];
    }
}

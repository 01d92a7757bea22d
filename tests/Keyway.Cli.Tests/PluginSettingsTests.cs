using System.Text.Json;
using System.Text.RegularExpressions;
using Keyway.Cli.Run;
using Keyway.Testing;

namespace Keyway.Cli;

/// <summary><c>config explain</c> says of settings that plugins read by themselves what they do, in the plugins' own words, and loads none of them.</summary>
public sealed partial class PluginSettingsTests
{
    /// <summary>What a plugin's page has in its table of settings.</summary>
    [Theory]
    [InlineData("widevine.md", "KeySystems:widevine:Settings", 14)]
    [InlineData("playready.md", "KeySystems:playready:Settings", 10)]
    [InlineData("platform-cdm.md", "KeySystems:cdm:Settings", 10)]
    [InlineData("expressplay.md", "Providers:expressplay:Settings", 3)]
    public async Task Each_setting_of_a_page_is_explained(string page, string section, int least)
    {
        string[] lines = await File.ReadAllLinesAsync(Path.Combine(Corpus.Root, "docs", page), TestContext.Current.CancellationToken);
        IEnumerable<string> rows = lines.SkipWhile(static line => !line.StartsWith("| Setting |", StringComparison.Ordinal)).TakeWhile(static line => line.StartsWith('|'));
        string[] names = [.. rows.SelectMany(static row => Name().Matches(row.Split('|')[1]).Select(static match => match.Groups[1].Value))
            .Select(static name => name.Replace("NAME", "x", StringComparison.Ordinal)).Where(static name => name.StartsWith("Settings:", StringComparison.Ordinal) || !name.Contains("KEYSYSTEM", StringComparison.Ordinal))
            .Where(name => page != "expressplay.md" || name.StartsWith("Settings:", StringComparison.Ordinal)).Select(static name => name.StartsWith("Settings:", StringComparison.Ordinal) ? name["Settings:".Length..] : name)
            .Select(static name => name == ":File" ? "Roots:x:File" : name)];
        names.Should().HaveCountGreaterThanOrEqualTo(least);
        string[] provider = section.StartsWith("Providers", StringComparison.Ordinal) ? ["--set", "Keyway:Providers:expressplay:Plugin=expressplay"] : [];
        foreach (string name in names)
        {
            JsonElement setting = (await CommandRun.OfAsync(["config", "explain", $"Keyway:{section}:{name}", "--json", .. provider])).ShouldEndWith(ExitCode.Done).Json.GetProperty("settings").EnumerateArray().Should().ContainSingle().Subject;
            setting.GetProperty("description").GetString().Should().NotContain("reads by itself", $"{name} is said to do something").And.NotBeNullOrEmpty();
        }
    }

    [Fact]
    public async Task A_default_a_name_of_the_user_s_and_what_nobody_describes()
    {
        string[] settings = ["--set", "Keyway:KeySystems:widevine:Settings:Privacy=Off", "--set", "Keyway:KeySystems:widevine:Settings:Roots:mine:File=/roots/a.pem", "--set", "Keyway:KeySystems:widevine:Settings:Nosuch=1", "--set", "Keyway:KeySystems:clearkey:Settings:Keys:00112233445566778899aabbccddeeff=secret:k"];
        Dictionary<string, JsonElement> explained = (await CommandRun.OfAsync(["config", "explain", "Keyway:KeySystems", "--json", .. settings])).ShouldEndWith(ExitCode.Done).Json.GetProperty("settings").EnumerateArray()
            .ToDictionary(static each => each.GetProperty("path").GetString()!["Keyway:KeySystems:".Length..]);
        explained["widevine:Settings:Privacy"].GetProperty("default").GetString().Should().Be("Auto");
        explained["widevine:Settings:Roots:mine:File"].GetProperty("description").GetString().Should().Contain("absolute path");
        explained["clearkey:Settings:Keys:00112233445566778899aabbccddeeff"].GetProperty("description").GetString().Should().Contain("secret:NAME");
        explained["widevine:Settings:Nosuch"].GetProperty("description").GetString().Should().Be("a setting that the plugin 'widevine' reads by itself");
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Name();
}

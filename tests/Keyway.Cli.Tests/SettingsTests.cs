using System.Text.Json;
using Keyway.Cli.Run;
using Keyway.Hosting.Plugins;

namespace Keyway.Cli;

/// <summary><c>plugins</c> and <c>config</c>.</summary>
public sealed class SettingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_plugin_that_configuration_names_and_that_is_not_there_fails_the_command_that_lists_them()
    {
        CommandRun run = (await CommandRun.OfAsync("plugins", "--json", "--set", "Keyway:Plugins:Allow:nosuch:Required=false")).ShouldEndWith(ExitCode.Usage);
        run.Json.GetProperty("error").GetProperty("message").GetString().Should().Contain("nosuch");
        run.Json.GetProperty("plugins").EnumerateArray().Should().Contain(static plugin => plugin.GetProperty("state").GetString() == "loaded", "the others are listed all the same");
        (await CommandRun.OfAsync("plugins", "--set", "Keyway:Plugins:Allow:nosuch:Disabled=true")).ShouldEndWith(ExitCode.Done);
    }

    [Fact]
    public async Task Every_plugin_is_listed_with_what_it_brings_or_why_it_is_left_out()
    {
        CommandRun run = (await CommandRun.OfAsync("plugins")).ShouldEndWith(ExitCode.Done);
        run.Out.Should().MatchRegex("clearkey +loaded").And.Contain("key system clearkey").And.MatchRegex("rules +[a-z-]+").And.Contain("Keyway:Plugins:Allow");
        JsonElement[] plugins = [.. (await CommandRun.OfAsync("plugins", "--json")).ShouldEndWith(ExitCode.Done).Json.GetProperty("plugins").EnumerateArray()];
        plugins.Single(static plugin => plugin.GetProperty("id").GetString() == "clearkey").GetProperty("keySystems")[0].GetString().Should().Be("clearkey");
        plugins.Single(static plugin => plugin.GetProperty("id").GetString() == "rules").GetProperty("reason").GetString().Should().NotBeEmpty();
    }

    [Fact]
    public async Task A_cdm_is_loaded_when_an_entry_names_it_and_says_what_it_runs_on_or_why_it_does_not()
    {
        JsonElement[] plugins = [.. (await CommandRun.OfAsync("plugins", "--json")).ShouldEndWith(ExitCode.Done).Json.GetProperty("plugins").EnumerateArray()];
        plugins.Single(static plugin => plugin.GetProperty("id").GetString() == "cdm").GetProperty("state").GetString().Should().Be("not-needed");
        string[] named = ["--set", "Keyway:KeySystems:tv:Plugin=cdm", "--set", $"Keyway:KeySystems:tv:Settings:Module={_folder.Write("module.so", [1, 2, 3])}", "--set", "Keyway:KeySystems:tv:Settings:KeySystem=org.w3.clearkey"];
        CommandRun run = (await CommandRun.OfAsync(["plugins", "--json", .. named])).ShouldEndWith(ExitCode.Done);
        run.Json.GetProperty("plugins").EnumerateArray().Single(static plugin => plugin.GetProperty("id").GetString() == "cdm").GetProperty("state").GetString().Should().Be("loaded");
        JsonElement fact = run.Json.GetProperty("runsOn").EnumerateArray().Should().ContainSingle().Which;
        (fact.GetProperty("keySystem").GetString(), fact.GetProperty("name").GetString()).Should().Be(("tv", "problem"));
        fact.GetProperty("value").GetString().Should().Contain("module.so").And.Contain("while its library was being loaded");
        (await CommandRun.OfAsync(["plugins", .. named])).ShouldEndWith(ExitCode.Done).Out.Should().Contain("key system tv").And.Contain("problem: CDM module.so");
    }

    [Fact]
    public async Task A_pin_that_was_printed_is_accepted_and_another_refused()
    {
        string pin = PluginPin.Compute(Path.Combine(AppContext.BaseDirectory, "plugins", "clearkey"));
        (await CommandRun.OfAsync("plugins", "--pin")).ShouldEndWith(ExitCode.Done).Out.Should().Contain(pin);
        (await CommandRun.OfAsync("plugins", "--pin", "--json")).ShouldEndWith(ExitCode.Done).Json.GetProperty("plugins").EnumerateArray()
            .Single(static plugin => plugin.GetProperty("id").GetString() == "clearkey").GetProperty("pin").GetString().Should().Be(pin);
        (await CommandRun.OfAsync("plugins", "--set", $"Keyway:Plugins:Allow:clearkey:Pin={pin}")).ShouldEndWith(ExitCode.Done).Out.Should().Contain("loaded");
        (await CommandRun.OfAsync("plugins", "--set", $"Keyway:Plugins:Allow:clearkey:Pin={new string('0', 64)}")).ShouldEndWith(ExitCode.Done).Out.Should().NotMatchRegex("clearkey +loaded");
    }

    [Fact]
    public async Task A_required_plugin_that_is_missing_is_shown_and_ends_with_2()
    {
        string[] missing = ["--set", "Keyway:Plugins:Allow:nobody:Required=true"];
        CommandRun run = (await CommandRun.OfAsync(["plugins", .. missing])).ShouldEndWith(ExitCode.Usage);
        run.Out.Should().Contain("nobody");
        run.Error.Should().Contain("nobody");
        (await CommandRun.OfAsync(["plugins", "--json", .. missing])).ShouldFailInJson(ExitCode.Usage, "plugins").Json.GetProperty("plugins")[0].GetProperty("id").GetString().Should().Be("nobody");
        (await CommandRun.OfAsync(["config", "--json", .. missing])).ShouldFailInJson(ExitCode.Usage, "plugins").Json.GetProperty("settings").GetArrayLength().Should().BePositive();
    }

    [Fact]
    public async Task Every_setting_is_shown_with_its_origin()
    {
        string file = _folder.Write("mine.json", """{ "Keyway": { "KeySystems": { "clearkey": { "Priority": 7 } }, "Decryption": { "Acceleration": "Portable" } } }""");
        JsonElement json = (await CommandRun.OfAsync("config", "--config", file, "--set", "Keyway:KeySystems:clearkey:Priority=5", "--json")).ShouldEndWith(ExitCode.Done).Json;
        Dictionary<string, (string?, string?)> settings = json.GetProperty("settings").EnumerateArray()
            .ToDictionary(static each => each.GetProperty("path").GetString()!, static each => (each.GetProperty("value").GetString(), each.GetProperty("origin").GetString()));
        settings["Keyway:KeySystems:clearkey:Priority"].Should().Be(("5", "command line"));
        settings["Keyway:Decryption:Acceleration"].Should().Be(("Portable", file));
        settings["Keyway:Plugins:Unknown"].Should().Be(("Refuse", Path.Combine(AppContext.BaseDirectory, "appsettings.json")));
        settings["Keyway:Plugins:Unloadable"].Should().Be(("false", "default"));
        json.GetProperty("errors").GetArrayLength().Should().Be(0);

        (await CommandRun.OfAsync("config", "--config", file)).ShouldEndWith(ExitCode.Done).Out.Should().Contain(file).And.Contain("Keyway:KeySystems:clearkey:Priority");
    }

    [Theory]
    [InlineData("{\n  \"Keyway\": {\n    \"Plugins\": { \"Unknown\" \"Load\" }\n} }", "line 3, column 28: ")]
    [InlineData("{ \"Keyway\": { }", "line 1, column 16: ")]
    [InlineData("{ \"Keyway\": { \"KeySystems\": { \"a\": { \"Priority\": 1, \"priority\": 2 } } } }", "duplicate key 'Keyway:KeySystems:a:priority'")]
    public async Task File_that_is_no_JSON_is_refused_with_its_line_and_column(string json, string place)
    {
        string file = _folder.Write("mine.json", json);
        CommandRun run = (await CommandRun.OfAsync("config", "--config", file)).ShouldEndWith(ExitCode.Usage);
        run.Error.Should().Contain(file).And.Contain(place);
    }

    [Fact]
    public async Task Half_an_entry_is_a_warning_that_says_what_is_missing()
    {
        string file = _folder.Write("mine.json", """{ "Keyway": { "KeySystems": { "clearkey": { "Plugin": "clearky", "Settings": { "Keys": { "d2aca193-19b8-ca2f-a031-5b7842893e3a": "secret:nowhere" } } } } } }""");
        CommandRun run = (await CommandRun.OfAsync("config", "--config", file)).ShouldEndWith(ExitCode.Done);
        run.Error.Should().Contain("warning: Keyway:Plugins:Allow:clearky").And.Contain("did you mean 'clearkey'?").And.Contain("KEYWAY_SECRET_NOWHERE")
            .And.Contain("plugin 'clearkey' is loaded, and no entry here uses its key system");
        (await CommandRun.OfAsync("config", "--config", file, "--json")).ShouldEndWith(ExitCode.Done).Json.GetProperty("warnings").GetArrayLength().Should().Be(3);
        (await CommandRun.OfAsync("inspect", Sample.File("cenc/manifest.mpd"), "--config", file)).ShouldEndWith(ExitCode.Done).Error.Should().Contain("did you mean 'clearkey'?");

        string outside = _folder.Write("outside.json", """{ "KeySystems": { "clearkey": { "Priority": 7 } } }""");
        (await CommandRun.OfAsync("config", "--config", outside)).ShouldEndWith(ExitCode.Done).Error.Should().Contain("warning: KeySystems: it is ignored").And.Contain(outside);
        (await CommandRun.OfAsync("config")).ShouldEndWith(ExitCode.Done).Error.Should().BeEmpty();
    }

    [Fact]
    public async Task Secrets_are_masked_and_pipelines_shown()
    {
        string file = _folder.Write("mine.json", """
            { "Keyway": { "Providers": { "acme": {
                "Endpoints": { "clearkey": "https://licence.example/x?token=hidden-one" },
                "Pipeline": [ { "Use": "header", "Name": "Authorization", "Value": "Bearer hidden-two" }, { "Use": "token", "Source": "secret:acme-token" }, { "Use": "challenge" } ] } } } }
            """);
        CommandRun run = (await CommandRun.OfAsync("config", "--config", file)).ShouldEndWith(ExitCode.Done).ShouldNotShow("hidden-one", "hidden-two");
        run.Out.Should().Contain("***").And.Contain("acme").And.Contain("challenge").And.Contain("transport");
        JsonElement json = (await CommandRun.OfAsync("config", "--config", file, "--json")).ShouldEndWith(ExitCode.Done).ShouldNotShow("hidden-one", "hidden-two").Json;
        json.GetProperty("settings").EnumerateArray().Single(static each => each.GetProperty("path").GetString() == "Keyway:Providers:acme:Pipeline:0:Value").GetProperty("masked").GetBoolean().Should().BeTrue();
        json.GetProperty("pipelines")[0].GetString().Should().Contain("challenge");
    }

    [Fact]
    public async Task Every_mistake_is_told_together_with_its_path()
    {
        string file = _folder.Write("mine.json", """
            { "Keyway": { "KeySystems": { "clearkey": { "Priority": "high" } }, "Decryption": { "Acceleration": "Warp" }, "Providers": { "acme": { "Endpoints": { "clearkey": "no-url" } } }, "Pluggins": {} } }
            """);
        string[] paths = ["Keyway:KeySystems:clearkey:Priority", "Keyway:Decryption:Acceleration", "Keyway:Providers:acme:Endpoints:clearkey", "Keyway:Pluggins"];
        CommandRun config = (await CommandRun.OfAsync("config", "--config", file)).ShouldEndWith(ExitCode.Usage);
        config.Out.Should().Contain("Keyway:Plugins:Unknown", "the settings are shown all the same");
        foreach (string path in paths) config.Error.Should().Contain(path);

        JsonElement json = (await CommandRun.OfAsync("config", "--config", file, "--json")).ShouldFailInJson(ExitCode.Usage, "configuration").Json;
        string[] errors = [.. json.GetProperty("errors").EnumerateArray().Select(static error => error.GetString()!)];
        foreach (string path in paths) errors.Should().Contain(error => error.StartsWith(path, StringComparison.Ordinal));

        foreach (string command in (string[])["play", "license", "inspect"])
            (await CommandRun.OfAsync(command, Sample.Manifest, "--config", file, "--json")).ShouldFailInJson(ExitCode.Usage, "configuration");
    }

    [Theory]
    [InlineData("{ \"Keyway\": ")]
    [InlineData(null)]
    public async Task A_settings_file_that_cannot_be_read_is_a_mistake_of_usage(string? text)
    {
        string file = text is null ? _folder.File("missing.json") : _folder.Write("broken.json", text);
        (await CommandRun.OfAsync("config", "--config", file)).ShouldEndWith(ExitCode.Usage).Error.Should().Contain(Path.GetFileName(file));
        (await CommandRun.OfAsync("inspect", Sample.Manifest, "--config", file, "--json")).ShouldFailInJson(ExitCode.Usage, "usage");
    }

    [Fact]
    public async Task A_setting_outside_of_Keyway_is_a_mistake_of_usage()
    {
        (await CommandRun.OfAsync("config", "--set", "KeySystems:clearkey:Priority=5")).ShouldEndWith(ExitCode.Usage).Error.Should().Contain("Keyway:");
        (await CommandRun.OfAsync("config", "--set", "nonsense")).ShouldEndWith(ExitCode.Usage);
    }
}

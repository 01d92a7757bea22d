using System.Text.Json;
using Keyway.Cli.Run;
using Keyway.Testing;

namespace Keyway.Cli;

/// <summary>The shape of every report is the one that docs/cli.md shows: nothing undocumented, and nothing missing that is always there.</summary>
public sealed class JsonShapeTests(SharedSandbox sandbox) : IDisposable
{
    // Of the documented members, those that depend on the content, the licence or the options.
    private static readonly HashSet<string> Sometimes =
    [
        "keys/policy/notBefore", "keys/policy/notAfter", "keys/policy/firstUseBefore", "keys/policy/afterFirstUseSeconds", "keys/policy/renewAt", "keys/policy/hdcp", "keys/changesAt",
        "headers/decoded/contentId", "headers/decoded/licenseUrl", "headers/problem", "licenseUrls/url", "licenseUrls/system", "licenseUrls/source",
        "sessions/stored", "gaps/track", "gaps/startSeconds", "gaps/durationSeconds", "gaps/segments", "gaps/reason", "licenses/releaseAsked",
        "packs/notes", "conflicts/kind", "conflicts/text", "conflicts/sources", "plugins/pin", "plugins/stage", "plugins/reason", "runsOn", "runsOn/keySystem", "runsOn/name", "runsOn/value",
        "recipients/problem", "rules/problem", "systems/headers/problem", "systems/headers/decoded/contentId", "systems/headers/decoded/licenseUrl",
        "tracks/segments/range", "tracks/segments/discontinuity",
        "record/exchanges/providerCode", "record/exchanges/retryAfter",
        "settings/overrides/value", "settings/overrides/origin",
        "attempts", "attempts/keySystem", "attempts/provider", "attempts/reason", "attempts/providerCode", "attempts/message",
        "preview", "preview/track", "preview/id", "preview/kind", "preview/width", "preview/height", "preview/chosen", "preview/kid", "preview/sink", "preview/allowed", "preview/status",
        "preview/reason", "preview/from", "preview/until", "preview/firstUseBefore", "preview/afterFirstUseSeconds", "preview/mostPixels",
        "error", "error/code", "error/kind", "error/message", "error/reason", "error/providerCode", "error/advice", "error/page",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public Task Of_play() => CheckAsync("play", Sample.Manifest, "--license-url", sandbox.ClearKey(), "--to", _folder.File("out.mp4"));

    [Fact]
    public Task Of_license() => CheckAsync("license", Sample.Manifest, "--license-url", sandbox.ClearKey());

    [Fact]
    public Task Of_license_with_what_it_allows() => CheckAsync("license", Sample.Manifest, "--license-url", sandbox.ClearKey(), "--preview", "--fallback", "@direct");

    [Fact]
    public Task Of_decrypt() => CheckAsync("decrypt", Sample.File("cbcs/audio.mp4"), "--key", Sample.Held("AUDIO"), "--to", _folder.File("out.mp4"), "--sha256");

    [Fact]
    public Task Of_inspect() => CheckAsync("inspect", Sample.Manifest, "--segments");

    [Fact]
    public Task Of_inspect_of_a_licence() => CheckBelowAsync("### Licences in a file", ["inspect", _folder.Write("license.bin", PlayReadyLicense.Make(cipher: 4))]);

    [Fact]
    public Task Of_inspect_of_a_cpix_document() => CheckBelowAsync("### CPIX documents", ["inspect", _folder.Write("film.cpix", CpixTests.Everything())]);

    [Fact]
    public Task Of_plugins() => CheckAsync("plugins", "--pin");

    [Fact]
    public Task Of_providers() => CheckAsync("providers", "--set", "Keyway:Providers:shop:Pack=nagra");

    [Fact]
    public Task Of_config() => CheckAsync("config");

    [Fact]
    public Task Of_config_explain() => CheckBelowAsync("### What settings do", ["config", "explain"]);

    [Fact]
    public async Task Of_a_failure()
    {
        CommandRun run = await CommandRun.OfAsync("inspect", _folder.File("missing.mpd"), "--config", _folder.File("missing.json"), "--json");
        // Two members are of refused licences only, and checked where licences are refused.
        PathsOf(run.Json).Should().BeEquivalentTo(PathsOf(Documented("## Exit codes")).Except(["error/reason", "error/providerCode"]));
    }

    [Fact]
    public async Task Of_play_says_a_policy_s_members_as_documented()
    {
        using LoopbackServer service = LoopbackServer.Answering(static _ => { });
        string[] arguments = ["license", Sample.Manifest, "--license-url", service.Url.AbsoluteUri, "--json", .. FailureTests.Rules("NotAfter=2999-01-01T00:00:00Z")];
        JsonElement key = (await CommandRun.OfAsync(arguments)).ShouldEndWith(ExitCode.Done).Json.GetProperty("keys")[0];
        key.GetProperty("expires").GetDateTimeOffset().Year.Should().Be(2999);
        key.GetProperty("policy").GetProperty("notAfter").GetDateTimeOffset().Year.Should().Be(2999);
        key.GetProperty("changesAt").GetDateTimeOffset().Year.Should().Be(2999);
    }

    internal static Task CheckAsync(string command, params string[] arguments) => CheckBelowAsync($"## keyway {command}", [command, .. arguments]);

    internal static async Task CheckBelowAsync(string heading, string[] arguments)
    {
        CommandRun run = (await CommandRun.OfAsync([.. arguments, "--json"])).ShouldEndWith(ExitCode.Done);
        run.Error.Should().BeEmpty();
        HashSet<string> documented = PathsOf(Documented(heading)), found = PathsOf(run.Json);
        found.Except(documented).Should().BeEmpty("docs/cli.md shows every member");
        documented.Except(found).Except(Sometimes).Should().BeEmpty("docs/cli.md says that these are there");
    }

    /// <summary>The first JSON example below a heading.</summary>
    private static JsonElement Documented(string heading)
    {
        string text = File.ReadAllText(Path.Combine(Corpus.Root, "docs", "cli.md"));
        const string fence = "```json\n";
        int from = text.IndexOf(fence, text.IndexOf($"{heading}\n", StringComparison.Ordinal), StringComparison.Ordinal) + fence.Length;
        using JsonDocument document = JsonDocument.Parse(text[from..text.IndexOf("```", from, StringComparison.Ordinal)]);
        return document.RootElement.Clone();
    }

    /// <summary>The names of all members, with those that they are in; elements of an array have no name.</summary>
    private static HashSet<string> PathsOf(JsonElement element, string path = "")
    {
        HashSet<string> paths = [];
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in element.EnumerateArray()) paths.UnionWith(PathsOf(item, path));
        }
        else if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty member in element.EnumerateObject())
            {
                string name = path.Length == 0 ? member.Name : $"{path}/{member.Name}";
                paths.Add(name);
                paths.UnionWith(PathsOf(member.Value, name));
            }
        }

        return paths;
    }
}

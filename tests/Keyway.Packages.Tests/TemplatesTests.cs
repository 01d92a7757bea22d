using System.IO.Compression;
using System.Text.RegularExpressions;

namespace Keyway.Packages;

/// <summary>`dotnet new` and `dotnet test`, as somebody who begins does it: from the packed packages, into a folder of any name.</summary>
[Collection(nameof(PackedCollection))]
public sealed partial class TemplatesTests(Packed packed)
{
    private static readonly string[] Names = ["keyway-keysystem", "keyway-provider", "keyway-pack", "keyway-host"];

    // A dot and a dash, a blank, a word of the language, and one within; in a long run also a digit in front, letters that are not of ASCII, and the name of what is referred to.
    private static readonly string[] Awkward = ["My.Co-1", "My-App 2", "class", "my.event", "2nd.Try", "Ünïcode", "Keyway"];

    /// <summary>Under which name each template is tried: every run tries each template and each of the first names once, a long one each with each.</summary>
    public static TheoryData<int> Rounds { get; } = [.. Enumerable.Range(0, LongRun.Times(Awkward.Length, 1))];

    [Theory]
    [MemberData(nameof(Rounds))]
    public async Task Every_template_is_green_in_two_commands_under_an_awkward_name(int round)
    {
        string hive = Path.Combine(packed.Folder, $"hive{round}");
        (int code, string said) = await packed.RunAsync(packed.Folder, "dotnet", ["new", "install", Path.Combine(packed.Packages, $"Keyway.Templates.{Packed.Version}.nupkg"), "--debug:custom-hive", hive]);
        code.Should().Be(0, said);
        foreach (string template in Names) said.Should().Contain(template);

        // Beside each other: they share nothing but the packages, and the first restores those.
        List<string> folders = [];
        for (int i = 0; i < Names.Length; i++)
        {
            string folder = Directory.CreateDirectory(Path.Combine(packed.Folder, $"new{round}", Names[i])).FullName;
            folders.Add(folder);
            (code, said) = await packed.RunAsync(folder, "dotnet", ["new", Names[i], "-n", Awkward[(i + round) % Awkward.Length], "--debug:custom-hive", hive]);
            code.Should().Be(0, said);
        }

        (int Code, string Said)[] runs = await Task.WhenAll(folders.Select(folder => packed.RunAsync(folder, "dotnet", ["test", "-v", "q"])));
        for (int i = 0; i < runs.Length; i++)
        {
            runs[i].Code.Should().Be(0, "{0}: {1}", Names[i], runs[i].Said);
            SucceededPattern().Match(runs[i].Said).Groups[1].Value.Should().NotBeEmpty("{0}: {1}", Names[i], runs[i].Said).And.NotBe("0");
            Directory.EnumerateFiles(folders[i], "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folders[i], file)).Should()
                .NotContain(static file => file.Contains("acme", StringComparison.OrdinalIgnoreCase), "the name is everywhere");
            File.Exists(Path.Combine(folders[i], ".github", "workflows", "test.yml")).Should().BeTrue();
        }

        if (round > 0) return;
        // What a name comes to: types, namespaces and the plugin's id each have their own rules.
        string plugin = await File.ReadAllTextAsync(Path.Combine(folders[0], "My_Co_1", "My_Co_1Plugin.cs"), TestContext.Current.CancellationToken);
        plugin.Should().Contain("using My.Co_1;").And.Contain("""[assembly: KeywayPlugin("my-co-1", typeof(My_Co_1Plugin))]""").And.Contain("namespace My.Co_1;");
        File.Exists(Path.Combine(folders[1], "My_App_2", "My_App_2Provider.cs")).Should().BeTrue();
        File.Exists(Path.Combine(folders[2], "class.pack.json")).Should().BeTrue("an id of a plugin may be a word of the language");
        File.Exists(Path.Combine(folders[2], "_class.Tests", "_class.Tests.csproj")).Should().BeTrue("a type may not");
        (await File.ReadAllTextAsync(Path.Combine(folders[3], "my_event.Tests", "HostTests.cs"), TestContext.Current.CancellationToken)).Should().Contain("namespace my._event.Tests;");

        // And a host takes it: the packed tool checks the folder, and loads it.
        string output = Path.Combine(folders[0], "My_Co_1", "bin", "Debug", "net10.0");
        string keyway = await packed.ToolAsync();
        (code, said) = await packed.RunAsync(packed.Folder, keyway, ["plugins", "check", output]);
        code.Should().Be(0, said);
        string plugins = Path.Combine(packed.Folder, "new0", "plugins");
        Directory.CreateDirectory(plugins);
        Directory.Move(output, Path.Combine(plugins, "my-co-1"));
        (code, said) = await packed.RunAsync(packed.Folder, keyway, ["plugins", "--json", "--set", $"Keyway:Plugins:Directory={plugins}", "--set", "Keyway:KeySystems:my-co-1:Plugin=my-co-1"]);
        said.Should().MatchRegex("\"id\": \"my-co-1\",\\s+\"state\": \"loaded\"");
    }

    [Fact]
    public void Package_has_the_samples_as_they_are_and_nothing_that_was_built()
    {
        using ZipArchive archive = ZipFile.OpenRead(Path.Combine(packed.Packages, $"Keyway.Templates.{Packed.Version}.nupkg"));
        string[] entries = [.. archive.Entries.Select(static entry => entry.FullName).Where(static name => name.StartsWith("content/", StringComparison.Ordinal))];
        foreach ((string template, string sample) in Names.Zip((string[])["plugin", "provider", "pack", "embed"]))
        {
            string root = Path.Combine(Testing.Corpus.Root, "samples", sample);
            IEnumerable<string> files = Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(root, file).Replace('\\', '/'))
                .Where(static file => !file.Split('/').Any(static part => part is "bin" or "obj"));
            entries.Where(entry => entry.StartsWith($"content/{template}/", StringComparison.Ordinal)).Select(entry => entry[$"content/{template}/".Length..])
                .Should().BeEquivalentTo([.. files, "Directory.Build.props"]);
            using StreamReader props = new(archive.GetEntry($"content/{template}/Directory.Build.props")!.Open());
            props.ReadToEnd().Should().Contain($"<KeywayVersion>{Packed.Version}</KeywayVersion>");
        }
    }

    [GeneratedRegex(@"succeeded: (\d+)")]
    private static partial Regex SucceededPattern();
}

using System.IO.Compression;
using System.Text.RegularExpressions;

namespace Keyway.Packages;

/// <summary>`dotnet new` and `dotnet test`, as somebody who begins does it: from the packed packages, into a folder of any name.</summary>
[Collection(nameof(PackedCollection))]
public sealed partial class TemplatesTests(Packed packed)
{
    private static readonly string[] Names = ["keyway-keysystem", "keyway-provider", "keyway-pack", "keyway-host"];

    [Fact]
    public async Task Every_template_is_green_in_two_commands_under_an_awkward_name()
    {
        string hive = Path.Combine(packed.Folder, "hive");
        (int code, string said) = await packed.RunAsync(packed.Folder, "dotnet", ["new", "install", Path.Combine(packed.Packages, $"Keyway.Templates.{Packed.Version}.nupkg"), "--debug:custom-hive", hive]);
        code.Should().Be(0, said);
        foreach (string template in Names) said.Should().Contain(template);

        // Beside each other: they share nothing but the packages, and the first restores those.
        List<string> folders = [];
        foreach (string template in Names)
        {
            string folder = Directory.CreateDirectory(Path.Combine(packed.Folder, "new", template)).FullName;
            folders.Add(folder);
            (code, said) = await packed.RunAsync(folder, "dotnet", ["new", template, "-n", "My.Co-1", "--debug:custom-hive", hive]);
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

        // What a name comes to: types, namespaces and the plugin's id each have their own rules.
        string plugin = await File.ReadAllTextAsync(Path.Combine(folders[0], "My_Co_1", "My_Co_1Plugin.cs"), TestContext.Current.CancellationToken);
        plugin.Should().Contain("using My.Co_1;").And.Contain("""[assembly: KeywayPlugin("my-co-1", typeof(My_Co_1Plugin))]""").And.Contain("namespace My.Co_1;");

        // And a host takes it: the packed tool checks the folder, and loads it.
        string output = Path.Combine(folders[0], "My_Co_1", "bin", "Debug", "net10.0");
        string keyway = await packed.ToolAsync();
        (code, said) = await packed.RunAsync(packed.Folder, keyway, ["plugins", "check", output]);
        code.Should().Be(0, said);
        string plugins = Path.Combine(packed.Folder, "new", "plugins");
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

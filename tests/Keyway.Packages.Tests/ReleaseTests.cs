using System.Reflection.Metadata;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Keyway.Testing;

namespace Keyway.Packages;

/// <summary>What a release is made of beside its packages.</summary>
[Collection(nameof(PackedCollection))]
public sealed partial class ReleaseTests(Packed packed)
{
    private static readonly string[] Libraries = ["framework/Keyway.Abstractions", "framework/Keyway", "framework/Keyway.Hosting", "tests/Keyway.Testing"];

    // SourceLink's kind of custom debug information (Portable PDB specification, Source Link).
    private static readonly Guid SourceLink = new("CC110556-A091-4D38-9FEC-25AB9A351A6A");

    private static readonly string[] OpenSource = ["MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "PostgreSQL", "0BSD"];

    // They name an address or bring a file instead of an expression; each has been read, and is MIT.
    private static readonly string[] OlderThanExpressions = ["CommandLineParser", "Microsoft.DotNet.PlatformAbstractions", "System.Configuration.ConfigurationManager", "System.Security.Cryptography.ProtectedData"];

    private static string Version => VersionPattern().Match(File.ReadAllText(Path.Combine(Corpus.Root, "Directory.Build.props"))).Groups[1].Value;

    [Fact]
    public void Every_library_declares_what_is_public()
    {
        foreach (string library in Libraries)
        {
            string[] shipped = File.ReadAllLines(Path.Combine(Corpus.Root, library, "PublicAPI.Shipped.txt")), unshipped = File.ReadAllLines(Path.Combine(Corpus.Root, library, "PublicAPI.Unshipped.txt"));
            shipped[0].Should().Be("#nullable enable", library);
            unshipped[0].Should().Be("#nullable enable", library);
            (shipped.Length + unshipped.Length).Should().BeGreaterThan(20, library);
            shipped.Skip(1).Intersect(unshipped.Skip(1)).Should().BeEmpty(library);
        }
    }

    [Fact]
    public void Changelog_has_the_version_and_says_what_comes()
    {
        string[] lines = File.ReadAllLines(Path.Combine(Corpus.Root, "CHANGELOG.md"));
        string[] versions = [.. lines.Where(static line => line.StartsWith("## ", StringComparison.Ordinal))];
        versions[0].Should().Be("## [Unreleased]");
        versions[1].Should().StartWith($"## [{Version}]", "the version that is made now stands next");
        lines.Where(static line => line.StartsWith("### ", StringComparison.Ordinal)).Should().OnlyContain(static line => new[] { "Added", "Changed", "Deprecated", "Removed", "Fixed", "Security" }.Contains(line.Substring(4)));

        bool hasNew = Libraries.Any(static library => File.ReadLines(Path.Combine(Corpus.Root, library, "PublicAPI.Unshipped.txt")).Skip(1).Any(static line => line.Length > 0));
        string[] unreleased = [.. lines.SkipWhile(static line => line != "## [Unreleased]").Skip(1).TakeWhile(static line => !line.StartsWith("## ", StringComparison.Ordinal)).Where(static line => line.StartsWith("- ", StringComparison.Ordinal))];
        if (hasNew) unreleased.Should().NotBeEmpty("the public API has changed");
    }

    [Fact]
    public void Notices_name_every_package_that_is_shipped()
    {
        string notices = File.ReadAllText(Path.Combine(Corpus.Root, "THIRD-PARTY-NOTICES.md"));
        HashSet<string> shipped = [];
        IEnumerable<string> outputs = ((string[])["cli", "fleet", "relay", "sandbox"]).Select(static host => Path.Combine(Corpus.Root, "hosts", host, "bin", Packed.Configuration, "net10.0"));
        foreach (string file in outputs.SelectMany(static output => Directory.EnumerateFiles(output, "*.deps.json", SearchOption.AllDirectories)).Where(static file => !file.Contains("publish", StringComparison.Ordinal)))
        {
            using JsonDocument deps = JsonDocument.Parse(File.ReadAllBytes(file));
            foreach (JsonProperty library in deps.RootElement.GetProperty("libraries").EnumerateObject())
                if (library.Value.GetProperty("type").GetString() == "package") shipped.Add(library.Name);
        }

        shipped.Count.Should().BeGreaterThan(10);
        foreach (string package in shipped)
        {
            string[] parts = package.Split('/');
            notices.Should().MatchRegex($@"(?m)^\| {Regex.Escape(parts[0])} \| {Regex.Escape(parts[1])} \| [^|]*\S[^|]* \|", "eng/sbom.sh makes the notices anew");
        }
    }

    /// <summary>Also of what only builds and tests: of each package that a project of the checkout restores, the licence that it names itself.</summary>
    [Fact]
    public void Every_package_that_is_restored_is_open_source()
    {
        HashSet<string> packages = [];
        foreach (string file in Directory.EnumerateFiles(Corpus.Root, "project.assets.json", SearchOption.AllDirectories))
        {
            using JsonDocument assets = JsonDocument.Parse(File.ReadAllBytes(file));
            string[] folders = [.. assets.RootElement.GetProperty("packageFolders").EnumerateObject().Select(static folder => folder.Name)];
            foreach (JsonProperty library in assets.RootElement.GetProperty("libraries").EnumerateObject().Where(static library => library.Value.GetProperty("type").GetString() == "package"))
            {
                string path = library.Value.GetProperty("path").GetString()!;
                if (folders.Select(folder => Path.Combine(folder, path)).FirstOrDefault(Directory.Exists) is { } folder) packages.Add(folder);
            }
        }

        packages.Count.Should().BeGreaterThan(60);
        List<string> strangers = [];
        foreach (string package in packages)
        {
            XElement metadata = XDocument.Load(Directory.EnumerateFiles(package, "*.nuspec").Single()).Root!.Elements().First();
            string? Value(string name) => metadata.Elements().FirstOrDefault(each => each.Name.LocalName == name)?.Value;
            string id = $"{Value("id")} {Value("version")}";
            bool isExpression = (string?)metadata.Elements().FirstOrDefault(static each => each.Name.LocalName == "license")?.Attribute("type") == "expression";
            if (!(isExpression && OpenSource.Contains(Value("license")!)) && !OlderThanExpressions.Contains(Value("id")!)) strangers.Add($"{id}: {Value("license") ?? Value("licenseUrl")}");
        }

        strangers.Should().BeEmpty("a licence is one of the list, or somebody has read it and says so here");
    }

    [Fact]
    public void Security_page_says_how_to_report_and_what_is_in_scope()
    {
        string page = File.ReadAllText(Path.Combine(Corpus.Root, "SECURITY.md"));
        foreach (string said in (string[])["90 days", "docs/trust.md", "no keys, tokens, licences or device credentials"]) page.Should().ContainEquivalentOf(said);
    }

    [Fact]
    public async Task Symbols_name_their_sources_and_two_packages_are_the_same()
    {
        List<(string Symbols, string[] Files)> builds = [];
        foreach (string name in (string[])["one", "another place"])
        {
            // What the contract is built of, and nothing of a repository around it.
            string folder = Path.Combine(packed.Folder, "reproduced", name);
            foreach (string file in (string[])["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "BannedSymbols.txt", "global.json", ".editorconfig", "plugins/BannedSymbols.txt"]) Copy(file, folder);
            foreach (string file in Directory.EnumerateFiles(Path.Combine(Corpus.Root, "framework", "Keyway.Abstractions"), "*", SearchOption.AllDirectories).Select(static file => Path.GetRelativePath(Corpus.Root, file)).Where(static file => !file.Split('/', '\\').Any(static part => part is "bin" or "obj")))
                Copy(file, folder);
            (int code, string said) = await packed.RunAsync(
                folder, "dotnet", ["pack", "framework/Keyway.Abstractions", "-o", "packages", "-c", "Release", "-v", "q", "--nologo", "-p:RunAnalyzers=false", "-p:RepositoryUrl=https://git.example/keyway", "-p:SourceRevisionId=0123456789abcdef0123456789abcdef01234567"],
                new Dictionary<string, string> { ["CI"] = "true" });
            code.Should().Be(0, said);
            string output = Path.Combine(folder, "framework", "Keyway.Abstractions", "bin", "Release", "net10.0", "Keyway.Abstractions");
            builds.Add((output + ".pdb", [output + ".dll", output + ".pdb", .. Directory.EnumerateFiles(Path.Combine(folder, "packages")).Order(StringComparer.Ordinal)]));
        }

        builds[0].Files.Should().HaveCount(4, "an assembly, its symbols, and a package of each");
        builds[1].Files.Select(Path.GetFileName).Should().Equal(builds[0].Files.Select(Path.GetFileName));
        foreach ((string one, string other) in builds[0].Files.Zip(builds[1].Files))
            Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(one))).Should().Be(Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(other))), "{0} is the same wherever and whenever it was built", Path.GetFileName(one));

        using MetadataReaderProvider symbols = MetadataReaderProvider.FromPortablePdbStream(File.OpenRead(builds[0].Symbols));
        MetadataReader reader = symbols.GetMetadataReader();
        string link = reader.GetCustomDebugInformation(EntityHandle.ModuleDefinition).Select(reader.GetCustomDebugInformation)
            .Where(information => reader.GetGuid(information.Kind) == SourceLink).Select(information => Encoding.UTF8.GetString(reader.GetBlobBytes(information.Value))).Single();
        using JsonDocument map = JsonDocument.Parse(link);
        JsonProperty document = map.RootElement.GetProperty("documents").EnumerateObject().Single();
        document.Value.GetString().Should().Be("https://git.example/keyway/raw/0123456789abcdef0123456789abcdef01234567/*");
        reader.Documents.Select(handle => reader.GetString(reader.GetDocument(handle).Name)).Should().Contain(name => name.EndsWith("/framework/Keyway.Abstractions/Plugins.cs", StringComparison.Ordinal))
            .And.OnlyContain(name => name.StartsWith(document.Name.TrimEnd('*'), StringComparison.Ordinal), "no path of the machine is in it");
    }

    /// <summary>Of several classes with messages the SDK's generator (10.0.401) writes them in an order that is another in each build, and so in the symbols.</summary>
    [Fact]
    public void Messages_of_a_library_are_in_one_class()
    {
        foreach (string project in Packed.Projects.Values.Where(static project => project != "hosts/cli"))
        {
            string root = Path.Combine(Corpus.Root, project);
            string[] with = [.. Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(root, file))
                .Where(static file => !file.Split('/', '\\').Any(static part => part is "bin" or "obj" or "host")).Where(file => File.ReadAllText(Path.Combine(root, file)).Contains("[LoggerMessage(", StringComparison.Ordinal))];
            with.Length.Should().BeLessThan(2, "{0} is to be the same bytes twice: {1}", project, string.Join(", ", with));
        }
    }

    [Fact]
    public void Tool_is_no_larger_than_it_was_meant_to_be() =>
        new FileInfo(Path.Combine(packed.Packages, $"Keyway.Cli.{Packed.Version}.nupkg")).Length.Should().BeLessThan(24 << 20, "somebody downloads it to try it");

    private static void Copy(string file, string folder)
    {
        string copy = Path.Combine(folder, file);
        Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
        File.Copy(Path.Combine(Corpus.Root, file), copy);
    }

    [GeneratedRegex("<Version>(.*)</Version>")]
    private static partial Regex VersionPattern();
}

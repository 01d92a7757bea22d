using System.IO.Compression;

namespace Keyway.Packages;

/// <summary>What is in the packages.</summary>
[Collection(nameof(PackedCollection))]
public sealed class PackagesTests(Packed packed)
{
    [Theory]
    [InlineData("Keyway.Abstractions")]
    [InlineData("Keyway")]
    [InlineData("Keyway.Hosting")]
    [InlineData("Keyway.Testing")]
    public void Library_brings_documentation_symbols_and_a_page(string name)
    {
        string[] entries = Entries($"{name}.{Packed.Version}.nupkg");
        entries.Should().Contain([$"lib/net10.0/{name}.dll", $"lib/net10.0/{name}.xml", "README.md"]);
        Entries($"{name}.{Packed.Version}.snupkg").Should().Contain($"lib/net10.0/{name}.pdb");
    }

    [Fact]
    public void Contract_brings_the_guard_of_plugins_to_those_who_reference_it_and_to_no_host() =>
        Entries($"Keyway.Abstractions.{Packed.Version}.nupkg").Where(static entry => entry.StartsWith("build", StringComparison.Ordinal))
            .Should().BeEquivalentTo("build/Keyway.Abstractions.targets", "build/BannedSymbols.txt");

    [Fact]
    public void Plugin_built_from_the_package_has_no_copy_of_the_contract() =>
        Directory.GetFiles(packed.Plugin).Select(Path.GetFileName).Should().BeEquivalentTo("Acme.dll", "Acme.pdb", "Acme.deps.json", "Acme.runtimeconfig.json");

    [Fact]
    public void Host_built_from_the_package_has_one() =>
        Directory.GetFiles(packed.Embed).Select(Path.GetFileName).Should().Contain(["Keyway.Abstractions.dll", "Keyway.dll", "Keyway.Hosting.dll"]);

    [Fact]
    public async Task Tool_installs_and_plays_its_sample()
    {
        string tools = Path.Combine(packed.Folder, "tools");
        (int code, string said) = await packed.RunAsync(packed.Folder, "dotnet", ["tool", "install", "Keyway.Cli", "--version", Packed.Version, "--tool-path", tools]);
        code.Should().Be(0, said);
        (code, said) = await packed.RunAsync(packed.Folder, Path.Combine(tools, OperatingSystem.IsWindows() ? "keyway.exe" : "keyway"), ["play", "--to", "out.mp4"]);
        code.Should().Be(0, said);
        new FileInfo(Path.Combine(packed.Folder, "out.mp4")).Length.Should().BeGreaterThan(500_000);
    }

    private string[] Entries(string package)
    {
        using ZipArchive archive = ZipFile.OpenRead(Path.Combine(packed.Packages, package));
        return [.. archive.Entries.Select(static entry => entry.FullName)];
    }
}

/// <summary>Packing takes long enough for once.</summary>
[CollectionDefinition(nameof(PackedCollection))]
public sealed class PackedCollection : ICollectionFixture<Packed>;

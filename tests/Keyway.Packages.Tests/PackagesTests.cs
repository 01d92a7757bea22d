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
            .Should().BeEquivalentTo("build/net10.0/Keyway.Abstractions.targets", "build/net10.0/BannedSymbols.txt");

    [Fact]
    public void Plugin_built_from_the_package_has_no_copy_of_the_contract() =>
        Directory.GetFiles(packed.Plugin).Select(Path.GetFileName).Should().BeEquivalentTo("Acme.dll", "Acme.pdb", "Acme.deps.json", "Acme.runtimeconfig.json");

    [Fact]
    public void Host_built_from_the_package_has_one() =>
        Directory.GetFiles(packed.Embed).Select(Path.GetFileName).Should().Contain(["Keyway.Abstractions.dll", "Keyway.dll", "Keyway.Hosting.dll"]);

    [Theory]
    [InlineData("ClearKey", "Keyway.ClearKey.dll")]
    [InlineData("Widevine", "Keyway.Widevine.dll", "Google.Protobuf.dll", "BouncyCastle.Cryptography.dll")]
    [InlineData("PlayReady", "Keyway.PlayReady.dll", "BouncyCastle.Cryptography.dll")]
    [InlineData("ExpressPlay", "Keyway.ExpressPlay.dll")]
    public void Plugin_package_has_the_folder_that_a_host_loads_and_nothing_to_refer_to(string name, params string[] assemblies)
    {
        string[] entries = Entries($"Keyway.Plugins.{name}.{Packed.Version}.nupkg");
        entries.Where(static entry => entry.EndsWith(".dll", StringComparison.Ordinal)).Should().BeEquivalentTo(assemblies.Select(static file => $"plugin/{file}"));
        entries.Should().Contain([$"build/net10.0/Keyway.Plugins.{name}.targets", $"buildTransitive/net10.0/Keyway.Plugins.{name}.targets", "README.md"]);
        entries.Where(static entry => entry.StartsWith("lib/", StringComparison.Ordinal)).Should().Equal("lib/net10.0/_._");
    }

    [Fact]
    public async Task Plugin_packages_put_plugins_beside_an_application_when_it_is_built_and_when_it_is_published()
    {
        string folder = await packed.ProjectAsync(
            "App",
            """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework></PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Keyway.Plugins.Widevine" Version="$(KeywayVersion)" />
                <PackageReference Include="Keyway.Plugins.ExpressPlay" Version="$(KeywayVersion)" />
              </ItemGroup>
            </Project>
            """,
            "System.Console.WriteLine();");
        (int code, string said) = await packed.RunAsync(folder, "dotnet", ["publish", "-o", "out", "-v", "q", "--nologo"]);
        code.Should().Be(0, said);
        foreach (string output in (string[])["out", Path.Combine("bin", "Release", "net10.0")])
        {
            Directory.GetFiles(Path.Combine(folder, output, "plugins", "widevine"), "*.dll").Select(Path.GetFileName)
                .Should().BeEquivalentTo("Keyway.Widevine.dll", "Google.Protobuf.dll", "BouncyCastle.Cryptography.dll");
            File.Exists(Path.Combine(folder, output, "plugins", "expressplay", "Keyway.ExpressPlay.dll")).Should().BeTrue();
            Directory.GetFiles(Path.Combine(folder, output), "Keyway.*").Should().BeEmpty("a plugin is not referenced");
        }
    }

    [Fact]
    public async Task Contract_is_for_its_framework_alone()
    {
        string folder = await packed.ProjectAsync(
            "Old",
            """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><TargetFramework>net8.0</TargetFramework><DisableImplicitFrameworkReferences>true</DisableImplicitFrameworkReferences></PropertyGroup>
              <ItemGroup><PackageReference Include="Keyway.Abstractions" Version="$(KeywayVersion)" /></ItemGroup>
            </Project>
            """,
            "");
        (int code, string said) = await packed.RunAsync(folder, "dotnet", ["restore", "-v", "q", "--nologo"]);
        code.Should().NotBe(0);
        said.Should().Contain("NU1202").And.Contain("Keyway.Abstractions");
    }

    [Fact]
    public async Task Plugin_that_refers_to_a_foreign_framework_is_told_when_it_is_built()
    {
        string folder = await packed.ProjectAsync(
            "Web",
            """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Keyway.Abstractions" Version="$(KeywayVersion)" />
                <FrameworkReference Include="Microsoft.AspNetCore.App" />
              </ItemGroup>
            </Project>
            """,
            "public static class Nothing;");
        (int code, string said) = await packed.RunAsync(folder, "dotnet", ["build", "-v", "q", "--nologo"]);
        code.Should().Be(0, said);
        said.Should().Contain("KEYWAY002").And.Contain("Microsoft.AspNetCore.App");
    }

    [Fact]
    public async Task Plugin_with_a_newer_shared_package_than_hosts_have_does_not_build()
    {
        // No such package is needed: what is shared from a version on is a setting of the guard.
        string folder = await packed.ProjectAsync(
            "Newer",
            """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><TargetFramework>net10.0</TargetFramework><KeywaySharedBelow>10</KeywaySharedBelow></PropertyGroup>
              <ItemGroup><PackageReference Include="Keyway.Abstractions" Version="$(KeywayVersion)" /></ItemGroup>
            </Project>
            """,
            "public static class Nothing;");
        (int code, string said) = await packed.RunAsync(folder, "dotnet", ["build", "-v", "q", "--nologo"]);
        code.Should().NotBe(0);
        said.Should().Contain("error KEYWAY001: Microsoft.Extensions.").And.Contain("newer than what hosts share");
    }

    [Fact]
    public async Task Tool_installs_and_plays_its_sample()
    {
        (int code, string said) = await packed.RunAsync(packed.Folder, await packed.ToolAsync(), ["play", "--to", "out.mp4"]);
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

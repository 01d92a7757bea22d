using System.Diagnostics;
using System.Reflection;
using Keyway.Testing;

namespace Keyway.Packages;

/// <summary>The packages, packed once into a folder of their own, and the two samples built from them as a stranger would build them.</summary>
/// <remarks>
/// What they need from elsewhere comes from the machine's package folder, where the build of the repository has put it; nothing is left in that folder.
/// </remarks>
public sealed class Packed : IAsyncLifetime
{
    public const string Version = "0.1.0-packed";

    public static string Configuration => Metadata["Configuration"];

    private static readonly Dictionary<string, string> Metadata = typeof(Packed).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().ToDictionary(static pair => pair.Key, static pair => pair.Value!);

    /// <summary>The projects that are packed, by the package's name.</summary>
    public static IReadOnlyDictionary<string, string> Projects { get; } = new Dictionary<string, string>
    {
        ["Keyway.Abstractions"] = "framework/Keyway.Abstractions",
        ["Keyway"] = "framework/Keyway",
        ["Keyway.Hosting"] = "framework/Keyway.Hosting",
        ["Keyway.Testing"] = "tests/Keyway.Testing",
        ["Keyway.Cli"] = "hosts/cli",
        ["Keyway.Plugins.ClearKey"] = "plugins/clearkey",
        ["Keyway.Plugins.Widevine"] = "plugins/widevine",
        ["Keyway.Plugins.PlayReady"] = "plugins/playready",
        ["Keyway.Plugins.ExpressPlay"] = "plugins/expressplay",
        ["Keyway.Templates"] = "templates/Keyway.Templates",
        ["Keyway.Plugins.Cdm"] = "plugins/cdm",
    };

    private Task<string>? _tool;

    public string Folder { get; } = Directory.CreateTempSubdirectory("keyway-packed-").FullName;

    public string Packages => Path.Combine(Folder, "packages");

    public string Embed => Path.Combine(Folder, "samples", "embed", "Embed", "bin", "Debug", "net10.0");

    public string Plugin => Path.Combine(Folder, "samples", "plugin", "Acme", "bin", "Debug", "net10.0");

    public async ValueTask InitializeAsync()
    {
        // All in one run of MSBuild: what they share is evaluated once.
        string pack = Path.Combine(Folder, "pack.proj");
        await File.WriteAllTextAsync(pack, Packing());
        await MustRunAsync(Corpus.Root, "dotnet", "msbuild", pack, "-m:2", "-v:q", "-nologo");
        string samples = Path.Combine(Folder, "samples");
        foreach (string file in Directory.EnumerateFiles(Path.Combine(Corpus.Root, "samples"), "Directory.*")) Copy(file, Path.Combine(samples, Path.GetFileName(file)));
        foreach (string sample in (string[])["embed/Embed", "plugin/Acme"])
            foreach (string file in Directory.EnumerateFiles(Path.Combine(Corpus.Root, "samples", sample))) Copy(file, Path.Combine(samples, sample, Path.GetFileName(file)));
        await File.WriteAllTextAsync(Path.Combine(samples, "samples.slnx"), """<Solution><Project Path="embed/Embed/Embed.csproj" /><Project Path="plugin/Acme/Acme.csproj" /></Solution>""");
        await MustRunAsync(samples, "dotnet", "build", "samples.slnx", $"-p:KeywayVersion={Version}", "-v", "q", "--nologo");
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        return default;
    }

    /// <summary>Runs a program, with the packages and nothing else of the repository in its reach.</summary>
    /// <returns>Its exit code, and all that it said.</returns>
    public async Task<(int Code, string Said)> RunAsync(string folder, string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        string config = Path.Combine(Folder, "nuget.config");
        if (!File.Exists(config)) await File.WriteAllTextAsync(config, Sources());
        ProcessStartInfo start = new(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["NUGET_PACKAGES"] = Path.Combine(Folder, "cache");
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        if (folder == Corpus.Root) start.Environment.Remove("NUGET_PACKAGES");
        using Process process = Process.Start(start)!;
        Task<string> said = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await said + await error);
    }

    /// <summary>The packed command, installed once as a tool.</summary>
    /// <returns>Its path. Tests of one collection run one after the other.</returns>
    public Task<string> ToolAsync() => _tool ??= InstallAsync();

    private async Task<string> InstallAsync()
    {
        string tools = Path.Combine(Folder, "tools");
        await MustRunAsync(Folder, "dotnet", "tool", "install", "Keyway.Cli", "--version", Version, "--tool-path", tools);
        return Path.Combine(tools, OperatingSystem.IsWindows() ? "keyway.exe" : "keyway");
    }

    private async Task MustRunAsync(string folder, string program, params string[] arguments)
    {
        (int code, string said) = await RunAsync(folder, program, arguments);
        if (code != 0) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {code}:\n{said}");
    }

    private string Packing()
    {
        IEnumerable<string> projects = Projects.Values.Select(static folder => Directory.EnumerateFiles(Path.Combine(Corpus.Root, folder), "*.csproj").Single());
        return $"""
            <Project DefaultTargets="Pack">
              <ItemGroup><Packed Include="{string.Join(';', projects)}" /></ItemGroup>
              <Target Name="Pack">
                <MSBuild Projects="@(Packed)" Targets="Pack" BuildInParallel="true" Properties="NoBuild=true;Configuration={Configuration};Version={Version};PackageOutputPath={Packages}" />
              </Target>
            </Project>
            """;
    }

    private string Sources()
    {
        string machine = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        return $"""
            <configuration>
              <packageSources><clear /><add key="packed" value="{Packages}" /></packageSources>
              <fallbackPackageFolders><add key="machine" value="{machine}" /></fallbackPackageFolders>
            </configuration>
            """;
    }

    /// <summary>Makes a project of a stranger's, beside the samples.</summary>
    /// <returns>Its folder.</returns>
    public async Task<string> ProjectAsync(string name, string project, string code)
    {
        string folder = Directory.CreateDirectory(Path.Combine(Folder, name)).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, $"{name}.csproj"), project.Replace("$(KeywayVersion)", Version, StringComparison.Ordinal));
        await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), code);
        // Nothing above the folder has a say.
        foreach (string file in (string[])["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props"]) await File.WriteAllTextAsync(Path.Combine(folder, file), "<Project />");
        return folder;
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        File.Copy(from, to);
    }
}

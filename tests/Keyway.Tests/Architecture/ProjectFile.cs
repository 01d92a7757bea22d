using System.Xml.Linq;
using Keyway.Testing;

namespace Keyway.Architecture;

/// <summary>A project as its file, and the <c>Directory.Build.props</c> above it, describe it.</summary>
internal sealed record ProjectFile
{
    private static readonly Lazy<IReadOnlyList<ProjectFile>> Loaded = new(() => [.. Find(Corpus.Root).Select(path => Read(path, Corpus.Root))]);

    /// <summary>Every project of this checkout but the zoo, whose members misbehave on purpose.</summary>
    public static IReadOnlyList<ProjectFile> All => Loaded.Value;

    public required string Name { get; init; }

    /// <summary>The folder, relative to the checkout, with slashes.</summary>
    public required string Folder { get; init; }

    public required IReadOnlyList<ProjectLink> Projects { get; init; }

    /// <summary>Packages that come along at run time. Analyzers and build tools do not.</summary>
    public required IReadOnlyList<string> Packages { get; init; }

    /// <summary>What is compiled or embedded from named places, as absolute paths.</summary>
    public required IReadOnlyList<string> Sources { get; init; }

    /// <summary>Projects whose output the compiler sees.</summary>
    public IEnumerable<string> Compiled => Projects.Where(static link => !link.OrderOnly).Select(static link => link.Name);

    public static ProjectFile Read(string path, string root)
    {
        string folder = Path.GetDirectoryName(path)!;
        string name = Path.GetFileNameWithoutExtension(path);
        List<ProjectLink> projects = [];
        List<string> packages = [];
        List<string> sources = [];
        foreach (string file in (string[])[.. Above(folder, root), path])
        {
            foreach (XElement item in XDocument.Load(file).Descendants().Where(item => item.Parent?.Name.LocalName == "ItemGroup" && Applies(item.Parent, name) && Applies(item, name)))
            {
                if (item.Attribute("Include")?.Value is not { } include) continue;
                switch (item.Name.LocalName)
                {
                    case "ProjectReference":
                        projects.Add(new ProjectLink
                        {
                            Name = Path.GetFileNameWithoutExtension(include.Replace('\\', '/')),
                            OrderOnly = Is(item, "ReferenceOutputAssembly", "false"),
                            CompileTimeOnly = Is(item, "Private", "false") && Is(item, "ExcludeAssets", "runtime"),
                        });
                        break;
                    case "PackageReference" when !Is(item, "PrivateAssets", "all"):
                        packages.Add(include);
                        break;
                    case "Reference":
                        packages.Add(include);
                        break;
                    case "Compile" or "Protobuf" or "EmbeddedResource":
                        sources.Add(Path.GetFullPath(Path.Combine(folder, include.Replace("$(RepoRoot)", root + "/", StringComparison.Ordinal).Replace("$(MSBuildThisFileDirectory)", Path.GetDirectoryName(file) + "/", StringComparison.Ordinal))));
                        break;
                }
            }
        }

        return new ProjectFile { Name = name, Folder = Path.GetRelativePath(root, folder).Replace('\\', '/'), Projects = projects, Packages = packages, Sources = sources };
    }

    private static IEnumerable<string> Find(string root) =>
        from top in (string[])["framework", "plugins", "hosts", "tests", "benchmarks"]
        let folder = Path.Combine(root, top)
        where Directory.Exists(folder)
        from path in Directory.EnumerateFiles(folder, "*.csproj", SearchOption.AllDirectories)
        let relative = Path.GetRelativePath(root, path).Replace('\\', '/')
        where !relative.StartsWith("tests/plugins/", StringComparison.Ordinal) && !relative.Contains("/bin/", StringComparison.Ordinal) && !relative.Contains("/obj/", StringComparison.Ordinal)
        orderby relative
        select path;

    private static IEnumerable<string> Above(string folder, string root)
    {
        for (DirectoryInfo? at = new(folder); at is not null && at.FullName.Length >= root.Length; at = at.Parent)
            if (Path.Combine(at.FullName, "Directory.Build.props") is var props && File.Exists(props)) yield return props;
    }

    // The one condition that decides for whom a shared file's items are. Others choose between things that all must be allowed.
    private static bool Applies(XElement element, string name) =>
        element.Attribute("Condition")?.Value != "$(MSBuildProjectName.EndsWith('.Tests'))" || name.EndsWith(".Tests", StringComparison.Ordinal);

    private static bool Is(XElement item, string member, string value) =>
        (item.Attribute(member)?.Value ?? item.Element(member)?.Value)?.Equals(value, StringComparison.OrdinalIgnoreCase) == true;
}

/// <summary>A reference from one project to another.</summary>
internal sealed record ProjectLink
{
    public required string Name { get; init; }

    /// <summary>Built before, and not seen by the compiler.</summary>
    public required bool OrderOnly { get; init; }

    /// <summary>Seen by the compiler, and not copied beside the output.</summary>
    public required bool CompileTimeOnly { get; init; }
}

using System.Text.RegularExpressions;
using Keyway.Testing;

namespace Keyway.Architecture;

/// <summary>In which folder each type of a project is written. Rooms are folders; a namespace may be shorter, where applications name it.</summary>
internal sealed partial class SourceTree
{
    private readonly Dictionary<string, string> _folders = [];

    private SourceTree(string root)
    {
        foreach (string path in Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string folder = Path.GetDirectoryName(Path.GetRelativePath(root, path))!.Replace('\\', '/');
            if (folder is "bin" or "obj" || folder.StartsWith("bin/", StringComparison.Ordinal) || folder.StartsWith("obj/", StringComparison.Ordinal)) continue;
            string text = File.ReadAllText(path);
            string space = Namespace.Match(text).Groups[1].Value;
            foreach (Match type in Declaration.Matches(text))
                if (_folders.TryAdd($"{space}.{type.Groups[1].Value}", folder) is false && _folders[$"{space}.{type.Groups[1].Value}"] != folder) Scattered.Add($"{space}.{type.Groups[1].Value}");
        }
    }

    /// <summary>Types of which parts stand in several folders.</summary>
    public List<string> Scattered { get; } = [];

    /// <summary>The full names of all types at the top of a file, with their folders.</summary>
    public IReadOnlyDictionary<string, string> Folders => _folders;

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace { get; }

    [GeneratedRegex(@"^(?:(?:public|internal|static|sealed|abstract|partial|readonly|unsafe|ref) )*(?:class|struct|interface|enum|record struct|record class|record|delegate [\w<>?\[\]]+) (\w+)", RegexOptions.Multiline)]
    private static partial Regex Declaration { get; }

    /// <param name="folder">The project's, relative to the checkout.</param>
    public static SourceTree Read(string folder) => new(Path.Combine(Corpus.Root, folder));

    /// <summary>The folder of a type, relative to its project and with slashes, empty at the top; <see langword="null"/> for what the compiler and generators add, and for types of others.</summary>
    public string? FolderOf(Type type)
    {
        type = TypeReferences.Outermost(type);
        return _folders.GetValueOrDefault($"{type.Namespace}.{type.Name.Split('`')[0]}");
    }
}

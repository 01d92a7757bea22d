using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing.Configuration;

internal enum PackNodeKind
{
    None = 0,
    Null,
    Text,
    Number,
    Flag,
    Object,
    List,
}

/// <summary>
/// A piece of a pack with the place where it stands: in a JSON document (<c>acme.json: $.request.headers</c>), or in configuration
/// (<c>Keyway:Providers:acme:Token</c>), where everything is text.
/// </summary>
internal sealed class PackNode
{
    private readonly bool _ignoresCase;

    private PackNode(string path, PackNodeKind kind, string? text, bool ignoresCase, IReadOnlyList<(string Name, PackNode Node)> members)
    {
        (Path, Kind, Text, _ignoresCase) = (path, kind, text, ignoresCase);
        Members = members;
    }

    public string Path { get; }

    /// <summary>Whether it stands in configuration, and not in a pack.</summary>
    public bool IsOfConfiguration => _ignoresCase;

    public PackNodeKind Kind { get; }

    /// <summary>Of a text, what it says; of a number or a flag, how it is written.</summary>
    public string? Text { get; }

    public IReadOnlyList<(string Name, PackNode Node)> Members { get; }

    public IEnumerable<PackNode> Items => Members.Select(static member => member.Node);

    public bool IsScalar => Kind is PackNodeKind.Text or PackNodeKind.Number or PackNodeKind.Flag;

    /// <summary>Reads a JSON document, and notes names that stand twice in an object.</summary>
    public static PackNode Of(JsonElement element, string path, PackMistakes mistakes) => element.ValueKind switch
    {
        JsonValueKind.Object => OfObject(element, path, mistakes),
        JsonValueKind.Array => new PackNode(
            path, PackNodeKind.List, null, false,
            [.. element.EnumerateArray().Select((item, i) => (i.ToString(CultureInfo.InvariantCulture), Of(item, $"{path}[{i}]", mistakes)))]),
        JsonValueKind.String => new PackNode(path, PackNodeKind.Text, element.GetString(), false, []),
        JsonValueKind.Number => new PackNode(path, PackNodeKind.Number, element.GetRawText(), false, []),
        JsonValueKind.True or JsonValueKind.False => new PackNode(path, PackNodeKind.Flag, element.GetRawText(), false, []),
        _ => new PackNode(path, PackNodeKind.Null, null, false, []),
    };

    /// <summary>Reads a section of configuration. Names are compared without case; a section of numbered entries is a list.</summary>
    public static PackNode Of(IConfigurationSection section)
    {
        (string Name, PackNode Node)[] children = [.. section.GetChildren().Select(static child => (child.Key, Of(child)))];
        if (children.Length == 0)
            return new PackNode(section.Path, section.Value is null ? PackNodeKind.Null : PackNodeKind.Text, section.Value, true, []);
        // A key identifier may be all digits too; no list is that long.
        bool list = children.All(static child => child.Name.Length <= 4 && child.Name.All(char.IsAsciiDigit));
        return new PackNode(section.Path, list ? PackNodeKind.List : PackNodeKind.Object, null, true, children);
    }

    public PackNode? Find(string name)
    {
        StringComparison comparison = _ignoresCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        foreach ((string member, PackNode node) in Members)
            if (member.Equals(name, comparison)) return node;
        return null;
    }

    public bool Is(string member, string name) => member.Equals(name, _ignoresCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);

    /// <summary>This object, with the members of another in the place of its own.</summary>
    public PackNode With(PackNode over) => new(
        over.Path, PackNodeKind.Object, null, over._ignoresCase,
        [.. Members.Where(member => over.Find(member.Name) is null), .. over.Members]);

    private static PackNode OfObject(JsonElement element, string path, PackMistakes mistakes)
    {
        List<(string Name, PackNode Node)> members = [];
        foreach (JsonProperty member in element.EnumerateObject())
        {
            PackNode node = Of(member.Value, PathOf(path, member.Name), mistakes);
            if (members.Exists(known => known.Name == member.Name)) mistakes.Add(node, "stands here twice");
            else members.Add((member.Name, node));
        }

        return new PackNode(path, PackNodeKind.Object, null, false, members);
    }

    private static string PathOf(string path, string name) =>
        name.Length > 0 && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '$') ? $"{path}.{name}" : $"{path}['{name}']";
}

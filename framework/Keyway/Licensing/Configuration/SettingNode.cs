using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing.Configuration;

internal enum SettingNodeKind
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
/// A piece of what a step or a pack is set to, with the place where it stands: in a JSON document (<c>acme.json: $.request.headers</c>), or in configuration
/// (<c>Keyway:Providers:acme:Token</c>), where everything is text.
/// </summary>
internal sealed class SettingNode
{
    private readonly bool _ignoresCase;

    private SettingNode(string path, SettingNodeKind kind, string? text, bool ignoresCase, IReadOnlyList<(string Name, SettingNode Node)> members)
    {
        (Path, Kind, Text, _ignoresCase) = (path, kind, text, ignoresCase);
        Members = members;
    }

    public string Path { get; }

    /// <summary>Whether it stands in configuration, and not in a pack.</summary>
    public bool IsOfConfiguration { get; private init; }

    public SettingNodeKind Kind { get; }

    /// <summary>Of a text, what it says; of a number or a flag, how it is written.</summary>
    public string? Text { get; }

    public IReadOnlyList<(string Name, SettingNode Node)> Members { get; }

    public IEnumerable<SettingNode> Items => Members.Select(static member => member.Node);

    public bool IsScalar => Kind is SettingNodeKind.Text or SettingNodeKind.Number or SettingNodeKind.Flag;

    /// <summary>Reads a JSON document, and notes names that stand twice in an object.</summary>
    public static SettingNode Of(JsonElement element, string path, SettingMistakes mistakes) => Of(element, path, ofConfiguration: false, mistakes);

    /// <summary>An object of the framework's own making, such as a step that stands for a part of a pack.</summary>
    /// <param name="path">Where what it is made of stands.</param>
    /// <param name="members">Its members.</param>
    public static SettingNode OfMembers(string path, IReadOnlyList<(string Name, SettingNode Node)> members) => new(path, SettingNodeKind.Object, null, false, members);

    /// <summary>A list of the framework's own making.</summary>
    public static SettingNode OfList(string path, IReadOnlyList<SettingNode> items) => new(path, SettingNodeKind.List, null, false, [.. items.Select((item, i) => (i.ToString(CultureInfo.InvariantCulture), item))]);

    /// <summary>A text of the framework's own making.</summary>
    public static SettingNode OfText(string path, string text) => new(path, SettingNodeKind.Text, text, false, []);

    /// <summary>
    /// JSON that stands in configuration as a text, because configuration knows neither order nor case of names nor numbers: the JSON that it says; any other
    /// piece, and a text that is no JSON object or list, as it is.
    /// </summary>
    public SettingNode Parsed(SettingMistakes mistakes)
    {
        if (!IsOfConfiguration || Kind != SettingNodeKind.Text || Text!.TrimStart() is not ['{' or '[', ..]) return this;
        try
        {
            using JsonDocument document = JsonDocument.Parse(Text, new JsonDocumentOptions { MaxDepth = 32 });
            return Of(document.RootElement, Path, ofConfiguration: true, mistakes);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // "{token}" is a template.
            return this;
        }
    }

    private static SettingNode Of(JsonElement element, string path, bool ofConfiguration, SettingMistakes mistakes)
    {
        return element.ValueKind switch
        {
            JsonValueKind.Object => Make(SettingNodeKind.Object, null, MembersOf(element, path, ofConfiguration, mistakes)),
            JsonValueKind.Array => Make(SettingNodeKind.List, null, [.. element.EnumerateArray().Select((item, i) => (i.ToString(CultureInfo.InvariantCulture), Of(item, $"{path}[{i}]", ofConfiguration, mistakes)))]),
            JsonValueKind.String => Make(SettingNodeKind.Text, element.GetString(), []),
            JsonValueKind.Number => Make(SettingNodeKind.Number, element.GetRawText(), []),
            JsonValueKind.True or JsonValueKind.False => Make(SettingNodeKind.Flag, element.GetRawText(), []),
            _ => Make(SettingNodeKind.Null, null, []),
        };

        SettingNode Make(SettingNodeKind kind, string? text, IReadOnlyList<(string, SettingNode)> members) => new(path, kind, text, false, members) { IsOfConfiguration = ofConfiguration };
    }

    /// <summary>Reads a section of configuration. Names are compared without case; a section of numbered entries is a list.</summary>
    public static SettingNode Of(IConfigurationSection section)
    {
        if (section is NodeSection made) return made.Node;
        (string Name, SettingNode Node)[] children = [.. section.GetChildren().Select(static child => (child.Key, Of(child)))];
        if (children.Length == 0)
            return new SettingNode(section.Path, section.Value is null ? SettingNodeKind.Null : SettingNodeKind.Text, section.Value, true, []) { IsOfConfiguration = true };
        // A key identifier may be all digits too; no list is that long.
        bool list = children.All(static child => child.Name.Length <= 4 && child.Name.All(char.IsAsciiDigit));
        return new SettingNode(section.Path, list ? SettingNodeKind.List : SettingNodeKind.Object, null, true, children) { IsOfConfiguration = true };
    }

    public SettingNode? Find(string name)
    {
        StringComparison comparison = _ignoresCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        foreach ((string member, SettingNode node) in Members)
            if (member.Equals(name, comparison)) return node;
        return null;
    }

    public bool Is(string member, string name) => member.Equals(name, _ignoresCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);

    /// <summary>This object, with the members of another in the place of its own.</summary>
    public SettingNode With(SettingNode over) =>
        new(over.Path, SettingNodeKind.Object, null, over._ignoresCase, [.. Members.Where(member => over.Find(member.Name) is null), .. over.Members]) { IsOfConfiguration = over.IsOfConfiguration };

    /// <summary>This object with further members.</summary>
    public SettingNode With(IReadOnlyList<(string Name, SettingNode Node)> more) => new(Path, SettingNodeKind.Object, null, _ignoresCase, [.. Members, .. more]) { IsOfConfiguration = IsOfConfiguration };

    private static List<(string Name, SettingNode Node)> MembersOf(JsonElement element, string path, bool ofConfiguration, SettingMistakes mistakes)
    {
        List<(string Name, SettingNode Node)> members = [];
        foreach (JsonProperty member in element.EnumerateObject())
        {
            SettingNode node = Of(member.Value, PathOf(path, member.Name), ofConfiguration, mistakes);
            if (members.Exists(known => known.Name == member.Name)) mistakes.Add(node, "stands here twice");
            else members.Add((member.Name, node));
        }

        return members;
    }

    private static string PathOf(string path, string name) =>
        name.Length > 0 && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '$') ? $"{path}.{name}" : $"{path}['{name}']";
}

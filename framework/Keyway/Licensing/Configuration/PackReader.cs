using System.Globalization;

namespace Keyway.Licensing.Configuration;

/// <summary>Reads the members of one object of a pack, notes what is wrong with them, and at the end names those that nobody asked for.</summary>
internal sealed class PackReader
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public PackReader(PackNode node, PackMistakes mistakes)
    {
        (Node, Mistakes) = (node, mistakes);
        if (node.Kind is not (PackNodeKind.Object or PackNodeKind.Null)) mistakes.Add(node, "an object is expected");
    }

    public PackNode Node { get; }

    public PackMistakes Mistakes { get; }

    public PackNode? Member(string name)
    {
        _known.Add(name);
        return Node.Kind == PackNodeKind.Object ? Node.Find(name) : null;
    }

    public string? Text(string name)
    {
        if (Member(name) is not { } member) return null;
        if (member is { IsScalar: true, Text.Length: > 0 }) return member.Text;
        Mistakes.Add(member, "a text is expected, and not an empty one");
        return null;
    }

    public string Required(string name)
    {
        if (Member(name) is null)
        {
            Missing(name);
            return "";
        }

        return Text(name) ?? "";
    }

    public void Missing(string name) => Mistakes.Add(Node, $"'{name}' is missing");

    public bool Flag(string name, bool otherwise)
    {
        if (Member(name) is not { } member) return otherwise;
        if (member.IsScalar && bool.TryParse(member.Text, out bool flag)) return flag;
        Mistakes.Add(member, "neither true nor false");
        return otherwise;
    }

    public TimeSpan? Span(string name, TimeSpan maximum)
    {
        if (Member(name) is not { } member) return null;
        // "30" alone would be thirty days.
        if (member.IsScalar && member.Text!.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParseExact(member.Text, "c", CultureInfo.InvariantCulture, out TimeSpan span) && span > TimeSpan.Zero && span <= maximum)
            return span;
        Mistakes.Add(member, $"not a time as in 00:00:30, above zero and at most {maximum:c}");
        return null;
    }

    public T? Choice<T>(string name)
        where T : struct, Enum
    {
        if (Member(name) is not { } member) return null;
        if (member.Kind == PackNodeKind.Text && TryChoice(member.Text!, out T choice)) return choice;
        Mistakes.Add(member, $"not one of {string.Join(", ", Enum.GetNames<T>())}");
        return null;
    }

    /// <summary>A text or a list of texts.</summary>
    public IReadOnlyList<PackNode> Texts(string name)
    {
        if (Member(name) is not { } member) return [];
        PackNode[] items = member.Kind == PackNodeKind.List ? [.. member.Items] : [member];
        foreach (PackNode item in items.Where(static item => item is not { IsScalar: true, Text.Length: > 0 })) Mistakes.Add(item, "a text is expected, and not an empty one");
        return [.. items.Where(static item => item is { IsScalar: true, Text.Length: > 0 })];
    }

    public PackReader? Object(string name) => Member(name) is { } member ? new PackReader(member, Mistakes) : null;

    /// <summary>The entries of a member that is a dictionary.</summary>
    public IReadOnlyList<(string Name, PackNode Node)> Entries(string name)
    {
        if (Member(name) is not { } member) return [];
        if (member.Kind == PackNodeKind.Object) return member.Members;
        Mistakes.Add(member, "an object is expected");
        return [];
    }

    /// <summary>The items of a member that is a list.</summary>
    public IReadOnlyList<PackNode> Items(string name)
    {
        if (Member(name) is not { } member) return [];
        if (member.Kind == PackNodeKind.List) return [.. member.Items];
        Mistakes.Add(member, "a list is expected");
        return [];
    }

    /// <summary>Names the members that nobody asked for.</summary>
    public void End()
    {
        if (Node.Kind != PackNodeKind.Object) return;
        foreach ((string name, PackNode node) in Node.Members)
            if (!_known.Any(known => Node.Is(known, name))) Mistakes.Add(node, $"there is no such member here (there are {string.Join(", ", _known)})");
    }

    public static bool TryChoice<T>(string text, out T choice)
        where T : struct, Enum
    {
        choice = default;
        return text.Length > 0 && !char.IsAsciiDigit(text[0]) && Enum.TryParse(text, ignoreCase: true, out choice) && Enum.IsDefined(choice);
    }
}

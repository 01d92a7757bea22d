using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing.Configuration;

/// <summary>
/// Reads the members of one object of a step's or a pack's settings, notes what is wrong with them, and at the end names those that nobody asked for.
/// Names are given in the spelling of packs (<c>maxDelay</c>); configuration is read without regard to case.
/// </summary>
internal sealed class SettingReader
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public SettingReader(SettingNode node, SettingMistakes mistakes)
    {
        (Node, Mistakes) = (node, mistakes);
        if (node.Kind is not (SettingNodeKind.Object or SettingNodeKind.Null)) mistakes.Add(node, "an object is expected");
    }

    /// <summary>Reads a step's entry; <see cref="Check"/> ends it.</summary>
    public SettingReader(IConfigurationSection step)
        : this(SettingNode.Of(step), new SettingMistakes())
    {
    }

    public SettingNode Node { get; }

    public SettingMistakes Mistakes { get; }

    /// <summary>The end of a step's constructor: names the members that nobody asked for, and throws when anything was wrong.</summary>
    /// <exception cref="SettingsException">Something was.</exception>
    public void Check()
    {
        End("Use");
        Mistakes.Check();
    }

    public SettingNode? Member(string name)
    {
        _known.Add(name);
        return Node.Kind == SettingNodeKind.Object ? Node.Find(name) : null;
    }

    /// <summary>Notes what is wrong with a member, whether it is there or not.</summary>
    public void Wrong(string name, string reason, string? value = null) => Mistakes.Add(PathOf(name), reason, value);

    public string? Text(string name)
    {
        if (Member(name) is not { } member) return null;
        if (member is { IsScalar: true, Text.Length: > 0 }) return member.Text;
        // A layer of configuration takes a setting back with an empty text.
        if (!member.IsOfConfiguration || member.Kind is SettingNodeKind.Object or SettingNodeKind.List) Mistakes.Add(member, "a text is expected, and not an empty one");
        return null;
    }

    public string Required(string name)
    {
        if (Member(name) is not { } member || (member.IsOfConfiguration && member is { Text: null or "" } and not { Kind: SettingNodeKind.Object or SettingNodeKind.List }))
        {
            Missing(name);
            return "";
        }

        return Text(name) ?? "";
    }

    public void Missing(string name)
    {
        if (Node.IsOfConfiguration) Wrong(name, "missing");
        else Mistakes.Add(Node, $"'{name}' is missing");
    }

    public bool Flag(string name, bool otherwise)
    {
        if (Member(name) is not { } member || IsTakenBack(member)) return otherwise;
        if (member.IsScalar && bool.TryParse(member.Text, out bool flag)) return flag;
        Mistakes.Add(member, "neither true nor false");
        return otherwise;
    }

    public int Number(string name, int otherwise, int minimum, int maximum)
    {
        if (Text(name) is not { } text) return otherwise;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= minimum && number <= maximum) return number;
        Wrong(name, $"not a number from {minimum} to {maximum}", text);
        return otherwise;
    }

    public TimeSpan? Span(string name, TimeSpan maximum)
    {
        if (Member(name) is not { } member || IsTakenBack(member)) return null;
        // "30" alone would be thirty days.
        if (member.IsScalar && member.Text!.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParseExact(member.Text, "c", CultureInfo.InvariantCulture, out TimeSpan span) && span > TimeSpan.Zero && span <= maximum)
            return span;
        Mistakes.Add(member.Path, $"not a time as in 00:00:30, above zero and at most {maximum:c}", member.IsOfConfiguration ? member.Text : null);
        return null;
    }

    public T? Choice<T>(string name)
        where T : struct, Enum
    {
        if (Member(name) is not { } member || IsTakenBack(member)) return null;
        if (member.Kind == SettingNodeKind.Text && TryChoice(member.Text!, out T choice)) return choice;
        Mistakes.Add(member.Path, $"not one of {string.Join(", ", Enum.GetNames<T>())}", member.IsOfConfiguration ? member.Text : null);
        return null;
    }

    /// <summary>A text or a list of texts.</summary>
    public IReadOnlyList<SettingNode> Texts(string name)
    {
        if (Member(name) is not { } member || IsTakenBack(member)) return [];
        SettingNode[] items = member.Kind == SettingNodeKind.List ? [.. member.Items] : [member];
        foreach (SettingNode item in items.Where(static item => item is not { IsScalar: true, Text.Length: > 0 })) Mistakes.Add(item, "a text is expected, and not an empty one");
        return [.. items.Where(static item => item is { IsScalar: true, Text.Length: > 0 })];
    }

    public SettingReader? Object(string name) => Member(name) is { } member ? new SettingReader(member, Mistakes) : null;

    /// <summary>The entries of a member that is a dictionary.</summary>
    public IReadOnlyList<(string Name, SettingNode Node)> Entries(string name)
    {
        if (Member(name) is not { } member || IsTakenBack(member)) return [];
        // In configuration, entries whose names are numbers look like a list.
        if (member.Kind == SettingNodeKind.Object || (member.IsOfConfiguration && member.Kind == SettingNodeKind.List)) return member.Members;
        Mistakes.Add(member, "an object is expected");
        return [];
    }

    /// <summary>The items of a member that is a list.</summary>
    public IReadOnlyList<SettingNode> Items(string name)
    {
        if (Member(name) is not { } member || IsTakenBack(member)) return [];
        if (member.Kind == SettingNodeKind.List) return [.. member.Items];
        Mistakes.Add(member, "a list is expected");
        return [];
    }

    /// <summary>Names the members that nobody asked for.</summary>
    /// <param name="besides">A member that is somebody else's.</param>
    public void End(string? besides = null)
    {
        if (Node.Kind != SettingNodeKind.Object) return;
        foreach ((string name, SettingNode node) in Node.Members)
        {
            if (_known.Any(known => Node.Is(known, name)) || name.Equals(besides, StringComparison.OrdinalIgnoreCase)) continue;
            Mistakes.Add(node, $"there is no such member here ({(_known.Count == 0 ? "there are none" : $"there are {string.Join(", ", _known)}")})");
        }
    }

    public static bool TryChoice<T>(string text, out T choice)
        where T : struct, Enum
    {
        choice = default;
        return text.Length > 0 && !char.IsAsciiDigit(text[0]) && Enum.TryParse(text, ignoreCase: true, out choice) && Enum.IsDefined(choice);
    }

    private static bool IsTakenBack(SettingNode member) => member.IsOfConfiguration && (member.Kind == SettingNodeKind.Null || member is { Kind: SettingNodeKind.Text, Text: "" });

    private string PathOf(string name)
    {
        if (Node.Find(name) is { } member) return member.Path;
        return Node.IsOfConfiguration ? ConfigurationPath.Combine(Node.Path, char.ToUpperInvariant(name[0]) + name[1..]) : $"{Node.Path}.{name}";
    }
}

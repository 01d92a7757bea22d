using System.Globalization;
using Keyway.Licensing.Configuration;
using Microsoft.Extensions.Configuration;

namespace Keyway.Hosting.Configuration;

/// <summary>Reads the members of one section, notes what is wrong with them, and at the end names those that nobody asked for.</summary>
/// <param name="section">The section.</param>
/// <param name="errors">Where mistakes go.</param>
/// <param name="defaults">Where members go that are not set: their path and the value that counts.</param>
internal sealed class SectionReader(IConfigurationSection section, List<SettingError> errors, List<KeyValuePair<string, string>> defaults)
{
    private readonly List<string> _known = [];

    /// <summary>The section itself.</summary>
    public IConfigurationSection Section => section;

    /// <summary>The section's own name.</summary>
    public string Name => section.Key;

    /// <summary>Notes a mistake in a member that holds no secret.</summary>
    public void Wrong(string member, string reason) =>
        errors.Add(new SettingError(section.GetSection(member).Path, reason) { Value = SecretSettings.InMessage(section[member]) });

    /// <summary>Notes a mistake in the section as a whole.</summary>
    public void Wrong(string reason) => errors.Add(new SettingError(section.Path, reason));

    /// <summary>A text that is not empty; <see langword="null"/> when it is not set or wrong.</summary>
    public string? Text(string member, string? fallback = null)
    {
        if (Value(member) is not { } value)
        {
            Default(member, fallback);
            return fallback;
        }

        if (value.Length > 0) return value;
        Wrong(member, "empty");
        return fallback;
    }

    public bool Flag(string member, bool fallback = false)
    {
        if (Value(member) is not { } value) Default(member, fallback ? "true" : "false");
        else if (bool.TryParse(value, out bool flag)) return flag;
        else Wrong(member, "neither true nor false");
        return fallback;
    }

    public int Number(string member, int fallback, int least, int most)
    {
        if (Value(member) is not { } value) Default(member, fallback.ToString(CultureInfo.InvariantCulture));
        else if (int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most) return number;
        else Wrong(member, $"not a number from {least} to {most}");
        return fallback;
    }

    public T Choice<T>(string member)
        where T : struct, Enum
    {
        if (Value(member) is not { } value) Default(member, default(T).ToString());
        else if (Enum.GetNames<T>().Contains(value, StringComparer.OrdinalIgnoreCase)) return Enum.Parse<T>(value, ignoreCase: true);   // no numbers
        else Wrong(member, $"none of {string.Join(", ", Enum.GetNames<T>())}");
        return default;
    }

    /// <summary>A list of texts, each with its path.</summary>
    public IReadOnlyList<IConfigurationSection> List(string member)
    {
        List<IConfigurationSection> list = [];
        foreach (IConfigurationSection item in Items(member))
        {
            if (item.GetChildren().Any() || string.IsNullOrEmpty(item.Value)) errors.Add(new SettingError(item.Path, "not a text"));
            else list.Add(item);
        }

        return list;
    }

    /// <summary>The items of a list, whatever they are.</summary>
    public IEnumerable<IConfigurationSection> Items(string member)
    {
        foreach (IConfigurationSection item in Children(member, "a list"))
        {
            if (int.TryParse(item.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _)) yield return item;
            else errors.Add(new SettingError(item.Path, "a list is expected, whose items are numbered from 0"));
        }
    }

    /// <summary>A member that is a section of its own.</summary>
    public SectionReader Object(string member)
    {
        Children(member, "an object");
        return new SectionReader(section.GetSection(member), errors, defaults);
    }

    /// <summary>The entries of a member that is a dictionary of sections.</summary>
    public IEnumerable<SectionReader> Entries(string member)
    {
        List<IConfigurationSection> entries = Children(member, "an object");
        if (entries.Find(IsItem) is { } item)
        {
            string name = item.Value is { Length: > 0 } text ? text : item["Name"] ?? "NAME";
            errors.Add(new SettingError(section.GetSection(member).Path, $"a list stands here; an object is expected, whose members are named after what they describe: {{ \"{name}\": {{ … }} }}"));
        }

        foreach (IConfigurationSection entry in entries.Where(static entry => !IsItem(entry)))
        {
            if (string.IsNullOrEmpty(entry.Value)) yield return new SectionReader(entry, errors, defaults);
            else if (bool.TryParse(entry.Value, out _)) errors.Add(new SettingError(entry.Path, $"an object is expected, not a value; without settings of its own it is \"{entry.Key}\": {{}}"));
            else errors.Add(new SettingError(entry.Path, "an object is expected, not a value"));
        }
    }

    /// <summary>The entries of a member that is a dictionary of texts.</summary>
    public IEnumerable<IConfigurationSection> Texts(string member)
    {
        foreach (IConfigurationSection entry in Children(member, "an object"))
        {
            if (!entry.GetChildren().Any() && !string.IsNullOrEmpty(entry.Value)) yield return entry;
            else errors.Add(new SettingError(entry.Path, "not a text"));
        }
    }

    /// <summary>A member that somebody else reads.</summary>
    public IConfigurationSection Foreign(string member)
    {
        Children(member, "an object");
        return section.GetSection(member);
    }

    /// <summary>Names the members that nobody asked for.</summary>
    public void End()
    {
        foreach (IConfigurationSection child in section.GetChildren().Where(child => !_known.Contains(child.Key, StringComparer.OrdinalIgnoreCase)))
            errors.Add(new SettingError(child.Path, $"there is no such setting (there are {string.Join(", ", _known)}){Spelling.Question(child.Key, _known)}"));
    }

    /// <summary>Names the members that are nearly one that was asked for. The others belong to somebody else.</summary>
    public void EndOfOwn()
    {
        foreach (IConfigurationSection child in section.GetChildren().Where(child => !_known.Contains(child.Key, StringComparer.OrdinalIgnoreCase)))
            if (Spelling.Nearest(child.Key, _known) is { } meant) errors.Add(new SettingError(child.Path, $"there is no such setting; did you mean '{meant}'? A setting of the plugin's own needs another name"));
    }

    // A JSON array becomes members that are called 0, 1, 2 …
    private static bool IsItem(IConfigurationSection entry) => entry.Key.All(char.IsAsciiDigit);

    // JSON's null, and nothing at all, are "not set".
    private string? Value(string member)
    {
        IConfigurationSection child = Known(member);
        if (!child.GetChildren().Any()) return child.Value;
        errors.Add(new SettingError(child.Path, "a value is expected, not an object or a list"));
        return null;
    }

    // An empty object or list has no children, and no value or an empty one.
    private List<IConfigurationSection> Children(string member, string what)
    {
        IConfigurationSection child = Known(member);
        if (!string.IsNullOrEmpty(child.Value)) errors.Add(new SettingError(child.Path, $"{what} is expected, not a value"));
        return [.. child.GetChildren()];
    }

    private IConfigurationSection Known(string member)
    {
        if (!_known.Contains(member)) _known.Add(member);
        return section.GetSection(member);
    }

    private void Default(string member, string? value)
    {
        if (value is not null) defaults.Add(KeyValuePair.Create(section.GetSection(member).Path, value));
    }
}

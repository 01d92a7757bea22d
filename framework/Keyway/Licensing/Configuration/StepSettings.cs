using System.Globalization;
using Keyway.Licensing.Templates;
using Keyway.Plugins;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing.Configuration;

/// <summary>Reads one entry of a pipeline by hand and remembers every mistake in it.</summary>
internal sealed class StepSettings
{
    private readonly IConfigurationSection _section;
    private readonly List<SettingError> _errors = [];

    public StepSettings(IConfigurationSection section, params ReadOnlySpan<string> known)
    {
        _section = section;
        foreach (IConfigurationSection child in section.GetChildren())
        {
            bool isKnown = child.Key.Equals("Use", StringComparison.OrdinalIgnoreCase);
            foreach (string name in known) isKnown |= child.Key.Equals(name, StringComparison.OrdinalIgnoreCase);
            if (!isKnown) Wrong(child.Key, $"not a setting of this step (it has {(known.Length == 0 ? "none" : string.Join(", ", known.ToArray()))})");
        }
    }

    public void Wrong(string name, string reason, string? value = null) => _errors.Add(new SettingError(ConfigurationPath.Combine(_section.Path, name), reason) { Value = value });

    /// <summary>Throws when anything was wrong. The last call of a step's constructor.</summary>
    public void Check()
    {
        if (_errors.Count > 0) throw new SettingsException([.. _errors]);
    }

    public string? Text(string name) => _section[name] is { Length: > 0 } text ? text : null;

    public string Required(string name)
    {
        if (Text(name) is { } text) return text;
        Wrong(name, "missing");
        return "";
    }

    public int Number(string name, int otherwise, int minimum, int maximum)
    {
        if (Text(name) is not { } text) return otherwise;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= minimum && number <= maximum) return number;
        Wrong(name, $"not a number from {minimum} to {maximum}", text);
        return otherwise;
    }

    public TimeSpan Span(string name, TimeSpan otherwise, TimeSpan maximum)
    {
        if (Text(name) is not { } text) return otherwise;
        if (TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out TimeSpan span) && span > TimeSpan.Zero && span <= maximum) return span;
        Wrong(name, $"not a time as in 00:00:10, above zero and at most {maximum:c}", text);
        return otherwise;
    }

    public bool Flag(string name, bool otherwise)
    {
        if (Text(name) is not { } text) return otherwise;
        if (bool.TryParse(text, out bool flag)) return flag;
        Wrong(name, "neither true nor false", text);
        return otherwise;
    }

    public T Choice<T>(string name, T otherwise)
        where T : struct, Enum
    {
        if (Text(name) is not { } text) return otherwise;
        if (Enum.TryParse(text, ignoreCase: true, out T choice) && Enum.IsDefined(choice) && !char.IsAsciiDigit(text[0])) return choice;
        Wrong(name, $"not one of {string.Join(", ", Enum.GetNames<T>())}", text);
        return otherwise;
    }

    public StepValue Value(string name, ISecretReader secrets)
    {
        if (StepValue.TryParse(Required(name), secrets, out StepValue value, out string? reason)) return value;
        Wrong(name, reason);
        return value;
    }

    /// <summary>A setting that is declared secret: a literal is a mistake.</summary>
    public StepValue? Secret(string name, ISecretReader secrets)
    {
        if (Text(name) is not { } text) return null;
        if (!text.StartsWith(StepValue.SecretPrefix, StringComparison.Ordinal)) Wrong(name, "a secret: name it as secret:NAME, do not write it here");
        else if (!StepValue.TryParse(text, secrets, out StepValue value, out string? reason)) Wrong(name, reason);
        else return value;
        return null;
    }

    public IReadOnlyDictionary<string, string> Map(string name) =>
        _section.GetSection(name).GetChildren().Where(static child => child.Value is not null)
            .ToDictionary(static child => child.Key, static child => child.Value!, StringComparer.OrdinalIgnoreCase);

    public IReadOnlyList<string> List(string name) =>
        [.. _section.GetSection(name).GetChildren().Select(static child => child.Value).OfType<string>()];
}

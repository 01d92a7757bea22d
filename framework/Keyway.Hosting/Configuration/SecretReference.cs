using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace Keyway.Hosting.Configuration;

/// <summary>A setting that names a secret: <c>secret:NAME</c>.</summary>
internal static partial class SecretReference
{
    public const string Prefix = "secret:";

    public const string NameRule = "lower-case letters, digits, '.', '_' and '-', 64 at most, a letter or a digit first";

    /// <summary>Whether a setting's value is meant as a reference.</summary>
    public static bool IsReference(string? value) => value?.StartsWith(Prefix, StringComparison.Ordinal) == true;

    /// <summary>The name in a reference; <see langword="null"/> when the value is none, or its name is malformed.</summary>
    public static string? NameOf(string? value) => IsReference(value) && IsName(value![Prefix.Length..]) ? value[Prefix.Length..] : null;

    public static bool IsName(string name) => NamePattern().IsMatch(name);

    /// <summary>The names that a section and all below it refer to.</summary>
    public static IEnumerable<string> NamesIn(IConfigurationSection section)
    {
        if (NameOf(section.Value) is { } name) yield return name;
        foreach (IConfigurationSection child in section.GetChildren())
            foreach (string below in NamesIn(child)) yield return below;
    }

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9._-]{0,63}\z")]
    private static partial Regex NamePattern();
}

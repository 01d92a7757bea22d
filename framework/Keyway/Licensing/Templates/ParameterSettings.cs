using Keyway.Licensing.Configuration;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing.Templates;

/// <summary>What a host has set a pack's parameters to.</summary>
internal sealed class ParameterSettings
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly IReadOnlyList<PackParameter> _parameters;

    private ParameterSettings(IReadOnlyList<PackParameter> parameters) => _parameters = parameters;

    /// <summary>Of no parameters.</summary>
    public static ParameterSettings None { get; } = new([]);

    /// <summary>Whether every parameter that a host must set is set.</summary>
    public bool IsComplete => _parameters.All(parameter => !parameter.Required || IsGiven(parameter.Name));

    /// <summary>Takes what is given, for a look at a pack: nothing is missing.</summary>
    public static ParameterSettings Of(IReadOnlyList<PackParameter> parameters, IReadOnlyDictionary<string, string> values)
    {
        ParameterSettings settings = new(parameters);
        foreach ((string name, string value) in values) settings._values[name] = value;
        return settings;
    }

    /// <summary>Reads the section <c>Settings</c> of a provider's entry.</summary>
    /// <param name="owner">The name of the pack or provider, for people.</param>
    /// <param name="parameters">Its parameters.</param>
    /// <param name="section">The section.</param>
    /// <param name="mistakes">Where mistakes go.</param>
    public static ParameterSettings Read(string owner, IReadOnlyList<PackParameter> parameters, IConfigurationSection section, SettingMistakes mistakes)
    {
        ParameterSettings settings = new(parameters);
        foreach (IConfigurationSection child in section.GetChildren())
        {
            PackParameter? parameter = parameters.FirstOrDefault(each => each.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase));
            if (parameter is null)
                mistakes.Add(child.Path, $"'{owner}' has no parameter of that name (it has {(parameters.Count == 0 ? "none" : string.Join(", ", parameters.Select(static each => each.Name)))})");
            else if (child.Value is not { Length: > 0 } value) mistakes.Add(child.Path, "a text is expected, and not an empty one");
            else if (WhyNot(parameter, value) is { } reason) mistakes.Add(child.Path, reason);
            else settings._values[parameter.Name] = value;
        }

        foreach (PackParameter missing in parameters.Where(each => each.Required && !settings._values.ContainsKey(each.Name) && section[each.Name] is null))
            mistakes.Add(ConfigurationPath.Combine(section.Path, missing.Name), $"missing{(missing.Description is null ? "" : $": {missing.Description}")}");
        return settings;
    }

    public bool IsGiven(string name) => Text(name) is not null;

    /// <summary>The setting, or the parameter's default. Of a secret parameter: its reference.</summary>
    public string? Text(string name) => _values.TryGetValue(name, out string? value) ? value : _parameters.FirstOrDefault(each => each.Name == name)?.Default;

    private static string? WhyNot(PackParameter parameter, string value)
    {
        bool reference = SecretText.IsReference(value);
        if (parameter.Secret && !reference) return "a secret: name it as secret:NAME, do not write it here";
        if (reference && !parameter.Secret) return "this parameter is not declared a secret, and would be shown";
        if (reference && !SecretText.IsName(value[SecretText.Prefix.Length..])) return $"not a secret's name: {SecretText.NameRule}";
        return parameter.Choices.Count > 0 && !parameter.Choices.Contains(value) ? $"not one of {string.Join(", ", parameter.Choices)}" : null;
    }
}

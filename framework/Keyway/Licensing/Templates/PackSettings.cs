using Keyway.Licensing.Configuration;
using Keyway.Licensing.Packs;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing.Templates;

/// <summary>What a host has set a pack's parameters to.</summary>
internal sealed class PackSettings
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly ProviderPack _pack;

    private PackSettings(ProviderPack pack) => _pack = pack;

    /// <summary>Takes what is given, for a look at a pack: nothing is missing.</summary>
    public static PackSettings Of(ProviderPack pack, IReadOnlyDictionary<string, string> values)
    {
        PackSettings settings = new(pack);
        foreach ((string name, string value) in values) settings._values[name] = value;
        return settings;
    }

    /// <summary>Reads the section <c>Settings</c> of a provider's entry.</summary>
    public static PackSettings Read(ProviderPack pack, IConfigurationSection section, PackMistakes mistakes)
    {
        PackSettings settings = new(pack);
        foreach (IConfigurationSection child in section.GetChildren())
        {
            PackParameter? parameter = pack.Parameters.FirstOrDefault(each => each.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase));
            if (parameter is null)
                mistakes.Add(child.Path, $"the pack '{pack.Name}' has no parameter of that name (it has {(pack.Parameters.Count == 0 ? "none" : string.Join(", ", pack.Parameters.Select(static each => each.Name)))})");
            else if (child.Value is not { Length: > 0 } value) mistakes.Add(child.Path, "a text is expected, and not an empty one");
            else if (WhyNot(parameter, value) is { } reason) mistakes.Add(child.Path, reason);
            else settings._values[parameter.Name] = value;
        }

        foreach (PackParameter missing in pack.Parameters.Where(each => each.Required && !settings._values.ContainsKey(each.Name) && section[each.Name] is null))
            mistakes.Add(ConfigurationPath.Combine(section.Path, missing.Name), $"missing{(missing.Description is null ? "" : $": {missing.Description}")}");
        return settings;
    }

    public bool IsGiven(string name) => Text(name) is not null;

    /// <summary>The setting, or the parameter's default. Of a secret parameter: its reference.</summary>
    public string? Text(string name) => _values.TryGetValue(name, out string? value) ? value : _pack.Parameters.FirstOrDefault(each => each.Name == name)?.Default;

    private static string? WhyNot(PackParameter parameter, string value)
    {
        bool reference = value.StartsWith(StepValue.SecretPrefix, StringComparison.Ordinal);
        if (parameter.Secret && !reference) return "a secret: name it as secret:NAME, do not write it here";
        if (reference && !parameter.Secret) return "the pack does not treat this parameter as a secret, and would show it";
        if (reference && !StepValue.IsSecretName(value[StepValue.SecretPrefix.Length..])) return "not a secret's name: lower-case letters, digits, dots, dashes, at most 64";
        return parameter.Choices.Count > 0 && !parameter.Choices.Contains(value) ? $"not one of {string.Join(", ", parameter.Choices)}" : null;
    }
}

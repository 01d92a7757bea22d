using Keyway.Licensing.Configuration;

namespace Keyway.Licensing.Templates;

/// <summary>A parameter of a pack: what the pack leaves to its users. Templates name it as <c>{name}</c>.</summary>
public sealed record PackParameter
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>What it is, for people.</summary>
    public string? Description { get; init; }

    /// <summary>Its value where nobody gives one.</summary>
    public string? Default { get; init; }

    /// <summary>Whether it may be missing. What names it is left out then.</summary>
    public bool Optional { get; init; }

    /// <summary>Whether it is a secret: settings name it as <c>secret:NAME</c>, and no text shows it.</summary>
    public bool Secret { get; init; }

    /// <summary>Whether it is given with each presentation (<c>PresentationOptions.Values</c>); settings may give one for all.</summary>
    public bool PerPresentation { get; init; }

    /// <summary>What it may be; empty: anything.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>Whether a host must set it.</summary>
    public bool Required => Default is null && !Optional && !PerPresentation;

    internal static PackParameter Read(string name, SettingNode node, SettingMistakes mistakes)
    {
        SettingReader reader = new(node, mistakes);
        PackParameter parameter = new()
        {
            Name = name,
            Description = reader.Text("description"),
            Default = reader.Text("default"),
            Optional = reader.Flag("optional", otherwise: false),
            Secret = reader.Flag("secret", otherwise: false),
            PerPresentation = reader.Text("per") is { } per && IsPresentation(per, node, mistakes),
            Choices = [.. reader.Texts("choices").Select(static choice => choice.Text!)],
        };
        reader.End();
        if (name.Length == 0 || !name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.')) mistakes.Add(node, "a parameter's name is letters, digits, '_', '-' and '.'");
        if (TemplateNames.IsTaken(name)) mistakes.Add(node, $"'{name}' is a value that every exchange has");
        if (parameter is { Secret: true, Default: not null }) mistakes.Add(node, "a secret has no default");
        if (parameter is { Choices.Count: > 0, Default: { } known } && !parameter.Choices.Contains(known)) mistakes.Add(node, "its default is none of its choices");
        return parameter;
    }

    private static bool IsPresentation(string per, SettingNode node, SettingMistakes mistakes)
    {
        if (per is not ("presentation" or "host")) mistakes.Add(node, "'per' is neither 'host' nor 'presentation'");
        return per == "presentation";
    }
}

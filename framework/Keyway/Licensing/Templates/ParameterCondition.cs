using Keyway.Licensing.Configuration;

namespace Keyway.Licensing.Templates;

/// <summary>When a value counts: parameters and what they must be, decided when the host starts. <c>{ "placement": [ "header", "query" ], "tenant": true }</c></summary>
/// <param name="Terms">The parameters; each with the settings that will do, or whether it must be given at all.</param>
internal sealed record ParameterCondition(IReadOnlyList<(string Parameter, IReadOnlyList<string> Values, bool? Given)> Terms)
{
    public static ParameterCondition? Read(SettingNode? node, TemplateNames names, SettingMistakes mistakes)
    {
        if (node is null) return null;
        if (node.Kind != SettingNodeKind.Object || node.Members.Count == 0)
        {
            mistakes.Add(node, "an object is expected: parameters, and what they must be");
            return null;
        }

        List<(string, IReadOnlyList<string>, bool?)> terms = [];
        foreach ((string name, SettingNode value) in node.Members)
        {
            if (names.Parameter(name) is not { } parameter)
            {
                mistakes.Add(value, $"there is no parameter '{name}'");
                continue;
            }

            if (parameter.PerPresentation) mistakes.Add(value, $"'{name}' is given with each presentation; what a pack does is decided when the host starts");
            if (value.Kind == SettingNodeKind.Flag) terms.Add((name, [], value.Text == "true"));
            // In configuration a flag is a text.
            else if (value.IsOfConfiguration && bool.TryParse(value.Text, out bool given) && !parameter.Choices.Contains(value.Text!)) terms.Add((name, [], given));
            else
            {
                string[] wanted = value.Kind == SettingNodeKind.List ? [.. value.Items.Select(static item => item.Text ?? "")] : [value.Text ?? ""];
                foreach (string each in wanted.Where(each => !parameter.Choices.Contains(each)))
                    mistakes.Add(value, $"'{each}' is no choice of the parameter '{name}'{(parameter.Choices.Count == 0 ? ", which has none" : $" ({string.Join(", ", parameter.Choices)})")}");
                terms.Add((name, wanted, null));
            }
        }

        return new ParameterCondition(terms);
    }

    public bool Holds(ParameterSettings settings) => Terms.All(term => term.Given is { } given
        ? settings.IsGiven(term.Parameter) == given
        : settings.Text(term.Parameter) is { } text && term.Values.Contains(text));
}

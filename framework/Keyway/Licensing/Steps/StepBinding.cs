using Keyway.Licensing.Answers;
using Keyway.Licensing.Templates;

namespace Keyway.Licensing.Steps;

/// <summary>What a step does for one key system and kind of challenge, with the host's settings in it.</summary>
internal sealed record StepBinding
{
    /// <summary>The step's own URL.</summary>
    public ValueTemplate? Url { get; init; }

    /// <summary>Whether the kind has a URL of its own, which counts before all others.</summary>
    public bool HasUrlOfKind { get; init; }

    public string? Method { get; init; }

    public string? ContentType { get; init; }

    /// <summary>Headers; <see langword="null"/>: one of that name is taken away.</summary>
    public IReadOnlyList<(string Name, ValueTemplate? Value)> Headers { get; init; } = [];

    public IReadOnlyList<(string Name, ValueTemplate? Value)> Query { get; init; } = [];

    public ValueTemplate? CustomData { get; init; }

    /// <summary>The body; the challenge where the step says nothing.</summary>
    public BodyTemplate Body { get; init; } = BodyTemplate.Challenge;

    public ResponseOperations? Response { get; init; }

    public IReadOnlyList<ErrorProbe> Errors { get; init; } = [];

    /// <summary>Every name in it.</summary>
    public IEnumerable<string> Names => Values.SelectMany(static value => value.Names).Concat(Body.Names);

    private IEnumerable<ValueTemplate> Values => ((ValueTemplate?[])[Url, CustomData, .. Headers.Select(static each => each.Value), .. Query.Select(static each => each.Value)]).OfType<ValueTemplate>();

    public static StepBinding Of(StepLayer layer, bool hasUrlOfKind, ParameterSettings settings)
    {
        return new StepBinding
        {
            Url = Choose(layer.Url),
            HasUrlOfKind = hasUrlOfKind,
            Method = layer.Method,
            ContentType = layer.ContentType,
            Headers = Members(layer.Headers),
            Query = Members(layer.Query),
            CustomData = Choose(layer.CustomData),
            Body = layer.Body ?? (layer.Method == "GET" ? BodyTemplate.None : BodyTemplate.Challenge),
            Response = layer.Response,
            Errors = layer.Errors,
        };

        ValueTemplate? Choose(IReadOnlyList<ValueTemplate>? values) => values?.FirstOrDefault(value => value.When?.Holds(settings) ?? true);

        // A member none of whose conditions holds is as if it were not there; one that is taken away stays so.
        List<(string, ValueTemplate?)> Members(IReadOnlyList<(string Name, IReadOnlyList<ValueTemplate>? Values)> members) =>
            [.. members.Select(member => (member.Name, Value: Choose(member.Values), Removed: member.Values is null)).Where(static member => member.Removed || member.Value is not null).Select(static member => (member.Name, member.Value))];
    }
}

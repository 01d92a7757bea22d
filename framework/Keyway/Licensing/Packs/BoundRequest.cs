using Keyway.Licensing.Answers;
using Keyway.Licensing.Templates;

namespace Keyway.Licensing.Packs;

/// <summary>What a pack makes of one key system and kind of challenge, with the host's settings in it.</summary>
internal sealed record BoundRequest
{
    /// <summary>The pack's own URL.</summary>
    public PackValue? Url { get; init; }

    /// <summary>Whether the kind has a URL of its own, which counts before all others.</summary>
    public bool HasUrlOfKind { get; init; }

    public string? Method { get; init; }

    public string? ContentType { get; init; }

    /// <summary>Headers; <see langword="null"/>: one of that name is taken away.</summary>
    public IReadOnlyList<(string Name, PackValue? Value)> Headers { get; init; } = [];

    public IReadOnlyList<(string Name, PackValue? Value)> Query { get; init; } = [];

    public PackValue? CustomData { get; init; }

    public PackBody Body { get; init; } = PackBody.Challenge;

    public PackResponse? Response { get; init; }

    public IReadOnlyList<PackErrorProbe> Errors { get; init; } = [];

    /// <summary>Every name in it.</summary>
    public IEnumerable<string> Names => Values.SelectMany(static value => value.Names).Concat(Body.Names);

    private IEnumerable<PackValue> Values => ((PackValue?[])[Url, CustomData, .. Headers.Select(static each => each.Value), .. Query.Select(static each => each.Value)]).OfType<PackValue>();

    public static BoundRequest Of(PackLayer layer, bool hasUrlOfKind, PackSettings settings)
    {
        return new BoundRequest
        {
            Url = Choose(layer.Url),
            HasUrlOfKind = hasUrlOfKind,
            Method = layer.Method,
            ContentType = layer.ContentType,
            Headers = Members(layer.Headers),
            Query = Members(layer.Query),
            CustomData = Choose(layer.CustomData),
            Body = layer.Body ?? (layer.Method == "GET" ? PackBody.None : PackBody.Challenge),
            Response = layer.Response,
            Errors = layer.Errors,
        };

        PackValue? Choose(IReadOnlyList<PackValue>? values) => values?.FirstOrDefault(value => value.When?.Holds(settings) ?? true);

        // A member none of whose conditions holds is as if it were not there; one that is taken away stays so.
        List<(string, PackValue?)> Members(IReadOnlyList<(string Name, IReadOnlyList<PackValue>? Values)> members) =>
            [.. members.Select(member => (member.Name, Value: Choose(member.Values), Removed: member.Values is null)).Where(static member => member.Removed || member.Value is not null).Select(static member => (member.Name, member.Value))];
    }
}

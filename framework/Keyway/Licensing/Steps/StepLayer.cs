using Keyway.Licensing.Answers;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Templates;

namespace Keyway.Licensing.Steps;

/// <summary>
/// What a step does: for all exchanges, for one key system, for one kind of challenge. The more precise layer lies over the others; members
/// of <c>headers</c> and <c>query</c> one by one, and one that is <c>null</c> takes the member away.
/// </summary>
internal sealed record StepLayer
{
    public IReadOnlyList<ValueTemplate>? Url { get; init; }

    public string? Method { get; init; }

    public string? ContentType { get; init; }

    public IReadOnlyList<(string Name, IReadOnlyList<ValueTemplate>? Values)> Headers { get; init; } = [];

    public IReadOnlyList<(string Name, IReadOnlyList<ValueTemplate>? Values)> Query { get; init; } = [];

    /// <summary>Empty: taken away.</summary>
    public IReadOnlyList<ValueTemplate>? CustomData { get; init; }

    public BodyTemplate? Body { get; init; }

    public ResponseOperations? Response { get; init; }

    public IReadOnlyList<ErrorProbe> Errors { get; init; } = [];

    public IReadOnlyDictionary<ChallengeKind, StepLayer> Kinds { get; init; } = new Dictionary<ChallengeKind, StepLayer>();

    /// <summary>Reads the members of a layer that a step has; the reader's owner ends it.</summary>
    public static StepLayer Read(SettingReader reader, StepKind step, TemplateNames names, bool kinds)
    {
        StepLayer layer = step switch
        {
            StepKind.CustomData => new StepLayer { CustomData = ReadCustomData(reader, names) },
            StepKind.Request => ReadRequest(reader, names),
            StepKind.Response => new StepLayer { Response = ResponseOperations.Read(reader.Member("operations"), reader.Mistakes) },
            _ => new StepLayer { Errors = ErrorProbe.Read(reader, "probes") },
        };
        return kinds ? layer with { Kinds = ReadKinds(reader, step, names) } : layer;
    }

    private static IReadOnlyList<ValueTemplate>? ReadCustomData(SettingReader reader, TemplateNames names)
    {
        TextEncoding? encoding = reader.Choice<TextEncoding>("encode");
        if (reader.Member("value") is not { } value) return null;
        return value.Kind == SettingNodeKind.Null ? [] : [.. ValueTemplate.Read(value, TemplatePlace.CustomData, names, reader.Mistakes).Select(each => encoding.Encode(each))];
    }

    private static StepLayer ReadRequest(SettingReader reader, TemplateNames names)
    {
        string? method = reader.Text("method");
        if (method is not (null or "GET" or "POST" or "PUT")) reader.Mistakes.Add(reader.Member("method")!, "not one of GET, POST, PUT");
        return new StepLayer
        {
            Url = reader.Member("url") is { } url ? ValueTemplate.Read(url, TemplatePlace.Request, names, reader.Mistakes) : null,
            Method = method,
            ContentType = reader.Text("contentType"),
            Headers = ReadMembers(reader, "headers", names),
            Query = ReadMembers(reader, "query", names),
            Body = BodyTemplate.Read(reader.Member("body"), TemplatePlace.Body, names, reader.Mistakes),
        };
    }

    /// <summary>This layer with another over it.</summary>
    public StepLayer With(StepLayer? over) => over is null ? this : new StepLayer
    {
        Url = over.Url ?? Url,
        Method = over.Method ?? Method,
        ContentType = over.ContentType ?? ContentType,
        Headers = Over(Headers, over.Headers, StringComparer.OrdinalIgnoreCase),
        Query = Over(Query, over.Query, StringComparer.Ordinal),
        CustomData = over.CustomData ?? CustomData,
        Body = over.Body ?? Body,
        Response = over.Response ?? Response,
        // The more precise is asked first.
        Errors = [.. over.Errors, .. Errors],
    };

    private static List<(string, IReadOnlyList<ValueTemplate>?)> Over(
        IReadOnlyList<(string Name, IReadOnlyList<ValueTemplate>? Values)> under, IReadOnlyList<(string Name, IReadOnlyList<ValueTemplate>? Values)> over, StringComparer comparer) =>
        [.. under.Where(member => !over.Any(other => comparer.Equals(other.Name, member.Name))), .. over];

    private static List<(string, IReadOnlyList<ValueTemplate>?)> ReadMembers(SettingReader reader, string name, TemplateNames names)
    {
        List<(string, IReadOnlyList<ValueTemplate>?)> members = [];
        foreach ((string member, SettingNode node) in reader.Entries(name))
        {
            if (name == "headers" && RequestMembers.WhyNotHeader(member) is { } reason) reader.Mistakes.Add(node, reason);
            members.Add((member, node.Kind == SettingNodeKind.Null ? null : ValueTemplate.Read(node, TemplatePlace.Request, names, reader.Mistakes)));
        }

        return members;
    }

    private static Dictionary<ChallengeKind, StepLayer> ReadKinds(SettingReader reader, StepKind step, TemplateNames names)
    {
        Dictionary<ChallengeKind, StepLayer> kinds = [];
        foreach ((string name, SettingNode node) in reader.Entries("kinds"))
        {
            if (!SettingReader.TryChoice(name, out ChallengeKind kind) || kind == ChallengeKind.None)
            {
                reader.Mistakes.Add(node, $"'{name}' is no kind of challenge (there are {string.Join(", ", Enum.GetNames<ChallengeKind>().Skip(1))})");
                continue;
            }

            SettingReader inner = new(node, reader.Mistakes);
            StepLayer layer = Read(inner, step, names, kinds: false);
            inner.End();
            if (layer.CustomData is { Count: > 0 }) reader.Mistakes.Add(inner.Member("value")!, "what was really written is known after the challenge, which the custom data is in");
            kinds[kind] = layer;
        }

        return kinds;
    }
}

using Keyway.Licensing.Answers;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Templates;

namespace Keyway.Licensing.Packs;

/// <summary>
/// What a pack says about requests: for all, for one key system, for one kind of challenge. The more precise layer lies over the others; members
/// of <c>headers</c> and <c>query</c> one by one, and one that is <c>null</c> takes the member away.
/// </summary>
internal sealed record PackLayer
{
    public IReadOnlyList<PackValue>? Url { get; init; }

    public string? Method { get; init; }

    public string? ContentType { get; init; }

    public IReadOnlyList<(string Name, IReadOnlyList<PackValue>? Values)> Headers { get; init; } = [];

    public IReadOnlyList<(string Name, IReadOnlyList<PackValue>? Values)> Query { get; init; } = [];

    /// <summary>Empty: taken away.</summary>
    public IReadOnlyList<PackValue>? CustomData { get; init; }

    public PackBody? Body { get; init; }

    public PackResponse? Response { get; init; }

    public IReadOnlyList<PackErrorProbe> Errors { get; init; } = [];

    public IReadOnlyDictionary<ChallengeKind, PackLayer> Kinds { get; init; } = new Dictionary<ChallengeKind, PackLayer>();

    /// <summary>Reads the members of a layer; the reader's owner ends it.</summary>
    public static PackLayer Read(PackReader reader, PackNames names, bool kinds)
    {
        string? method = reader.Text("method");
        if (method is not (null or "GET" or "POST" or "PUT")) reader.Mistakes.Add(reader.Member("method")!, "not one of GET, POST, PUT");
        return new PackLayer
        {
            Url = reader.Member("url") is { } url ? PackValue.Read(url, PackPlace.Request, names, reader.Mistakes) : null,
            Method = method,
            ContentType = reader.Text("contentType"),
            Headers = ReadMembers(reader, "headers", names),
            Query = ReadMembers(reader, "query", names),
            CustomData = reader.Member("customData") is not { } custom ? null : custom.Kind == PackNodeKind.Null ? [] : PackValue.Read(custom, PackPlace.CustomData, names, reader.Mistakes),
            Body = PackBody.Read(reader.Member("body"), PackPlace.Body, names, reader.Mistakes),
            Response = PackResponse.Read(reader.Member("response"), reader.Mistakes),
            Errors = PackErrorProbe.Read(reader, "errors"),
            Kinds = kinds ? ReadKinds(reader, names) : new Dictionary<ChallengeKind, PackLayer>(),
        };
    }

    /// <summary>This layer with another over it.</summary>
    public PackLayer With(PackLayer? over) => over is null ? this : new PackLayer
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

    private static List<(string, IReadOnlyList<PackValue>?)> Over(
        IReadOnlyList<(string Name, IReadOnlyList<PackValue>? Values)> under, IReadOnlyList<(string Name, IReadOnlyList<PackValue>? Values)> over, StringComparer comparer) =>
        [.. under.Where(member => !over.Any(other => comparer.Equals(other.Name, member.Name))), .. over];

    private static List<(string, IReadOnlyList<PackValue>?)> ReadMembers(PackReader reader, string name, PackNames names)
    {
        List<(string, IReadOnlyList<PackValue>?)> members = [];
        foreach ((string member, PackNode node) in reader.Entries(name))
        {
            if (name == "headers" && RequestMembers.WhyNotHeader(member) is { } reason) reader.Mistakes.Add(node, reason);
            members.Add((member, node.Kind == PackNodeKind.Null ? null : PackValue.Read(node, PackPlace.Request, names, reader.Mistakes)));
        }

        return members;
    }

    private static Dictionary<ChallengeKind, PackLayer> ReadKinds(PackReader reader, PackNames names)
    {
        Dictionary<ChallengeKind, PackLayer> kinds = [];
        foreach ((string name, PackNode node) in reader.Entries("kinds"))
        {
            if (!PackReader.TryChoice(name, out ChallengeKind kind) || kind == ChallengeKind.None)
            {
                reader.Mistakes.Add(node, $"'{name}' is no kind of challenge (there are {string.Join(", ", Enum.GetNames<ChallengeKind>().Skip(1))})");
                continue;
            }

            PackReader inner = new(node, reader.Mistakes);
            PackLayer layer = Read(inner, names, kinds: false);
            inner.End();
            if (layer.CustomData is { Count: > 0 }) reader.Mistakes.Add(inner.Member("customData")!, "what was really written is known after the challenge, which the custom data is in");
            kinds[kind] = layer;
        }

        return kinds;
    }
}

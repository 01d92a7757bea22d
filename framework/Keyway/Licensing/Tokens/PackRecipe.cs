using Keyway.Licensing.Answers;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Templates;

namespace Keyway.Licensing.Tokens;

/// <summary>How a token is asked for over HTTP: a request to the customer's own storefront, before the licence request.</summary>
internal sealed record PackRecipe
{
    public required PackValue Url { get; init; }

    public string Method { get; init; } = "POST";

    public IReadOnlyList<(string Name, PackValue Value)> Headers { get; init; } = [];

    public PackBody Body { get; init; } = PackBody.None;

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Empty: the pack's.</summary>
    public IReadOnlyList<PackErrorProbe> Errors { get; init; } = [];

    public IEnumerable<string> Names => Url.Names.Concat(Headers.SelectMany(static header => header.Value.Names)).Concat(Body.Names);

    public static PackRecipe? Read(PackReader? reader, PackNames names)
    {
        if (reader is null) return null;
        PackMistakes mistakes = reader.Mistakes;
        PackNode? url = reader.Member("url");
        if (url is null) reader.Missing("url");
        IReadOnlyList<PackValue> urls = url is null ? [] : PackValue.Read(url, PackPlace.Recipe, names, mistakes);
        List<(string, PackValue)> headers = [];
        foreach ((string name, PackNode node) in reader.Entries("headers"))
        {
            if (RequestMembers.WhyNotHeader(name) is { } reason) mistakes.Add(node, reason);
            if (PackValue.Read(node, PackPlace.Recipe, names, mistakes) is [var value, ..]) headers.Add((name, value));
        }

        PackBody? body = PackBody.Read(reader.Member("body"), PackPlace.Recipe, names, mistakes);
        string? method = reader.Text("method");
        if (method is not (null or "GET" or "POST" or "PUT")) mistakes.Add(reader.Member("method")!, "not one of GET, POST, PUT");
        TimeSpan? timeout = reader.Span("timeout", TimeSpan.FromMinutes(5));
        IReadOnlyList<PackErrorProbe> errors = PackErrorProbe.Read(reader, "errors");
        reader.End();
        return urls.Count == 0 ? null : new PackRecipe
        {
            Url = urls[0],
            Method = method ?? (body is null ? "GET" : "POST"),
            Headers = headers,
            Body = body ?? PackBody.None,
            Timeout = timeout ?? TimeSpan.FromSeconds(10),
            Errors = errors,
        };
    }
}

using Keyway.Licensing.Answers;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Templates;

namespace Keyway.Licensing.Tokens;

/// <summary>How a token is asked for over HTTP: a request to the customer's own storefront, before the licence request.</summary>
internal sealed record TokenRecipe
{
    public required ValueTemplate Url { get; init; }

    public string Method { get; init; } = "POST";

    public IReadOnlyList<(string Name, ValueTemplate Value)> Headers { get; init; } = [];

    public BodyTemplate Body { get; init; } = BodyTemplate.None;

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Empty: the pack's.</summary>
    public IReadOnlyList<ErrorProbe> Errors { get; init; } = [];

    public IEnumerable<string> Names => Url.Names.Concat(Headers.SelectMany(static header => header.Value.Names)).Concat(Body.Names);

    public static TokenRecipe? Read(SettingReader? reader, TemplateNames names)
    {
        if (reader is null) return null;
        SettingMistakes mistakes = reader.Mistakes;
        SettingNode? url = reader.Member("url");
        if (url is null) reader.Missing("url");
        IReadOnlyList<ValueTemplate> urls = url is null ? [] : ValueTemplate.Read(url, TemplatePlace.Recipe, names, mistakes);
        List<(string, ValueTemplate)> headers = [];
        foreach ((string name, SettingNode node) in reader.Entries("headers"))
        {
            if (RequestMembers.WhyNotHeader(name) is { } reason) mistakes.Add(node, reason);
            if (ValueTemplate.Read(node, TemplatePlace.Recipe, names, mistakes) is [var value, ..]) headers.Add((name, value));
        }

        BodyTemplate? body = BodyTemplate.Read(reader.Member("body"), TemplatePlace.Recipe, names, mistakes);
        string? method = reader.Text("method");
        if (method is not (null or "GET" or "POST" or "PUT")) mistakes.Add(reader.Member("method")!, "not one of GET, POST, PUT");
        TimeSpan? timeout = reader.Span("timeout", TimeSpan.FromMinutes(5));
        IReadOnlyList<ErrorProbe> errors = ErrorProbe.Read(reader, "errors");
        reader.End();
        return urls.Count == 0 ? null : new TokenRecipe
        {
            Url = urls[0],
            Method = method ?? (body is null ? "GET" : "POST"),
            Headers = headers,
            Body = body ?? BodyTemplate.None,
            Timeout = timeout ?? TimeSpan.FromSeconds(10),
            Errors = errors,
        };
    }
}

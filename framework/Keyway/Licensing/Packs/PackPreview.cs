using System.Text;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Secrets;
using Keyway.Licensing.Templates;
using Keyway.Licensing.Tokens;

namespace Keyway.Licensing.Packs;

/// <summary>A request that a pack would make, for people: secrets are masked, what is not known yet stands as its name.</summary>
public sealed record PackPreview
{
    /// <summary>The key system; <see langword="null"/>: this is how the token is fetched.</summary>
    public string? KeySystem { get; init; }

    /// <summary>The kind of challenge.</summary>
    public ChallengeKind Kind { get; init; }

    /// <summary>The method.</summary>
    public required string Method { get; init; }

    /// <summary>The URL; <see langword="null"/>: the pack names none, and others must.</summary>
    public string? Url { get; init; }

    /// <summary>Headers.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>The media type; <see langword="null"/>: the key system's own.</summary>
    public string? ContentType { get; init; }

    /// <summary>The body.</summary>
    public required string Body { get; init; }

    /// <summary>What the challenge itself carries.</summary>
    public string? CustomData { get; init; }

    /// <summary>How the licence is taken out of the answer.</summary>
    public string Response { get; init; } = "as it is";

    /// <summary>Where refusals are looked for, in order.</summary>
    public IReadOnlyList<string> Errors { get; init; } = [];

    /// <summary>Shows what a pack would ask for, for each key system and each kind of challenge that differs.</summary>
    /// <param name="pack">The pack.</param>
    /// <param name="settings">Parameters that are known, by name.</param>
    /// <returns>The requests.</returns>
    public static IReadOnlyList<PackPreview> Of(ProviderPack pack, IReadOnlyDictionary<string, string> settings)
    {
        ArgumentNullException.ThrowIfNull(pack);
        ArgumentNullException.ThrowIfNull(settings);
        BoundPack bound = BoundPack.Preview(pack, settings);
        List<PackPreview> previews = [];
        if (bound.Tokens?.Settings.Http is { } recipe) previews.Add(Show(recipe, new Symbols(bound, null, ChallengeKind.None)));
        foreach (string system in pack.KeySystems)
        {
            foreach (ChallengeKind kind in bound.KindsOf(system).Prepend(ChallengeKind.License).Distinct())
                previews.Add(Show(bound.Find(system, kind)!, system, kind, new Symbols(bound, system, kind)));
        }

        return previews;
    }

    private static PackPreview Show(PackRecipe recipe, Symbols symbols) => new()
    {
        Method = recipe.Method,
        Url = Text(recipe.Url, ValueEncoding.Url, symbols),
        Headers = [.. recipe.Headers.Select(header => (header.Name, Text: Text(header.Value, ValueEncoding.Raw, symbols))).Where(static header => header.Text is not null).Select(static header => KeyValuePair.Create(header.Name, header.Text!))],
        ContentType = recipe.Body.ContentType,
        Body = Write(recipe.Body, symbols),
        Response = "token",
    };

    private static PackPreview Show(BoundRequest request, string system, ChallengeKind kind, Symbols symbols)
    {
        string? url = request.Url is null ? null : Text(request.Url, ValueEncoding.Url, symbols);
        foreach ((string name, PackValue? value) in request.Query)
            if (value is not null && Text(value, ValueEncoding.Raw, symbols) is { } text) url = $"{url}{(url?.Contains('?', StringComparison.Ordinal) == true ? '&' : '?')}{name}={text}";
        return new PackPreview
        {
            KeySystem = system,
            Kind = kind,
            Method = request.Method ?? "POST",
            Url = url,
            Headers = [.. request.Headers.Select(header => (header.Name, Text: header.Value is null ? null : Text(header.Value, ValueEncoding.Raw, symbols))).Where(static header => header.Text is not null).Select(static header => KeyValuePair.Create(header.Name, header.Text!))],
            ContentType = request.ContentType ?? request.Body.ContentType,
            Body = Write(request.Body, symbols),
            CustomData = request.CustomData is null ? null : Text(request.CustomData, ValueEncoding.Raw, symbols),
            Response = request.Response?.Describe() ?? "as it is",
            Errors = [.. request.Errors.Select(static probe => probe.Describe())],
        };
    }

    private static string Write(PackBody body, Symbols symbols)
    {
        if (body == PackBody.Challenge) return "{challenge}";
        if (body == PackBody.None) return "";
        using SecretBuffer text = new();
        Finish(body.WriteAsync(symbols, text, CancellationToken.None));
        return Encoding.UTF8.GetString(text.Written.Span);
    }

    private static string? Text(PackValue value, ValueEncoding plain, Symbols symbols)
    {
        ValueTask<string?> text = value.TextAsync(plain, symbols, CancellationToken.None);
        return text.IsCompletedSuccessfully ? text.Result : throw new InvalidOperationException("a preview waits for nothing");
    }

    private static void Finish(ValueTask task)
    {
        if (!task.IsCompletedSuccessfully) throw new InvalidOperationException("a preview waits for nothing");
        task.GetAwaiter().GetResult();
    }

    private sealed class Symbols(BoundPack pack, string? keySystem, ChallengeKind kind) : ITemplateValues
    {
        public bool IsPreview => true;

        public ValueTask<TemplateValue?> FindAsync(string name, bool optional, CancellationToken cancellationToken) => new(Find(name));

        private TemplateValue? Find(string name)
        {
            if (pack.Pack.Names.Parameter(name) is { } parameter)
            {
                if (pack.Settings.Text(name) is not { } text) return parameter.Optional ? null : TemplateValue.Symbol($"{{{name}}}");
                return parameter.Secret ? TemplateValue.Symbol(Redactor.Mask) : new TemplateValue(text);
            }

            return name switch
            {
                "keySystem" when keySystem is not null => new TemplateValue(keySystem),
                "kind" => new TemplateValue(kind.ToString()),
                PackNames.Challenge => TemplateValue.Symbol("{challenge}"),
                _ when pack.Pack.Names.IsSecret(name) => TemplateValue.Symbol(Redactor.Mask),
                _ => TemplateValue.Symbol($"{{{name}}}"),
            };
        }
    }
}

using System.Text;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Secrets;
using Keyway.Licensing.Steps;
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
        TemplateScope scope = TemplateScope.ForPreview();
        (scope.Names, scope.Settings) = (pack.Names, ParameterSettings.Of(pack.Parameters, settings));
        StepBindings[] steps = [.. PackStep.All.Select(step => StepBindings.Read(new SettingReader(pack.Step(step.Name), new SettingMistakes()), step.Kind, scope))];
        bool named = steps.SelectMany(static step => step.All).Any(static binding => binding.Names.Contains(TemplateNames.Token));
        List<PackPreview> previews = [];
        if (pack.TokenStep(SettingNode.OfMembers("", []), named, new SettingMistakes()) is { } token && TokenSettings.Read(new SettingReader(token, new SettingMistakes()), pack.Names).Http is { } recipe)
            previews.Add(Show(recipe, new Symbols(scope, null, ChallengeKind.None)));
        foreach (string system in pack.KeySystems)
        {
            foreach (ChallengeKind kind in steps.SelectMany(step => step.KindsOf(system)).Distinct().Order().Prepend(ChallengeKind.License).Distinct())
                previews.Add(Show([.. steps.Select(step => step.Find(system, kind)!)], system, kind, new Symbols(scope, system, kind)));
        }

        return previews;
    }

    private static PackPreview Show(TokenRecipe recipe, Symbols symbols) => new()
    {
        Method = recipe.Method,
        Url = Text(recipe.Url, ValueEncoding.Url, symbols),
        Headers = [.. recipe.Headers.Select(header => (header.Name, Text: Text(header.Value, ValueEncoding.Raw, symbols))).Where(static header => header.Text is not null).Select(static header => KeyValuePair.Create(header.Name, header.Text!))],
        ContentType = recipe.Body.ContentType,
        Body = Write(recipe.Body, symbols),
        Response = "token",
    };

    private static PackPreview Show(StepBinding[] steps, string system, ChallengeKind kind, Symbols symbols)
    {
        StepBinding custom = steps[(int)StepKind.CustomData], request = steps[(int)StepKind.Request];
        string? url = request.Url is null ? null : Text(request.Url, ValueEncoding.Url, symbols);
        foreach ((string name, ValueTemplate? value) in request.Query)
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
            CustomData = custom.CustomData is null ? null : Text(custom.CustomData, ValueEncoding.Raw, symbols),
            Response = steps[(int)StepKind.Response].Response?.Describe() ?? "as it is",
            Errors = [.. steps[(int)StepKind.Errors].Errors.Select(static probe => probe.Describe())],
        };
    }

    private static string Write(BodyTemplate body, Symbols symbols)
    {
        if (body == BodyTemplate.Challenge) return "{challenge}";
        if (body == BodyTemplate.None) return "";
        using SecretBuffer text = new();
        Finish(body.WriteAsync(symbols, text, CancellationToken.None));
        return Encoding.UTF8.GetString(text.Written.Span);
    }

    private static string? Text(ValueTemplate value, ValueEncoding plain, Symbols symbols)
    {
        ValueTask<string?> text = value.TextAsync(plain, symbols, CancellationToken.None);
        return text.IsCompletedSuccessfully ? text.Result : throw new InvalidOperationException("a preview waits for nothing");
    }

    private static void Finish(ValueTask task)
    {
        if (!task.IsCompletedSuccessfully) throw new InvalidOperationException("a preview waits for nothing");
        task.GetAwaiter().GetResult();
    }

    private sealed class Symbols(TemplateScope scope, string? keySystem, ChallengeKind kind) : ITemplateValues
    {
        public bool IsPreview => true;

        public ValueTask<TemplateValue?> FindAsync(string name, bool optional, CancellationToken cancellationToken) => new(Find(name));

        private TemplateValue? Find(string name)
        {
            if (scope.Names.Parameter(name) is { } parameter)
            {
                if (scope.Settings.Text(name) is not { } text) return parameter.Optional ? null : TemplateValue.Symbol($"{{{name}}}");
                return parameter.Secret ? TemplateValue.Symbol(Redactor.Mask) : new TemplateValue(text);
            }

            return name switch
            {
                "keySystem" when keySystem is not null => new TemplateValue(keySystem),
                "kind" => new TemplateValue(kind.ToString()),
                TemplateNames.Challenge => TemplateValue.Symbol("{challenge}"),
                _ when scope.Names.IsSecret(name) => TemplateValue.Symbol(Redactor.Mask),
                _ => TemplateValue.Symbol($"{{{name}}}"),
            };
        }
    }
}

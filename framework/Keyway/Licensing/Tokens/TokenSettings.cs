using System.Globalization;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Templates;

namespace Keyway.Licensing.Tokens;

/// <summary>Where tokens come from, and when one is no good any more: a step <c>token</c>; of a pack, its member <c>token</c> under a provider's <c>Token</c> in configuration.</summary>
internal sealed record TokenSettings
{
    public static TimeSpan MaximumLifetime { get; } = TimeSpan.FromDays(30);

    /// <summary>The name of the secret that is the token.</summary>
    public string? Secret { get; init; }

    /// <summary>The names of the secrets that are tokens for single keys.</summary>
    public IReadOnlyDictionary<KeyId, string> PerKey { get; init; } = new Dictionary<KeyId, string>();

    public TokenRecipe? Http { get; init; }

    /// <summary>How long a token that was fetched is used again; <see langword="null"/>: not at all.</summary>
    public TimeSpan? Lifetime { get; init; }

    public bool SingleUse { get; init; }

    /// <summary>Kinds, statuses and codes that mean a bad token.</summary>
    public IReadOnlyCollection<string> RefreshOn { get; init; } =
        [nameof(LicenseErrorKind.TokenExpired), nameof(LicenseErrorKind.TokenInvalid), nameof(LicenseErrorKind.TokenReused)];

    public IReadOnlyList<TokenReading> Reads { get; init; } = [TokenReading.Plain];

    /// <summary>Whether a licence URL may come with a token.</summary>
    public bool BringsUrl => Reads.Any(static read => read.Form == TokenForm.UriList || read.Url is not null);

    /// <summary>What the application is told when there is no token.</summary>
    public string? Advice { get; init; }

    /// <summary>Reads settings that are all of an object.</summary>
    public static TokenSettings Read(SettingNode node, TemplateNames names, SettingMistakes mistakes)
    {
        SettingReader reader = new(node, mistakes);
        TokenSettings settings = Read(reader, names);
        reader.End();
        return settings;
    }

    /// <summary>Reads settings; the reader's owner ends it.</summary>
    public static TokenSettings Read(SettingReader reader, TemplateNames names)
    {
        SettingMistakes mistakes = reader.Mistakes;
        TokenSettings none = new();
        Dictionary<KeyId, string> perKey = [];
        foreach ((string name, SettingNode value) in reader.Entries("perKey"))
        {
            if (!KeyId.TryParse(name, out KeyId id)) mistakes.Add(value, "not a key identifier (32 hexadecimal digits)");
            else if (SecretName(value, mistakes) is { } secret && !perKey.TryAdd(id, secret)) mistakes.Add(value, "the same key is given twice");
        }

        TokenReading[] reads = [.. TokenReading.Read(reader, "read")];
        string[] refreshOn = [.. reader.Texts("refreshOn").Select(item => RefreshOf(item))];
        TokenSettings settings = new()
        {
            Secret = reader.Member("secret") is { } secretNode ? SecretName(secretNode, mistakes) : null,
            PerKey = perKey,
            Http = TokenRecipe.Read(reader.Object("http"), names),
            Lifetime = reader.Span("lifetime", MaximumLifetime),
            SingleUse = reader.Flag("singleUse", otherwise: false),
            RefreshOn = refreshOn.Length == 0 ? none.RefreshOn : refreshOn,
            Reads = reads.Length == 0 ? none.Reads : reads,
            Advice = reader.Text("advice"),
        };
        if (settings.SingleUse && settings.Lifetime is not null) mistakes.Add(reader.Node, "a token of a single use is not used again: 'lifetime' has no meaning beside 'singleUse'");
        return settings;
    }

    /// <summary>Whether a refusal means that the token was bad.</summary>
    public bool IsBadToken(LicenseServiceException refusal) =>
        RefreshOn.Contains(refusal.Kind.ToString()) ||
        (refusal.ProviderCode is { } code && RefreshOn.Contains(code)) ||
        (refusal.Status is { } status && RefreshOn.Contains(status.ToString(CultureInfo.InvariantCulture)));

    // A kind as the enumeration spells it; a status or a code as it is.
    private static string RefreshOf(SettingNode item) => SettingReader.TryChoice(item.Text!, out LicenseErrorKind kind) ? kind.ToString() : item.Text!;

    public static string? SecretName(SettingNode node, SettingMistakes mistakes)
    {
        string text = node.Text ?? "";
        if (!SecretText.IsReference(text)) mistakes.Add(node, "a secret: name it as secret:NAME, do not write it here");
        else if (!SecretText.IsName(text[SecretText.Prefix.Length..])) mistakes.Add(node, $"not a secret's name: {SecretText.NameRule}");
        else return text[SecretText.Prefix.Length..];
        return null;
    }
}

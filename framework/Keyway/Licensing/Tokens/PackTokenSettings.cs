using System.Globalization;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Templates;

namespace Keyway.Licensing.Tokens;

/// <summary>Where tokens come from, and when one is no good any more: the member <c>token</c> of a pack, under a provider's <c>Token</c> in configuration.</summary>
internal sealed record PackTokenSettings
{
    public static TimeSpan MaximumLifetime { get; } = TimeSpan.FromDays(30);

    /// <summary>The name of the secret that is the token.</summary>
    public string? Secret { get; init; }

    /// <summary>The names of the secrets that are tokens for single keys.</summary>
    public IReadOnlyDictionary<KeyId, string> PerKey { get; init; } = new Dictionary<KeyId, string>();

    public PackRecipe? Http { get; init; }

    /// <summary>How long a token that was fetched is used again; <see langword="null"/>: not at all.</summary>
    public TimeSpan? Lifetime { get; init; }

    public bool SingleUse { get; init; }

    /// <summary>Kinds, statuses and codes that mean a bad token.</summary>
    public IReadOnlyCollection<string> RefreshOn { get; init; } =
        [nameof(LicenseErrorKind.TokenExpired), nameof(LicenseErrorKind.TokenInvalid), nameof(LicenseErrorKind.TokenReused)];

    public IReadOnlyList<PackTokenRead> Reads { get; init; } = [PackTokenRead.Plain];

    /// <summary>Whether a licence URL may come with a token.</summary>
    public bool BringsUrl => Reads.Any(static read => read.Form == PackTokenForm.UriList || read.Url is not null);

    /// <summary>What the application is told when there is no token.</summary>
    public string? Advice { get; init; }

    public static PackTokenSettings Read(PackNode node, PackNames names, PackMistakes mistakes)
    {
        PackReader reader = new(node, mistakes);
        PackTokenSettings none = new();
        Dictionary<KeyId, string> perKey = [];
        foreach ((string name, PackNode value) in reader.Entries("perKey"))
        {
            if (!KeyId.TryParse(name, out KeyId id)) mistakes.Add(value, "not a key identifier (32 hexadecimal digits)");
            else if (SecretName(value, mistakes) is { } secret && !perKey.TryAdd(id, secret)) mistakes.Add(value, "the same key is given twice");
        }

        PackTokenRead[] reads = [.. PackTokenRead.Read(reader, "read")];
        string[] refreshOn = [.. reader.Texts("refreshOn").Select(item => RefreshOf(item))];
        PackTokenSettings settings = new()
        {
            Secret = reader.Member("secret") is { } secretNode ? SecretName(secretNode, mistakes) : null,
            PerKey = perKey,
            Http = PackRecipe.Read(reader.Object("http"), names),
            Lifetime = reader.Span("lifetime", MaximumLifetime),
            SingleUse = reader.Flag("singleUse", otherwise: false),
            RefreshOn = refreshOn.Length == 0 ? none.RefreshOn : refreshOn,
            Reads = reads.Length == 0 ? none.Reads : reads,
            Advice = reader.Text("advice"),
        };
        reader.End();
        return settings;
    }

    /// <summary>Whether a refusal means that the token was bad.</summary>
    public bool IsBadToken(LicenseServiceException refusal) =>
        RefreshOn.Contains(refusal.Kind.ToString()) ||
        (refusal.ProviderCode is { } code && RefreshOn.Contains(code)) ||
        (refusal.Status is { } status && RefreshOn.Contains(status.ToString(CultureInfo.InvariantCulture)));

    // A kind as the enumeration spells it; a status or a code as it is.
    private static string RefreshOf(PackNode item) => PackReader.TryChoice(item.Text!, out LicenseErrorKind kind) ? kind.ToString() : item.Text!;

    private static string? SecretName(PackNode node, PackMistakes mistakes)
    {
        string text = node.Text ?? "";
        if (!text.StartsWith(StepValue.SecretPrefix, StringComparison.Ordinal)) mistakes.Add(node, "a secret: name it as secret:NAME, do not write it here");
        else if (!StepValue.IsSecretName(text[StepValue.SecretPrefix.Length..])) mistakes.Add(node, "not a secret's name: lower-case letters, digits, dots, dashes, at most 64");
        else return text[StepValue.SecretPrefix.Length..];
        return null;
    }
}

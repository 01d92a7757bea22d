using Keyway.Licensing.Exchanges;

namespace Keyway.Licensing.Templates;

/// <summary>The names that templates may use.</summary>
/// <param name="parameters">The parameters of the provider's pack.</param>
internal sealed class TemplateNames(IReadOnlyList<PackParameter> parameters)
{
    public const string Token = "token";

    public const string Challenge = "challenge";

    public const string CustomData = "customData";

    /// <summary>Whether a name is one of the framework's.</summary>
    public static bool IsTaken(string name) => name is Token or Challenge or CustomData || ExchangeValues.Names.Contains(name);

    /// <summary>The names of parameters that are secrets.</summary>
    public IEnumerable<string> Secrets => parameters.Where(static parameter => parameter.Secret).Select(static parameter => parameter.Name);

    public PackParameter? Parameter(string name) => parameters.FirstOrDefault(parameter => parameter.Name == name);

    /// <summary>Whether a value of that name is a secret.</summary>
    public bool IsSecret(string name) => SecretText.IsReference(name) || name is Token or CustomData or Challenge || Parameter(name) is { Secret: true };

    /// <summary>Why a template may not use a name; <see langword="null"/>: it may.</summary>
    /// <param name="name">The name.</param>
    /// <param name="place">Where the template stands.</param>
    /// <param name="ofHost">Whether the host's own configuration says it, which knows its application's values; a pack names what it needs.</param>
    public string? WhyNot(string name, TemplatePlace place, bool ofHost)
    {
        if (name == Challenge) return place == TemplatePlace.Body ? null : "{challenge} stands in a body only";
        if (name == Token) return place == TemplatePlace.Recipe ? "what fetches the token cannot name it" : null;
        if (IsTaken(name)) return place == TemplatePlace.CustomData && name == CustomData ? "the custom data cannot hold itself" : null;
        return Parameter(name) is null && !(ofHost && place != TemplatePlace.Endpoint)
            ? $"nothing is named '{name}': parameters are {(parameters.Count == 0 ? "none" : string.Join(", ", parameters.Select(static each => each.Name)))}; every exchange has {string.Join(", ", ExchangeValues.Names)}, {Token}, {CustomData} and, in a body, {Challenge}"
            : null;
    }
}

/// <summary>Where a template stands.</summary>
internal enum TemplatePlace
{
    Request = 0,
    Body,
    CustomData,
    Recipe,

    /// <summary>A licence URL that a provider's entry names for a key system.</summary>
    Endpoint,
}

using Keyway.Licensing.Exchanges;

namespace Keyway.Licensing.Templates;

/// <summary>The names that templates of a pack may use.</summary>
/// <param name="parameters">The pack's parameters.</param>
internal sealed class PackNames(IReadOnlyList<PackParameter> parameters)
{
    public const string Token = "token";

    public const string Challenge = "challenge";

    public const string CustomData = "customData";

    /// <summary>Whether a name is one of the framework's.</summary>
    public static bool IsTaken(string name) => name is Token or Challenge or CustomData || ExchangeValues.Names.Contains(name);

    public PackParameter? Parameter(string name) => parameters.FirstOrDefault(parameter => parameter.Name == name);

    /// <summary>Whether a value of that name is a secret.</summary>
    public bool IsSecret(string name) => name.StartsWith(StepValue.SecretPrefix, StringComparison.Ordinal) || name is Token or CustomData or Challenge || Parameter(name) is { Secret: true };

    /// <summary>Why a template may not use a name; <see langword="null"/>: it may.</summary>
    public string? WhyNot(string name, PackPlace place)
    {
        if (name == Challenge) return place == PackPlace.Body ? null : "{challenge} stands in a body only";
        if (name == Token) return place == PackPlace.Recipe ? "what fetches the token cannot name it" : null;
        if (IsTaken(name)) return place == PackPlace.CustomData && name == CustomData ? "the custom data cannot hold itself" : null;
        return Parameter(name) is null
            ? $"nothing is named '{name}': parameters are {(parameters.Count == 0 ? "none" : string.Join(", ", parameters.Select(static each => each.Name)))}; every exchange has {string.Join(", ", ExchangeValues.Names)}, {Token}, {CustomData} and, in a body, {Challenge}"
            : null;
    }
}

/// <summary>Where a template stands.</summary>
internal enum PackPlace
{
    Request = 0,
    Body,
    CustomData,
    Recipe,
}

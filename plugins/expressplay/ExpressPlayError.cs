using Keyway.Licensing;

namespace Keyway.ExpressPlay;

/// <summary>What is refused before anything is sent.</summary>
internal static class ExpressPlayError
{
    public const string Worlds = "test and production have authenticators, hosts and devices of their own, and a mixed pair is refused (-2018)";

    public static LicenseServiceException Mixed(string host, ExpressPlayEnvironment found, ExpressPlayOptions options) => new(
        LicenseErrorKind.WrongEnvironment,
        $"{host} is a {ExpressPlayOptions.Word(found)} host, and {options.EnvironmentSource} says {ExpressPlayOptions.Word(options.Environment)}; nothing was sent")
    {
        Advice = $"{Worlds}: let the storefront ask the token service of the same world, or change {options.EnvironmentSource}",
    };

    public static LicenseServiceException Missing(TokenPlacement placement) => new(LicenseErrorKind.TokenMissing, "the licence request has no ExpressPlay token; nothing was sent")
    {
        Advice = placement == TokenPlacement.Query
            ? "give a source of tokens, or a licence URL with its token (…?ExpressPlayToken=…)"
            : $"give a source of tokens: with TokenPlacement {placement} a token in the licence URL's query is not used",
    };

    public static LicenseServiceException Authenticator() => new(LicenseErrorKind.CredentialInvalid, "what was given as a token has the shape of a customer authenticator; nothing was sent")
    {
        Advice = ExpressPlayAuthenticator.Explanation,
    };
}

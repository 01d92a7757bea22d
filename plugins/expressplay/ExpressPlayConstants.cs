namespace Keyway.ExpressPlay;

/// <summary>Names that ExpressPlay gives to things.</summary>
internal static class ExpressPlayConstants
{
    public const string Name = "expressplay";

    /// <summary>The query member, and the header, that carry a token.</summary>
    public const string TokenMember = "ExpressPlayToken";

    /// <summary>The API key of a customer. It is a parameter of the token service, and no client ever has one.</summary>
    public const string Authenticator = "customerAuthenticator";

    public const string Widevine = "widevine";

    public const string PlayReady = "playready";

    /// <summary>The members of the token service's JSON answer for PlayReady.</summary>
    public const string JsonToken = "token";

    public const string JsonUrl = "licenseAcquisitionUrl";
}

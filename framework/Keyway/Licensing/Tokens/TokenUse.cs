namespace Keyway.Licensing.Tokens;

/// <summary>How many tokens a provider has used. Some services bill every licence that a token is redeemed for.</summary>
/// <param name="Fetched">Tokens that were fetched from the customer's storefront.</param>
/// <param name="Redeemed">Licences that the service gave for a token.</param>
public readonly record struct TokenUse(long Fetched, long Redeemed);

using Keyway.Licensing;

namespace Keyway.ExpressPlay;

/// <summary>
/// <c>expressplay.gate</c>: the last look at a request, for what a pack cannot say. It stands after the pack, when URL and token are known. The host for
/// <c>cbcs</c> is put in; a host of the other world, a request without a token and an authenticator in a token's place are refused.
/// </summary>
internal sealed class ExpressPlayGate(ExpressPlayOptions options) : LicenseRequestDecorator
{
    public override IReadOnlyCollection<string> SecretMembers => [ExpressPlayConstants.TokenMember];

    public override ValueTask DecorateAsync(LicenseExchange exchange, CancellationToken cancellationToken)
    {
        Uri url = exchange.Request.Url;
        if (options.CbcsHost && IsCbcs(exchange) && ExpressPlayHosts.ForCbcs(url.Host) is { } host)
            exchange.Request = exchange.Request with { Url = url = new UriBuilder(url) { Host = host }.Uri };

        ExpressPlayEnvironment found = ExpressPlayHosts.EnvironmentOf(url.Host);
        if (options.Environment != ExpressPlayEnvironment.Unknown && found != ExpressPlayEnvironment.Unknown && found != options.Environment)
            throw ExpressPlayError.Mixed(url.Host, found, options);

        TokenPlacement placement = options.PlacementFor(exchange.KeySystem);
        string? token = placement switch
        {
            TokenPlacement.Header => exchange.Request.Headers.FirstOrDefault(static header => header.Key.Equals(ExpressPlayConstants.TokenMember, StringComparison.OrdinalIgnoreCase)).Value,
            TokenPlacement.CustomData => exchange.CustomData,
            _ => InQuery(url),
        };
        if (string.IsNullOrEmpty(token)) throw ExpressPlayError.Missing(placement);
        if (ExpressPlayAuthenticator.IsOne(Uri.UnescapeDataString(token))) throw ExpressPlayError.Authenticator();
        return ValueTask.CompletedTask;
    }

    private static bool IsCbcs(LicenseExchange exchange) =>
        exchange.KeySystem.Equals(ExpressPlayConstants.PlayReady, StringComparison.OrdinalIgnoreCase) && exchange.Values.GetValueOrDefault("scheme") == "cbcs";

    private static string? InQuery(Uri url)
    {
        const string start = ExpressPlayConstants.TokenMember + "=";
        return url.Query.TrimStart('?').Split('&').FirstOrDefault(static member => member.StartsWith(start, StringComparison.Ordinal))?[start.Length..];
    }
}

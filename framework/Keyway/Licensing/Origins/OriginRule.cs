namespace Keyway.Licensing.Origins;

/// <summary>
/// Where one exchange may go. The rule is asked before every send and every hop of a redirect; when it says no, nothing has been sent.
/// </summary>
internal sealed class OriginRule
{
    private readonly string _provider;
    private readonly TrustedOrigins _origins;
    private readonly Origin? _caller;
    private readonly bool _anybody;

    /// <summary>The host that the content came from, for exchanges that go where content says.</summary>
    public string? ContentHost { get; private init; }

    /// <summary>Whether it is the transport that says where the exchange may go.</summary>
    private bool IsKeptElsewhere { get; init; }

    private OriginRule(string provider, TrustedOrigins origins, Origin? caller, bool anybody) =>
        (_provider, _origins, _caller, _anybody) = (provider, origins, caller, anybody);

    /// <summary>Whether the exchange goes where content said and carries nothing that identifies anybody.</summary>
    public bool Untrusted => _anybody;

    /// <summary>The rule for exchanges that may carry secrets.</summary>
    /// <param name="provider">The provider's name.</param>
    /// <param name="origins">The origins that its configuration names.</param>
    /// <param name="caller">The URL that the caller gave, if any.</param>
    public static OriginRule Listed(string provider, TrustedOrigins origins, Uri? caller) =>
        new(provider, origins, caller is null ? null : Origin.Of(caller), anybody: false);

    /// <summary>The rule for exchanges that identify nobody: anywhere, but never unencrypted across a network.</summary>
    /// <param name="provider">The provider's name.</param>
    /// <param name="contentHost">The host that the content came from.</param>
    public static OriginRule Anybody(string provider, string? contentHost = null) =>
        new(provider, TrustedOrigins.None, caller: null, anybody: true) { ContentHost = contentHost };

    /// <summary>The rule for exchanges whose transport keeps the rules of content, which are stricter about files and looser about everything that is no secret.</summary>
    /// <param name="provider">The provider's name.</param>
    public static OriginRule OfContent(string provider) => new(provider, TrustedOrigins.None, caller: null, anybody: true) { IsKeptElsewhere = true };

    /// <summary>The rule for a request that configuration itself names, beside the exchange: where a token is fetched.</summary>
    /// <param name="url">The request's URL.</param>
    public OriginRule Beside(Uri url) => Listed(_provider, _origins, url);

    /// <summary>Whether the URL may receive what the exchange carries.</summary>
    public bool Trusts(Uri url) => Origin.IsHttp(url) && (_origins.Contains(url) || _caller == Origin.Of(url));

    /// <summary>Refuses a URL that the exchange may not go to.</summary>
    /// <param name="url">The URL.</param>
    /// <param name="source">Who named it, for people.</param>
    /// <param name="from">Where the exchange was before, when this is a redirect.</param>
    /// <exception cref="LicenseServiceException">With <see cref="LicenseErrorKind.UntrustedUrl"/>.</exception>
    public void Check(Uri url, string source, Uri? from = null)
    {
        if (IsKeptElsewhere) return;
        if (!url.IsAbsoluteUri || !Origin.IsHttp(url))
            throw Refusal($"{source} names a URL that is neither https nor http; nothing was sent to it");
        if (Origin.IsMistakenForLoopback(url))
            throw Refusal($"{source} names the host 'loopback', which a request would take for this machine; nothing was sent to it");
        Origin origin = Origin.Of(url);
        if (url.UserInfo.Length > 0)
            throw Refusal($"{source} names {origin} with a user name in the URL; nothing was sent to it");
        if (from is not null && from.Scheme == Uri.UriSchemeHttps && url.Scheme != Uri.UriSchemeHttps)
            throw Refusal($"{source} leads from {Origin.Of(from)} to {origin}, out of https; nothing was sent to it");
        if (url.Scheme != Uri.UriSchemeHttps && !url.IsLoopback && !_origins.Contains(url))
        {
            throw Refusal(
                $"{source} names {origin}, which is not encrypted; nothing was sent to it",
                $"use https, or list {origin} in AllowedOrigins of the provider '{_provider}'");
        }

        if (_anybody || Trusts(url)) return;
        string trusted = (_caller, _origins.ToString()) switch
        {
            (null, string listed) => listed,
            ({ } caller, "none") => caller.ToString(),
            ({ } caller, string listed) => $"{caller}, {listed}",
        };
        throw Refusal(
            $"{source} names {origin}, which is no origin of the provider '{_provider}' ({trusted}); nothing was sent to it",
            $"give the URL yourself, or list {origin} in AllowedOrigins of the provider '{_provider}'");
    }

    private static LicenseServiceException Refusal(string message, string? advice = null) =>
        new(LicenseErrorKind.UntrustedUrl, message) { Advice = advice };
}

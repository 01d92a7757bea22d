using System.Text.RegularExpressions;

namespace Keyway.ExpressPlay;

/// <summary>One of ExpressPlay's two worlds. Authenticators, hosts and devices of one are nothing in the other.</summary>
internal enum ExpressPlayEnvironment
{
    /// <summary>Nobody can tell: a host of somebody else's, an emulator.</summary>
    Unknown = 0,
    Production,
    Test,
}

/// <summary>Tells ExpressPlay's hosts apart.</summary>
internal static partial class ExpressPlayHosts
{
    private static readonly string[] ProductionDomains = [".service.expressplay.com", ".service.expressplay.cn", ".service.hostedmarlin.com"];

    private static readonly string[] TestDomains = [".test.expressplay.com", ".eval.hostedmarlin.com"];

    /// <summary>Where licences are, so that nobody has to list them.</summary>
    public static IReadOnlyList<string> Origins(ExpressPlayEnvironment environment) =>
    [
        .. from domain in environment switch
           {
               ExpressPlayEnvironment.Production => (string[])[ProductionDomains[0], ProductionDomains[1]],
               ExpressPlayEnvironment.Test => [TestDomains[0]],
               _ => [ProductionDomains[0], ProductionDomains[1], TestDomains[0]],
           }
           from host in (string[])["wv", "pr", "pr2"]
           // The second PlayReady host is known of production only.
           where host != "pr2" || domain != TestDomains[0]
           select $"https://{host}{domain}",
    ];

    /// <summary>The licence URL for a token that came without one.</summary>
    public static string? Url(ExpressPlayEnvironment environment, string keySystem) => (environment, keySystem) switch
    {
        (ExpressPlayEnvironment.Production, ExpressPlayConstants.Widevine) => "https://wv.service.expressplay.com/hms/wv/rights/",
        (ExpressPlayEnvironment.Production, ExpressPlayConstants.PlayReady) => "https://pr.service.expressplay.com/playready/RightsManager.asmx",
        (ExpressPlayEnvironment.Test, ExpressPlayConstants.Widevine) => "https://wv.test.expressplay.com/widevine/RightsManager.asmx",
        (ExpressPlayEnvironment.Test, ExpressPlayConstants.PlayReady) => "https://pr.test.expressplay.com/playready/RightsManager.asmx",
        _ => null,
    };

    public static ExpressPlayEnvironment EnvironmentOf(string host) =>
        TestDomains.Any(domain => IsBelow(host, domain)) ? ExpressPlayEnvironment.Test
        : ProductionDomains.Any(domain => IsBelow(host, domain)) ? ExpressPlayEnvironment.Production
        : ExpressPlayEnvironment.Unknown;

    /// <summary>Whether a host mints tokens (<c>wv-gen.…</c>): only a storefront, which has an authenticator, talks to it.</summary>
    public static bool IsTokenService(string host) => EnvironmentOf(host) != ExpressPlayEnvironment.Unknown && TokenHost.IsMatch(host);

    /// <summary>The host for content of the scheme <c>cbcs</c>; <see langword="null"/>: the same.</summary>
    public static string? ForCbcs(string host) =>
        EnvironmentOf(host) != ExpressPlayEnvironment.Unknown && host.StartsWith("pr.", StringComparison.OrdinalIgnoreCase) ? $"pr2.{host[3..]}" : null;

    private static bool IsBelow(string host, string domain) => host.EndsWith(domain, StringComparison.OrdinalIgnoreCase);

    // wv-gen, pr-gen, fp-gen, ms3-gen, bb-gen-2
    [GeneratedRegex(@"^[a-z0-9]+-gen(-[0-9]+)?\.", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex TokenHost { get; }
}

using Keyway.Licensing;
using Microsoft.Extensions.Configuration;

namespace Keyway.ExpressPlay;

/// <summary>Where a token goes. One place, never two.</summary>
internal enum TokenPlacement
{
    /// <summary>In the licence URL's query, where the token service puts it.</summary>
    Query = 0,

    /// <summary>In a header; the query has none then.</summary>
    Header,

    /// <summary>In the PlayReady challenge, which signs it.</summary>
    CustomData,
}

/// <summary>The settings of the provider: its entry in configuration.</summary>
/// <remarks>
/// <code>
/// "Settings": { "Environment": "Test", "TokenPlacement": { "widevine": "Header", "playready": "CustomData" }, "CbcsHost": true }
/// </code>
/// Read by hand: binding by reflection would keep the plugin in memory.
/// </remarks>
internal sealed record ExpressPlayOptions
{
    private static readonly string[] KeySystems = [ExpressPlayConstants.Widevine, ExpressPlayConstants.PlayReady];

    /// <summary>The world that the host has chosen, or that its settings name hosts of.</summary>
    public ExpressPlayEnvironment Environment { get; init; }

    /// <summary>Which setting says so, for people.</summary>
    public string? EnvironmentSource { get; init; }

    public IReadOnlyDictionary<string, TokenPlacement> Placements { get; init; } = new Dictionary<string, TokenPlacement>();

    /// <summary>Whether PlayReady licences for content of the scheme <c>cbcs</c> come from <c>pr2.</c> in the place of <c>pr.</c></summary>
    public bool CbcsHost { get; init; }

    public TokenPlacement PlacementFor(string keySystem) => Placements.GetValueOrDefault(keySystem.ToLowerInvariant());

    /// <summary>Reads a provider's entry.</summary>
    /// <param name="entry">The entry: <c>Keyway:Providers:NAME</c>.</param>
    /// <returns>The options.</returns>
    /// <exception cref="LicenseServiceException">With <see cref="LicenseErrorKind.CredentialInvalid"/>: everything that is wrong, a line each.</exception>
    public static ExpressPlayOptions Read(IConfigurationSection entry)
    {
        List<string> errors = [.. ExpressPlayAuthenticator.In(entry).Select(static path => $"{path}: {ExpressPlayAuthenticator.Explanation}")];
        IConfigurationSection settings = entry.GetSection("Settings");
        foreach (IConfigurationSection unknown in settings.GetChildren().Where(static child => !Is(child, "Environment") && !Is(child, "TokenPlacement") && !Is(child, "CbcsHost")))
            if (!ExpressPlayAuthenticator.In(unknown).Any()) errors.Add($"{unknown.Path}: ExpressPlay has no such setting (there are Environment, TokenPlacement, CbcsHost)");

        (ExpressPlayEnvironment environment, string? source) = ReadEnvironment(entry, settings.GetSection("Environment"), errors);
        CheckRecipe(entry.GetSection("Token:Http:Url"), errors);
        ExpressPlayOptions options = new()
        {
            Environment = environment,
            EnvironmentSource = source,
            Placements = ReadPlacements(settings.GetSection("TokenPlacement"), errors),
            CbcsHost = ReadFlag(settings.GetSection("CbcsHost"), errors),
        };
        return errors.Count == 0 ? options : throw new LicenseServiceException(LicenseErrorKind.CredentialInvalid, string.Join(System.Environment.NewLine, errors));
    }

    /// <summary>Looks at every host that the entry names. A pair of two worlds cannot work, and so nothing is sent.</summary>
    private static (ExpressPlayEnvironment, string?) ReadEnvironment(IConfigurationSection entry, IConfigurationSection setting, List<string> errors)
    {
        List<(ExpressPlayEnvironment Environment, string Path)> said = [];
        if (setting.Value is { Length: > 0 } text)
        {
            if (TryRead(text, out ExpressPlayEnvironment chosen) && chosen != ExpressPlayEnvironment.Unknown) said.Add((chosen, setting.Path));
            else errors.Add($"{setting.Path}: neither Production nor Test");
        }

        foreach (IConfigurationSection named in entry.GetSection("Endpoints").GetChildren().Append(entry.GetSection("Token:Http:Url")))
        {
            if (Uri.TryCreate(named.Value, UriKind.Absolute, out Uri? url) && ExpressPlayHosts.EnvironmentOf(url.Host) is var known and not ExpressPlayEnvironment.Unknown)
                said.Add((known, named.Path));
        }

        if (said.Count == 0) return (ExpressPlayEnvironment.Unknown, null);
        foreach ((ExpressPlayEnvironment other, string path) in said.Where(each => each.Environment != said[0].Environment))
            errors.Add($"{path}: {Word(other)}, where {said[0].Path} says {Word(said[0].Environment)}; {ExpressPlayError.Worlds}");
        return said[0];
    }

    private static void CheckRecipe(IConfigurationSection url, List<string> errors)
    {
        if (Uri.TryCreate(url.Value, UriKind.Absolute, out Uri? address) && ExpressPlayHosts.IsTokenService(address.Host))
            errors.Add($"{url.Path}: {address.Host} mints tokens for those who have a customer authenticator; {ExpressPlayAuthenticator.Explanation}");
    }

    private static Dictionary<string, TokenPlacement> ReadPlacements(IConfigurationSection section, List<string> errors)
    {
        Dictionary<string, TokenPlacement> placements = [];
        if (section.Value is { Length: > 0 } all)
        {
            // For one key system after the other: the challenge of Widevine has no place for a token, and so its requests keep the query.
            if (TryRead(all, out TokenPlacement placement))
                foreach (string system in KeySystems) placements[system] = placement == TokenPlacement.CustomData && system != ExpressPlayConstants.PlayReady ? TokenPlacement.Query : placement;
            else errors.Add($"{section.Path}: none of Query, Header, CustomData");
        }

        foreach (IConfigurationSection child in section.GetChildren())
        {
            string system = child.Key.ToLowerInvariant();
            if (!KeySystems.Contains(system)) errors.Add($"{child.Path}: ExpressPlay serves {string.Join(" and ", KeySystems)} here");
            else if (!TryRead(child.Value ?? "", out TokenPlacement placement)) errors.Add($"{child.Path}: none of Query, Header, CustomData");
            else if (placement == TokenPlacement.CustomData && system != ExpressPlayConstants.PlayReady) errors.Add($"{child.Path}: only a PlayReady challenge carries custom data");
            else placements[system] = placement;
        }

        return placements;
    }

    private static bool ReadFlag(IConfigurationSection section, List<string> errors)
    {
        if (section.Value is not { Length: > 0 } text) return false;
        if (bool.TryParse(text, out bool flag)) return flag;
        errors.Add($"{section.Path}: neither true nor false");
        return false;
    }

    private static bool TryRead<T>(string text, out T value)
        where T : struct, Enum
    {
        value = default;
        return Enum.GetNames<T>().Contains(text, StringComparer.OrdinalIgnoreCase) && Enum.TryParse(text, ignoreCase: true, out value);
    }

    internal static string Word(ExpressPlayEnvironment environment) => environment == ExpressPlayEnvironment.Test ? "test" : "production";

    private static bool Is(IConfigurationSection section, string name) => section.Key.Equals(name, StringComparison.OrdinalIgnoreCase);
}

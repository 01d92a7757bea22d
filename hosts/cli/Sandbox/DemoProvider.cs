using Microsoft.Extensions.Configuration;

namespace Keyway.Cli.Sandbox;

/// <summary>
/// A licence provider for the bundled sample: its service is emulated by the child sandbox, which also stands in for the storefront that hands out the
/// tokens and alone knows the customer's authenticator. Never where a provider of that name is configured.
/// </summary>
internal static class DemoProvider
{
    public const string ExpressPlay = "expressplay";

    private static readonly string[] KeySystems = ["widevine", "playready"];

    /// <summary>Whether a run of the bundled sample brings a provider by itself, because none of that name is configured.</summary>
    public static bool IsFor(string? provider, IConfiguration root) =>
        ExpressPlay.Equals(provider, StringComparison.OrdinalIgnoreCase) && root[$"Keyway:Providers:{ExpressPlay}:Plugin"] is null && root[$"Keyway:Providers:{ExpressPlay}:Pack"] is null;

    /// <summary>The key system that plays the sample through it.</summary>
    /// <param name="wanted">What the user wants; <see langword="null"/>: nothing in particular.</param>
    /// <exception cref="UsageException">The provider does not serve it.</exception>
    public static string KeySystemOf(string? wanted) => wanted is null ? KeySystems[0]
        : KeySystems.FirstOrDefault(system => system.Equals(wanted, StringComparison.OrdinalIgnoreCase))
            ?? throw new UsageException($"ExpressPlay serves {string.Join(" and ", KeySystems)}, and not {Shown.Text(wanted)}");

    /// <summary>Settings over all others, for this run.</summary>
    public static IReadOnlyList<KeyValuePair<string, string?>> Settings(Uri sandbox, string keySystem)
    {
        const string entry = $"Keyway:Providers:{ExpressPlay}:";
        return
        [
            new($"{entry}Plugin", ExpressPlay),
            new($"{entry}KeySystems:0", keySystem),
            // Where the emulator's licence URLs lead.
            new($"{entry}AllowedOrigins:0", sandbox.GetLeftPart(UriPartial.Authority)),
            new($"{entry}Token:Http:Url", new Uri(sandbox, "storefront/token").AbsoluteUri),
            new($"{entry}Token:Http:Body:json:system", "{keySystem}"),
            new($"{entry}Token:Http:Body:json:kid", "{kid}"),
        ];
    }
}

using Keyway.Licensing;
using Keyway.Testing;

namespace Acme.Tests;

/// <summary>What every provider promises, a sentence each. Say here what yours is configured with, and how its service answers.</summary>
public sealed class ProviderTests
{
    public static TheoryData<string> Promises => [.. ProviderConformance.Promises];

    [Theory]
    [MemberData(nameof(Promises))]
    public Task Keeps(string promise) => new ProviderConformance(static () => new ProviderUnderTest
    {
        Create = static entry => new AcmeProvider(entry["Settings:Tenant"]),
        Settings = new Dictionary<string, string> { ["Settings:Tenant"] = "north", ["Endpoints:acme"] = "https://license.example/acme" },
        KeySystem = "acme",
        Answer = static request => new ProviderAnswer("ACMELIC1a licence"u8.ToArray()),
        License = "a licence"u8.ToArray(),
        TakesTokens = true,
        TokenRefused = new ProviderAnswer("too old"u8.ToArray(), 401, "text/plain"),
        Refusals = [new ProviderRefusal(new ProviderAnswer("pay"u8.ToArray(), 402, "text/plain"), LicenseErrorKind.CreditsExhausted, "402")],
    }).CheckAsync(promise);
}

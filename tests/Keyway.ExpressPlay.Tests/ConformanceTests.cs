using Keyway.Licensing;
using Keyway.Testing;

namespace Keyway.ExpressPlay;

/// <summary>What every provider promises.</summary>
public sealed class ConformanceTests
{
    public static TheoryData<string, string, string> Promises
    {
        get
        {
            TheoryData<string, string, string> data = [];
            foreach (string promise in ProviderConformance.Promises)
            {
                data.Add(promise, "widevine", "Query");
                data.Add(promise, "playready", "Header");
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Promises))]
    public Task Keeps(string promise, string keySystem, string placement) => new ProviderConformance(() => new ProviderUnderTest
    {
        Create = static entry => new ExpressPlayProvider(entry),
        Settings = new Dictionary<string, string> { ["Settings:Environment"] = "Production", ["Settings:TokenPlacement"] = placement },
        KeySystem = keySystem,
        TakesTokens = true,
        TokenRefused = new ProviderAnswer("""{"error":{"code":-4010,"message":"[-4010] invalid token"}}"""u8.ToArray(), 401, "application/json"),
        Refusals =
        [
            Refusal(-2019, LicenseErrorKind.CreditsExhausted), Refusal(-2031, LicenseErrorKind.AccountDisabled), Refusal(-4019, LicenseErrorKind.KeyNotFound), Refusal(-2003, LicenseErrorKind.LocationDenied),
        ],
    }).CheckAsync(promise);

    private static ProviderRefusal Refusal(int code, LicenseErrorKind kind) =>
        new(new ProviderAnswer(System.Text.Encoding.UTF8.GetBytes($$$"""{"error":{"code":{{{code}}},"message":"no"}}"""), 400, "application/json"), kind, code.ToString(System.Globalization.CultureInfo.InvariantCulture));
}

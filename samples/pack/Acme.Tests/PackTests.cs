using System.Text;
using System.Text.Json.Nodes;
using Keyway.Licensing;
using Keyway.Testing;
using Microsoft.Extensions.Configuration;

namespace Acme.Tests;

/// <summary>What every provider promises, a sentence each, of the pack. Say here which answers its service gives.</summary>
public sealed class PackTests
{
    private static readonly byte[] Pack = Read("acme.pack.json");

    public static TheoryData<string> Promises => [.. ProviderConformance.Promises];

    [Theory]
    [MemberData(nameof(Promises))]
    public Task Keeps(string promise) => new ProviderConformance(static () => new ProviderUnderTest
    {
        Create = static _ => new PackProvider(),
        // The pack's parameters. The service's own hosts are in its templates.
        Settings = new Dictionary<string, string> { ["AllowedOrigins:0"] = "https://north.acme.example" },
        KeySystem = "widevine",
        Answer = static request => new ProviderAnswer(Encoding.UTF8.GetBytes(new JsonObject { ["licence"] = Convert.ToBase64String("a licence"u8) }.ToJsonString()), ContentType: "application/json"),
        License = "a licence"u8.ToArray(),
        TakesTokens = true,
        TokenRefused = Refusal("E17"),
        Refusals = [new ProviderRefusal(Refusal("E40"), LicenseErrorKind.LocationDenied, "E40")],
    }).CheckAsync(promise);

    [Fact]
    public void Settings_name_the_pack()
    {
        JsonNode settings = JsonNode.Parse(Read("appsettings.json"))!;
        Assert.Equal("acme.pack.json", (string?)settings["Keyway"]!["Providers"]!["acme"]!["Pack"]);
    }

    private static ProviderAnswer Refusal(string code) => new(Encoding.UTF8.GetBytes(new JsonObject { ["error"] = new JsonObject { ["code"] = code, ["text"] = "no" } }.ToJsonString()), 403, "application/json");

    private static byte[] Read(string name)
    {
        using Stream stream = typeof(PackTests).Assembly.GetManifestResourceStream(name)!;
        using MemoryStream bytes = new();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    /// <summary>What a host makes of the pack: its steps between a retry and a time limit. Its parameter is written where the host would write it.</summary>
    private sealed class PackProvider : ILicenseProvider
    {
        public string Name => "acme";

        public void Configure(ILicensePipelineBuilder pipeline, IConfigurationSection settings) =>
            pipeline.Use("retry").UsePack(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Pack).Replace("{tenant}", "north", StringComparison.Ordinal).Replace("\"tenant\": {", "\"unused\": { \"optional\": true,", StringComparison.Ordinal))).Use("timeout");
    }
}

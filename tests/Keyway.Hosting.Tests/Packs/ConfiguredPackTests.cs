using Keyway.Hosting.Configuration;
using Keyway.Hosting.Plugins;
using Keyway.Licensing.Packs;

namespace Keyway.Hosting.Packs;

/// <summary>A pack in configuration: a name or a file, and the settings that it leaves to the host.</summary>
public sealed class ConfiguredPackTests : IDisposable
{
    private readonly PluginFolder _plugins = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _plugins.Dispose();

    [Fact]
    public async Task Host_makes_providers_of_packs_by_name_and_of_files()
    {
        _plugins.Drop("clearkey");
        string file = Path.Combine(_plugins.Path, "acme.json");
        await File.WriteAllTextAsync(file, """{ "name": "acme", "source": "ours", "tested": "here", "keySystems": { "clearkey": { "url": "https://acme.example/l", "headers": { "X-Key": "secret:acme-key" } } } }""", Cancel);
        await using KeywayHost host = Host(
            $$"""
            {
              "Plugins": { "Allow": { "clearkey": {} } },
              "KeySystems": { "clearkey": {} },
              "Providers": {
                "mine": { "Pack": {{System.Text.Json.JsonSerializer.Serialize(file)}} },
                "cloud": { "Pack": "drm-cloud", "Settings": { "brand": "b" }, "Token": { "Secret": "secret:cloud-token" }, "Pipeline": [ { "Use": "retry", "Attempts": "2" }, { "Use": "pack" } ] }
              }
            }
            """);
        await host.StartAsync(Cancel);
        host.Providers.Select(provider => provider.Service.Pipeline.Describe()).Should().BeEquivalentTo(
            "mine: retry → challenge → request → timeout → transport", "cloud: retry → token → challenge → request → errors → transport");
        host.Providers.Single(provider => provider.Service.Name == "mine").KeySystems.Should().Equal("clearkey");
        host.Providers.Single(provider => provider.Service.Name == "cloud").KeySystems.Should().Equal(["widevine", "playready"], "it serves no others, configured or not");

        SecretReader reader = SecretReader.ForProvider(host.Options, host.Options.Providers["mine"], ProviderPack.Load(file, "/"));
        Func<Task> known = async () => await reader.ReadAsync("acme-key", Cancel);
        (await known.Should().ThrowAsync<Keyway.Plugins.SecretException>()).Which.Message.Should().Contain("not found", "a pack that configuration names may name secrets");
        Func<Task> strange = async () => await SecretReader.ForProvider(host.Options, host.Options.Providers["mine"]).ReadAsync("acme-key", Cancel);
        (await strange.Should().ThrowAsync<Keyway.Plugins.SecretException>()).Which.Message.Should().Contain("do not refer to it");
    }

    [Fact]
    public async Task Mistakes_of_packs_and_of_their_settings_are_told_together()
    {
        _plugins.Drop("clearkey");
        string file = Path.Combine(_plugins.Path, "acme.json");
        await File.WriteAllTextAsync(file, """{ "name": "acme", "source": "ours", "tested": "here", "keySystems": { "clearkey": { "url": "https://{tenant}.example/l", "method": "DELETE" } } }""", Cancel);
        await using KeywayHost host = Host(
            $$"""
            {
              "Plugins": { "Allow": { "clearkey": {} } },
              "KeySystems": { "clearkey": {} },
              "Providers": {
                "a": { "Pack": {{System.Text.Json.JsonSerializer.Serialize(file)}} },
                "b": { "Pack": "nagra", "Settings": { "host": "x.example", "tenat": "x" } },
                "c": { "Pack": "nagar" },
                "d": { "Pack": "./nothing.json" },
                "e": { "Token": { "Secret": "secret:a" } }
              }
            }
            """);
        Func<Task> start = () => host.StartAsync(Cancel);
        (await start.Should().ThrowAsync<KeywayConfigurationException>()).Which.Errors.Select(error => error.Path).Should().BeEquivalentTo(
            "acme.json: $.keySystems.clearkey.url", "acme.json: $.keySystems.clearkey.method", "Keyway:Providers:b:Settings:tenat", "Keyway:Providers:b:Settings:tenant",
            "Keyway:Providers:c:Pack", "Keyway:Providers:d:Pack", "Keyway:Providers:e:Token");
    }

    [Fact]
    public void Plugin_and_pack_are_not_both() =>
        Configured.Errors("""{ "Plugins": { "Allow": { "x": {} } }, "Providers": { "a": { "Plugin": "x", "Pack": "nagra" } } }""").Should().ContainSingle().Which.Should().StartWith("Keyway:Providers:a:Pack: ");

    [Fact]
    public void Effective_settings_show_no_storefront_credentials()
    {
        IReadOnlyList<EffectiveSetting> settings = EffectiveSettings.Of(Configured.Root(
            """{ "Providers": { "a": { "Pack": "nagra", "Settings": { "host": "x.example" }, "Token": { "Http": { "Url": "https://shop.example/t?user=17", "Headers": { "X-Who": "jane" }, "Body": { "json": { "who": "jane" } } } } } } }"""));
        string shown = string.Join('\n', settings.Select(setting => $"{setting.Path}={setting.Value}"));
        shown.Should().Contain("Pack=nagra").And.Contain("x.example").And.Contain("https://shop.example/t").And.NotContain("jane").And.NotContain("17");
    }

    private KeywayHost Host(string keyway) => new(Configured.Root(keyway, ("Keyway:Plugins:Directory", _plugins.Path)).GetSection("Keyway"));
}

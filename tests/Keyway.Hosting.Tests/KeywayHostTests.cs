using Keyway.Hosting.Configuration;
using Keyway.Hosting.Plugins;
using Keyway.Licensing;
using Keyway.Protection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Keyway.Hosting;

/// <summary>What configuration makes: key systems, providers, reasons; and every mistake in it, told together.</summary>
public sealed class KeywayHostTests : IDisposable
{
    private readonly PluginFolder _plugins = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _plugins.Dispose();

    [Fact]
    public async Task Host_makes_what_configuration_describes()
    {
        _plugins.Drop("clearkey");
        _plugins.Drop("good");
        await using KeywayHost host = Host(
            """
            {
              "Plugins": { "Allow": { "clearkey": {}, "good": {} } },
              "KeySystems": { "clearkey": { "Priority": 7 }, "second": { "Plugin": "good", "Settings": { "Name": "second" } } },
              "Providers": {
                "acme": { "KeySystems": [ "clearkey" ], "Endpoints": { "clearkey": "https://acme.example/l" }, "Pipeline": [ { "Use": "retry" }, { "Use": "good.pass" }, { "Use": "challenge" } ] },
                "good": { "Plugin": "good" }
              }
            }
            """);
        await host.StartAsync(Cancel);
        host.Plugins.Should().OnlyContain(plugin => plugin.State == PluginState.Loaded);
        host.KeySystems.Select(system => (system.Name, system.Priority, system.Descriptor?.Name, system.Absence)).Should().BeEquivalentTo(
            new[] { ("clearkey", 7, "clearkey", (string?)null), ("second", 100, "second", null) });
        host.Providers.Select(provider => provider.Service.Name).Should().BeEquivalentTo("acme", "good");
        ConfiguredProvider acme = host.Providers.Single(provider => provider.Service.Name == "acme");
        acme.KeySystems.Should().Equal("clearkey");
        acme.Service.Pipeline.Describe().Should().Be("acme: retry → good.pass → challenge → transport");
        host.AbsentProviders.Should().BeEmpty();
    }

    [Fact]
    public async Task Two_who_start_at_once_start_one_host()
    {
        _plugins.Drop("clearkey");
        await using KeywayHost host = Host("""{ "Plugins": { "Allow": { "clearkey": {} } }, "KeySystems": { "clearkey": {} } }""");
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => host.StartAsync(Cancel))));
        host.Plugins.Should().ContainSingle();
        host.KeySystems.Should().ContainSingle();
    }

    [Theory]
    [InlineData("throws-in-constructor")]
    [InlineData("throws-in-configure")]
    [InlineData("newer-contract")]
    [InlineData("ships-contract")]
    [InlineData("missing-dependency")]
    public async Task Faulty_plugin_costs_what_it_brings_and_nothing_else(string faulty)
    {
        _plugins.Drop("clearkey");
        _plugins.Drop(faulty);
        string configuration =
            $$"""
            {
              "Plugins": { "Allow": { "clearkey": {}, "{{faulty}}": {} } },
              "KeySystems": { "clearkey": {}, "{{faulty}}": { "Priority": 1 } },
              "Providers": {
                "own": { "Plugin": "{{faulty}}" },
                "step": { "Endpoints": { "clearkey": "https://acme.example/" }, "Pipeline": [ { "Use": "{{faulty}}.token" } ] },
                "sound": { "Endpoints": { "clearkey": "https://acme.example/" } }
              }
            }
            """;
        await using KeywayHost host = Host(configuration);
        await host.StartAsync(Cancel);
        host.KeySystems.Single(system => system.Name == faulty).Absence.Should().StartWith($"its plugin '{faulty}' is not loaded: ");
        host.Providers.Select(provider => provider.Service.Name).Should().Equal("sound");
        host.AbsentProviders.Keys.Should().BeEquivalentTo("own", "step");
        host.AbsentProviders["step"].Should().StartWith($"its step '{faulty}.token': its plugin '{faulty}' is not loaded");

        Func<Task> open = async () => await host.OpenAsync(SampleContent.Manifest, new PresentationOptions { Provider = "own" }, Cancel);
        (await open.Should().ThrowAsync<LicenseServiceException>()).Which.Message.Should().Contain("'own'").And.Contain(faulty);
        await using Presentation presentation = await host.OpenAsync(SampleContent.Manifest, cancellationToken: Cancel);
        presentation.Facts.KeySystem.Chosen!.Name.Should().Be("clearkey");
        presentation.Facts.KeySystem.Others.Should().Contain(other => other.Name == faulty && other.Reason.Contains("not loaded", StringComparison.Ordinal));

        await using KeywayHost strict = Host(configuration, ($"Keyway:Plugins:Allow:{faulty}:Required", "true"));
        Func<Task> start = () => strict.StartAsync(Cancel);
        (await start.Should().ThrowAsync<PluginException>()).Which.Required.Should().ContainSingle().Which.Id.Should().Be(faulty);
    }

    [Fact]
    public async Task Plugins_that_are_disabled_or_not_there_leave_their_reason()
    {
        _plugins.Drop("clearkey");
        await using KeywayHost host = Host(
            """
            {
              "Plugins": { "Allow": { "clearkey": { "Disabled": true }, "ghost": {} } },
              "KeySystems": { "clearkey": {}, "ghost": {} },
              "Providers": { "ghost": { "Plugin": "ghost" } }
            }
            """);
        await host.StartAsync(Cancel);
        host.KeySystems.Single(system => system.Name == "clearkey").Absence.Should().Be("its plugin 'clearkey' is disabled");
        host.KeySystems.Single(system => system.Name == "ghost").Absence.Should().StartWith("its plugin 'ghost' is not loaded: no folder of ");
        host.AbsentProviders.Keys.Should().Equal("ghost");
        Func<Task> open = async () => await host.OpenAsync(SampleContent.Manifest, cancellationToken: Cancel);
        (await open.Should().ThrowAsync<NoKeySystemException>()).Which.Others.Should().Contain(new KeySystemRejection("clearkey", "its plugin 'clearkey' is disabled"));
    }

    [Theory]
    [InlineData("""{ "Plugins": { "Allow": { "clearkey": { "WhenNamed": true } } } }""", PluginState.NotNeeded)]
    [InlineData("""{ "Plugins": { "Allow": { "clearkey": { "WhenNamed": true } } }, "KeySystems": { "mine": { "Plugin": "clearkey" } } }""", PluginState.Loaded)]
    public async Task A_plugin_that_waits_to_be_named_is_loaded_by_an_entry_and_by_nothing_else(string settings, PluginState state)
    {
        _plugins.Drop("clearkey");
        await using KeywayHost host = Host(settings);
        await host.StartAsync(Cancel);
        PluginRecord record = host.Plugins.Should().ContainSingle(static plugin => plugin.Id == "clearkey").Which;
        record.State.Should().Be(state);
        record.Problem.Should().BeNull();
        host.Warnings.Should().BeEmpty();
    }

    [Fact]
    public void Mistakes_that_need_no_plugin_are_told_by_the_constructor()
    {
        Action make = () => Host(
            """
            {
              "Plugins": { "Allow": {} },
              "KeySystems": { "clearkey": {} },
              "Providers": { "acme": { "Endpoints": { "clearkey": "nowhere" }, "Pipeline": [ { "Use": "magic" } ] } },
              "Routes": { "all": { "Host": "*", "Provider": "other" } },
              "Colour": "blue"
            }
            """);
        make.Should().Throw<KeywayConfigurationException>().Which.Errors.Select(error => error.Path).Should().BeEquivalentTo(
            "Keyway:Providers:acme:Endpoints:clearkey", "Keyway:Providers:acme:Pipeline:0", "Keyway:Routes:all:Provider", "Keyway:Colour");
    }

    [Fact]
    public async Task Mistakes_of_key_systems_providers_pipelines_and_roots_are_told_together()
    {
        _plugins.Drop("clearkey");
        _plugins.Drop("good");
        string root = Path.Combine(_plugins.Path, "root.pem");
        await File.WriteAllTextAsync(root, "no certificate here", Cancel);
        await using KeywayHost host = Host(
            """
            {
              "Plugins": { "Allow": { "clearkey": {}, "good": {} } },
              "KeySystems": { "clearkey": { "Settings": { "Keys": { "d2aca193-19b8-ca2f-a031-5b7842893e3a": "1ad800b533458b71332d079ebb47c7dd" } } } },
              "Providers": {
                "steps": { "Pipeline": [ { "Use": "retry", "Attempts": 0 }, { "Use": "good.nope" }, { "Use": "header" } ] },
                "order": { "Pipeline": [ { "Use": "challenge" }, { "Use": "challenge" } ] },
                "none": { "Plugin": "clearkey" }
              }
            }
            """, ("Keyway:Http:TrustedRoots:0", root));
        for (int i = 0; i < 2; i++)
        {
            Func<Task> start = () => host.StartAsync(Cancel);
            KeywayConfigurationException wrong = (await start.Should().ThrowAsync<KeywayConfigurationException>("and it is said again, once")).Which;
            wrong.Errors.Select(error => error.Path).Should().BeEquivalentTo(
                "Keyway:Http:TrustedRoots:0", "Keyway:KeySystems:clearkey:Settings:Keys:d2aca193-19b8-ca2f-a031-5b7842893e3a", "Keyway:Providers:steps:Pipeline:0:Attempts", "Keyway:Providers:steps:Pipeline:1",
                "Keyway:Providers:steps:Pipeline:2:Name", "Keyway:Providers:steps:Pipeline:2:Value", "Keyway:Providers:order:Pipeline:1", "Keyway:Providers:none:Plugin");
            wrong.Message.Should().NotContain("1ad800b5", "a key that stands where a name should is not repeated");
        }
    }

    [Fact]
    public async Task Host_that_is_gone_opens_nothing_more_and_went_though_a_plugin_threw()
    {
        _plugins.Drop("throws-in-parse-header");
        KeywayHost host = Host("""{ "Plugins": { "Allow": { "throws-in-parse-header": {} } }, "KeySystems": { "throws-in-parse-header": {} } }""");
        await host.StartAsync(Cancel);
        await host.DisposeAsync();
        await host.DisposeAsync();
        Func<Task> open = async () => await host.OpenAsync(SampleContent.Manifest, cancellationToken: Cancel);
        await open.Should().ThrowAsync<ObjectDisposedException>();
    }

    [Fact]
    public async Task Container_starts_the_host_with_its_own_logging_and_clock_and_disposes_it()
    {
        _plugins.Drop("clearkey");
        KeywayHostOptions? seen = null;
        ServiceCollection services = new();
        using ILoggerFactory logging = LoggerFactory.Create(static _ => { });
        services.AddSingleton(logging).AddSingleton(TimeProvider.System);
        services.AddKeyway(Section("""{ "Plugins": { "Allow": { "clearkey": {} } }, "KeySystems": { "clearkey": {} } }"""), options => seen = options);
        ServiceProvider provider = services.BuildServiceProvider();
        KeywayHost host;
        await using (provider)
        {
            host = provider.GetRequiredService<KeywayHost>();
            IHostedService started = provider.GetRequiredService<IHostedService>();
            started.Should().BeSameAs(host);
            seen!.Logging.Should().BeSameAs(logging);
            await started.StartAsync(Cancel);
            host.Plugins.Should().ContainSingle().Which.State.Should().Be(PluginState.Loaded);
            await started.StopAsync(Cancel);
        }

        Func<Task> start = () => host.StartAsync(Cancel);
        await start.Should().ThrowAsync<ObjectDisposedException>();
    }

    private KeywayHost Host(string keyway, params (string Path, string Value)[] over) => new(Section(keyway, over));

    private IConfigurationSection Section(string keyway, params (string Path, string Value)[] over) =>
        Configured.Root(keyway, [("Keyway:Plugins:Directory", _plugins.Path), .. over]).GetSection("Keyway");
}

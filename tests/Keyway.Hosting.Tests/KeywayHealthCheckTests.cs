using Keyway.Hosting.Configuration;
using Keyway.Hosting.Plugins;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Keyway.Hosting;

/// <summary>The check as a host sees it, through its container.</summary>
public sealed class KeywayHealthCheckTests : IDisposable
{
    private readonly PluginFolder _plugins = new();

    public void Dispose() => _plugins.Dispose();

    [Fact]
    public async Task Host_that_has_all_it_was_configured_with_is_healthy()
    {
        _plugins.Drop("clearkey");
        HealthReportEntry entry = await CheckAsync("""{ "Plugins": { "Allow": { "clearkey": {} } }, "KeySystems": { "clearkey": {} } }""");
        entry.Status.Should().Be(HealthStatus.Healthy);
        entry.Data["keySystems"].Should().BeEquivalentTo(new[] { "clearkey" });
        entry.Data["sessions"].Should().Be(0);
    }

    [Fact]
    public async Task What_configuration_disables_is_as_it_should_be()
    {
        _plugins.Drop("clearkey");
        _plugins.Drop("good");
        HealthReportEntry entry = await CheckAsync("""{ "Plugins": { "Allow": { "clearkey": {}, "good": { "Disabled": true } } }, "KeySystems": { "clearkey": {}, "good": {} } }""");
        entry.Status.Should().Be(HealthStatus.Healthy, entry.Description);
    }

    [Fact]
    public async Task Folder_that_configuration_does_not_name_is_nothing_to_worry_about()
    {
        _plugins.Drop("clearkey");
        _plugins.Drop("good");
        HealthReportEntry entry = await CheckAsync("""{ "KeySystems": { "clearkey": {} } }""");
        entry.Status.Should().Be(HealthStatus.Healthy, entry.Description);
    }

    [Fact]
    public async Task Plugin_that_is_named_and_not_there_degrades()
    {
        _plugins.Drop("clearkey");
        HealthReportEntry entry = await CheckAsync("""{ "Plugins": { "Allow": { "ghost": {} } }, "KeySystems": { "clearkey": {} } }""");
        entry.Status.Should().Be(HealthStatus.Degraded);
        entry.Description.Should().Contain("plugin ghost: ");
    }

    [Fact]
    public async Task Faulty_plugin_degrades_with_its_reason()
    {
        _plugins.Drop("clearkey");
        _plugins.Drop("throws-in-configure");
        HealthReportEntry entry = await CheckAsync(
            """{ "Plugins": { "Allow": { "clearkey": {}, "throws-in-configure": {} } }, "KeySystems": { "clearkey": {}, "throws-in-configure": {} }, "Providers": { "own": { "Plugin": "throws-in-configure" } } }""");
        entry.Status.Should().Be(HealthStatus.Degraded);
        entry.Description.Should().Contain("plugin throws-in-configure: ").And.Contain("key system throws-in-configure: ").And.Contain("provider own: ");
    }

    [Fact]
    public async Task Host_without_any_key_system_is_unhealthy()
    {
        HealthReportEntry entry = await CheckAsync("""{ "Plugins": { "Allow": { "clearkey": {} } }, "KeySystems": { "clearkey": {} } }""");
        entry.Status.Should().Be(HealthStatus.Unhealthy);
        entry.Description.Should().StartWith("no key system is there: ").And.Contain("clearkey");
    }

    [Fact]
    public async Task Host_that_cannot_start_is_unhealthy()
    {
        _plugins.Drop("clearkey");
        HealthReportEntry entry = await CheckAsync("""{ "Plugins": { "Allow": { "clearkey": {}, "ghost": { "Required": true } } }, "KeySystems": { "clearkey": {} } }""");
        entry.Status.Should().Be(HealthStatus.Unhealthy);
        entry.Description.Should().Contain("ghost");
    }

    private async Task<HealthReportEntry> CheckAsync(string keyway)
    {
        ServiceCollection services = new();
        services.AddLogging();
        services.AddKeyway(Configured.Root(keyway, [("Keyway:Plugins:Directory", _plugins.Path)]).GetSection("Keyway"));
        services.AddHealthChecks().AddKeyway();
        await using ServiceProvider provider = services.BuildServiceProvider();
        HealthReport report = await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken);
        return report.Entries["keyway"];
    }
}

using Keyway.Hosting;
using Keyway.Hosting.Plugins;
using Microsoft.Extensions.Configuration;

namespace Embed.Tests;

/// <summary>The settings and plugins that the program is shipped with.</summary>
public sealed class HostTests
{
    [Fact]
    public async Task Program_starts_with_its_plugins_and_key_systems()
    {
        IConfigurationSection settings = new ConfigurationBuilder().AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json")).Build().GetSection("Keyway");
        await using KeywayHost keyway = new(settings);
        await keyway.StartAsync(TestContext.Current.CancellationToken);
        Assert.NotEmpty(keyway.Plugins);
        Assert.All(keyway.Plugins, static plugin => Assert.True(plugin.State == PluginState.Loaded, $"{plugin.Id}: {plugin.Problem}"));
        Assert.All(keyway.KeySystems, static system => Assert.True(system.Descriptor is not null, $"{system.Name} is not there"));
        Assert.Empty(keyway.Warnings);
    }
}

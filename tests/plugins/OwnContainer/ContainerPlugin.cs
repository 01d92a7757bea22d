using Keyway.Licensing;
using Keyway.Plugins;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

[assembly: KeywayPlugin("own-container", typeof(Zoo.ContainerPlugin))]

namespace Zoo;

/// <summary>Brings a container of its own, and with it copies of assemblies that the host shares.</summary>
public sealed class ContainerPlugin : IPlugin
{
    private ServiceProvider? _services;

    public void Configure(IPluginBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        _services = new ServiceCollection()
            .AddSingleton(builder.Context.Logging)
            .AddSingleton(builder.Context.Clock)
            .AddSingleton<Provider>()
            .BuildServiceProvider();
        builder.AddProvider("own-container", _ => _services.GetRequiredService<Provider>());
    }

    public ValueTask DisposeAsync() => _services?.DisposeAsync() ?? default;

    private sealed class Provider(TimeProvider clock) : ILicenseProvider
    {
        public string Name => "own-container";

        public void Configure(ILicensePipelineBuilder pipeline, IConfigurationSection settings) => _ = clock.GetUtcNow();
    }
}

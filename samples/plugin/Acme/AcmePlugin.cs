using Acme;
using Keyway.Plugins;

[assembly: KeywayPlugin("acme", typeof(AcmePlugin))]

namespace Acme;

/// <summary>Brings a key system and a provider of the same name.</summary>
public sealed class AcmePlugin : IPlugin
{
    public void Configure(IPluginBuilder builder) => builder
        .AddKeySystem("acme", settings => new AcmeKeySystem(settings["DeviceKey"], builder.Context))
        .AddProvider("acme", static settings => new AcmeProvider(settings["Settings:Tenant"] ?? "nobody"));
}

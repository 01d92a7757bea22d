using Acme;
using Keyway.Plugins;

[assembly: KeywayPlugin("acme", typeof(AcmePlugin))]

namespace Acme;

/// <summary>Brings a licence service, as a provider.</summary>
public sealed class AcmePlugin : IPlugin
{
    public void Configure(IPluginBuilder builder) => builder.AddProvider("acme", static settings => new AcmeProvider(settings["Settings:Tenant"]));
}

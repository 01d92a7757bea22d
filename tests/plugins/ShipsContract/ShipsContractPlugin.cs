using Keyway.Plugins;

[assembly: KeywayPlugin("ships-contract", typeof(Zoo.ShipsContractPlugin))]

namespace Zoo;

public sealed class ShipsContractPlugin : IPlugin
{
    public void Configure(IPluginBuilder builder)
    {
    }
}

using Keyway.Plugins;

[assembly: KeywayPlugin("newer-contract", typeof(Zoo.NewerContractPlugin), "1.9")]

namespace Zoo;

public sealed class NewerContractPlugin : IPlugin
{
    public void Configure(IPluginBuilder builder)
    {
    }
}

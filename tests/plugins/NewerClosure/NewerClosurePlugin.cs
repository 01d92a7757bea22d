using Keyway.Plugins;

[assembly: KeywayPlugin("newer-closure", typeof(Zoo.NewerClosurePlugin))]

namespace Zoo;

public sealed class NewerClosurePlugin : IPlugin
{
    public void Configure(IPluginBuilder builder)
    {
    }
}

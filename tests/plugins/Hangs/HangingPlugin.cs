using Keyway.Plugins;

[assembly: KeywayPlugin("hangs", typeof(Zoo.HangingPlugin))]

namespace Zoo;

public sealed class HangingPlugin : IPlugin
{
    public void Configure(IPluginBuilder builder) => Thread.Sleep(Timeout.Infinite);
}

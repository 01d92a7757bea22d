using Keyway.Plugins;

[assembly: KeywayPlugin("throws-in-constructor", typeof(Zoo.ThrowingPlugin))]

namespace Zoo;

public sealed class ThrowingPlugin : IPlugin
{
    public ThrowingPlugin() => throw new InvalidOperationException("the constructor of the zoo");

    public void Configure(IPluginBuilder builder)
    {
    }
}

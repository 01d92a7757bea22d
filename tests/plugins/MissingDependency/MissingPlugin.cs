using Keyway.Plugins;

[assembly: KeywayPlugin("missing-dependency", typeof(Zoo.MissingPlugin))]

namespace Zoo;

public sealed class MissingPlugin : IPlugin
{
    public void Configure(IPluginBuilder builder) => _ = new Derived();
}

public sealed class Derived : Base;

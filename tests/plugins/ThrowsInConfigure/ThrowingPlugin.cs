using Keyway.Plugins;

[assembly: KeywayPlugin("throws-in-configure", typeof(Zoo.ThrowingPlugin))]

namespace Zoo;

public sealed class ThrowingPlugin : IPlugin
{
    public void Configure(IPluginBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.AddMiddleware("never", static _ => throw new ZooException("never made"));
        throw new ZooException("Configure of the zoo");
    }
}

/// <summary>An exception of the plugin's own: a host that kept it would keep the plugin.</summary>
public sealed class ZooException(string message) : Exception(message);

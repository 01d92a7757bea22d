using Keyway.Plugins;
using Keyway.Widevine;

[assembly: KeywayPlugin("widevine", typeof(WidevinePlugin))]

namespace Keyway.Widevine;

/// <summary>Brings the key system <c>widevine</c>.</summary>
public sealed class WidevinePlugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IPluginBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        PluginContext context = builder.Context;
        builder.AddKeySystem(WidevineConstants.Name, settings => new WidevineKeySystem(WidevineOptions.Read(settings), context));
    }
}

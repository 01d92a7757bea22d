using Keyway.ClearKey;
using Keyway.Plugins;

// The whole manifest. The host reads it from metadata, before it loads any of this code.
[assembly: KeywayPlugin(ClearKeyConstants.Name, typeof(ClearKeyPlugin))]

namespace Keyway.ClearKey;

/// <summary>Brings the key system <c>clearkey</c>: W3C Clear Key, the one DRM scheme without secrets on the client.</summary>
public sealed class ClearKeyPlugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IPluginBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        PluginContext context = builder.Context;
        builder.AddKeySystem(ClearKeyConstants.Name, settings => new ClearKeySystem(
            new ConfiguredKeys(ClearKeyOptions.Read(settings), context.Secrets),
            context.Logging.CreateLogger("Keyway.ClearKey")));   // by name: a logger of a plugin's type would pin the plugin
    }
}

using Keyway.PlayReady;
using Keyway.Plugins;

// The whole manifest. The host reads it from metadata, before it loads any of this code.
[assembly: KeywayPlugin(PlayReadyConstants.Name, typeof(PlayReadyPlugin))]

namespace Keyway.PlayReady;

/// <summary>Brings the key system <c>playready</c>. It ships no device credential, no root and no server key: the integrator configures them.</summary>
public sealed class PlayReadyPlugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IPluginBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        PluginContext context = builder.Context;
        builder.AddKeySystem(PlayReadyConstants.Name, settings => new PlayReadyKeySystem(
            PlayReadyOptions.Read(settings),
            context.Secrets,
            context.Clock,
            context.Logging.CreateLogger("Keyway.PlayReady")));   // by name: a logger of a plugin's type would pin the plugin
    }
}

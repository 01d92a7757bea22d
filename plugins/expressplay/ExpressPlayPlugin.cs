using Keyway.ExpressPlay;
using Keyway.Plugins;

// The whole manifest. The host reads it from metadata, before it loads any of this code.
[assembly: KeywayPlugin(ExpressPlayConstants.Name, typeof(ExpressPlayPlugin))]

namespace Keyway.ExpressPlay;

/// <summary>Brings the provider <c>expressplay</c>: licences of Intertrust's ExpressPlay, for Widevine and PlayReady, with a token of the customer's storefront.</summary>
public sealed class ExpressPlayPlugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IPluginBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.AddProvider(ExpressPlayConstants.Name, static entry => new ExpressPlayProvider(entry));
    }
}

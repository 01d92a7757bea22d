namespace Keyway.Hosting.Plugins;

/// <summary>A plugin that configuration requires is not loaded.</summary>
/// <param name="required">Every required plugin that is not loaded, with its problem.</param>
public sealed class PluginException(IReadOnlyList<PluginRecord> required)
    : KeywayException(string.Join(Environment.NewLine, required.Select(static plugin => $"required plugin '{plugin.Id}': {plugin.Problem}")))
{
    /// <summary>Every required plugin that is not loaded.</summary>
    public IReadOnlyList<PluginRecord> Required { get; } = required;
}

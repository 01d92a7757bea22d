namespace Keyway.Plugins;

/// <summary>A plugin's value could not be kept or read. The text names the value and the reason, never its content.</summary>
/// <param name="name">The value's name.</param>
/// <param name="reason">Why not.</param>
/// <param name="innerException">What caused it.</param>
public sealed class PluginStorageException(string name, string reason, Exception? innerException = null)
    : KeywayException($"plugin storage, '{name}': {reason}", innerException)
{
    /// <summary>The value's name.</summary>
    public string Name { get; } = name;
}

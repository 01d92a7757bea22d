namespace Keyway.Hosting.Plugins;

/// <summary>What becomes of a plugin that configuration does not name.</summary>
public enum UnknownPlugins
{
    /// <summary>It is refused. All code in a process has the full rights of the process.</summary>
    Refuse = 0,

    /// <summary>It is loaded.</summary>
    Load,
}

namespace Keyway.Hosting.Plugins;

/// <summary>How a plugin that configuration does not name is treated.</summary>
public enum UnknownPlugins
{
    /// <summary>It is refused. All code in a process has the full rights of the process.</summary>
    Refuse = 0,

    /// <summary>It is loaded.</summary>
    Load,
}

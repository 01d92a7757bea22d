namespace Keyway.Hosting.Plugins;

/// <summary>What has become of a plugin.</summary>
public enum PluginState
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>It is loaded and configured.</summary>
    Loaded,

    /// <summary>Configuration disables it; none of its code was loaded.</summary>
    Disabled,

    /// <summary>Configuration names it, and no folder has it.</summary>
    Absent,

    /// <summary>It was refused or has thrown.</summary>
    Refused,

    /// <summary>It was loaded and has left.</summary>
    Unloaded,

    /// <summary>A newer version has taken its place; it is there for the presentations that began with it, and leaves with the last of them.</summary>
    Retiring,

    /// <summary>Nobody will ask for what it brings (<see cref="KeywayHostOptions.KeySystem"/>, <see cref="AllowedPlugin.WhenNamed"/>); none of its code was loaded.</summary>
    NotNeeded,
}

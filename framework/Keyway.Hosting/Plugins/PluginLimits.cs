namespace Keyway.Hosting.Plugins;

/// <summary>What a plugin's folder may hold at most. It is copied before anything of it is loaded.</summary>
internal static class PluginLimits
{
    /// <summary>Files. A plugin with a large library and its languages has some hundreds; a home folder that was named by mistake has many more.</summary>
    public const int Files = 10_000;

    /// <summary>Bytes of all files. Native libraries for several systems make up a few hundred MiB.</summary>
    public const long Bytes = 1L << 30;
}

namespace Keyway.Hosting.Plugins;

/// <summary>What a plugin's folder may hold at most, which is copied before anything of it is loaded, and what a plugin may keep.</summary>
internal static class PluginLimits
{
    /// <summary>Files. A plugin with a large library and its languages has some hundreds; a home folder that was named by mistake has many more.</summary>
    public const int Files = 10_000;

    /// <summary>Bytes of all files. Native libraries for several systems make up a few hundred MiB.</summary>
    public const long Bytes = 1L << 30;

    /// <summary>Bytes of one value that a plugin keeps: what browsers give the modules of their own for a file.</summary>
    public const int StoredValueBytes = 512 << 10;

    /// <summary>Bytes of all values that a plugin keeps, as they lie in files: some licences, certificates and indexes, and no media.</summary>
    public const int StoredBytes = 4 << 20;

    /// <summary>Letters of a value's name, as modules of browsers may have them.</summary>
    public const int StoredNameLength = 256;
}

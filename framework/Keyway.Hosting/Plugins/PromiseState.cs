namespace Keyway.Hosting.Plugins;

/// <summary>What has become of one promise of a plugin's folder.</summary>
public enum PromiseState
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>It is kept.</summary>
    Kept,

    /// <summary>It is not kept.</summary>
    Broken,

    /// <summary>It could not be looked at: what has to hold before does not.</summary>
    NotLookedAt,
}

namespace Keyway.Protection;

/// <summary>The kinds of places that say how content is protected.</summary>
public enum ProtectionOrigin
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>A manifest.</summary>
    Manifest,

    /// <summary>The <c>moov</c> of a file or initialisation segment.</summary>
    Movie,

    /// <summary>A <c>moof</c>.</summary>
    Fragment,
}

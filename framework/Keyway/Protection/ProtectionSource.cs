namespace Keyway.Protection;

/// <summary>Where something about protection was said.</summary>
/// <param name="Origin">What kind of place.</param>
/// <param name="Path">The place: an XPath with ordinals from 0, or a path of boxes, after the file's name where there are several.</param>
public readonly record struct ProtectionSource(ProtectionOrigin Origin, string Path)
{
    /// <summary>Returns the path.</summary>
    /// <returns>The path.</returns>
    public override string ToString() => Path;
}

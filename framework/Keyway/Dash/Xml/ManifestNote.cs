namespace Keyway.Dash;

/// <summary>Something in a manifest that is not as it should be, and yet did not keep it from being read.</summary>
/// <param name="Path">Where: an XPath with ordinals from 0.</param>
/// <param name="Text">What.</param>
public readonly record struct ManifestNote(string Path, string Text)
{
    /// <summary>Returns the text and the place.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => $"{Text} (at {Path})";
}

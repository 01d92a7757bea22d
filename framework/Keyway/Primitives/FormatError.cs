namespace Keyway;

/// <summary>Why bytes are not what a reader expects, and where.</summary>
/// <param name="Reason">What is wrong, in a few words. Never holds content bytes.</param>
/// <param name="Path">Where in the structure: a path of four-character codes (<c>moof/traf/senc</c>), an XPath, or line and tag of a playlist. Empty at the top.</param>
/// <param name="Offset">Where in the file or segment, in bytes from its beginning; -1 when it is not known.</param>
public readonly record struct FormatError(string Reason, string Path, long Offset)
{
    /// <summary>Returns the reason and the place in one line.</summary>
    /// <returns>The line.</returns>
    public override string ToString() => (Path, Offset) switch
    {
        ("", < 0) => Reason,
        ("", _) => $"{Reason} (at byte {Offset})",
        (_, < 0) => $"{Reason} (at {Path})",
        _ => $"{Reason} (at {Path}, byte {Offset})",
    };
}

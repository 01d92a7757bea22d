namespace Keyway;

/// <summary>Why bytes are not what a reader expects, and where.</summary>
/// <param name="Reason">What is wrong, in a few words. Never holds content bytes.</param>
/// <param name="Path">Where in the structure: a path of four-character codes (<c>moof/traf/senc</c>), or an XPath. Empty at the top.</param>
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

/// <summary>A media file or segment is not what a reader can read. The text names the file, the box path and the offset.</summary>
/// <param name="source">The file or URL, without its query.</param>
/// <param name="error">What is wrong and where.</param>
/// <param name="innerException">What caused it.</param>
public sealed class MediaFormatException(string source, FormatError error, Exception? innerException = null)
    : KeywayException(source.Length == 0 ? error.ToString() : $"{source}: {error}", innerException)
{
    /// <summary>The file or URL, without its query.</summary>
    public string MediaSource { get; } = source;

    /// <summary>What is wrong and where.</summary>
    public FormatError Error { get; } = error;
}

/// <summary>A manifest is not what a reader can read. The text names the manifest and the place in it.</summary>
/// <param name="source">The file or URL, without its query.</param>
/// <param name="error">What is wrong and where, as an XPath.</param>
/// <param name="innerException">What caused it.</param>
public sealed class ManifestException(string source, FormatError error, Exception? innerException = null)
    : KeywayException(source.Length == 0 ? error.ToString() : $"{source}: {error}", innerException)
{
    /// <summary>The file or URL, without its query.</summary>
    public string ManifestSource { get; } = source;

    /// <summary>What is wrong and where, as an XPath.</summary>
    public FormatError Error { get; } = error;
}

/// <summary>A file or URL could not be reached or read.</summary>
/// <param name="source">The file or URL, without its query.</param>
/// <param name="reason">Why.</param>
/// <param name="innerException">What caused it.</param>
public sealed class SourceException(string source, string reason, Exception? innerException = null)
    : KeywayException($"{source}: {reason}", innerException)
{
    /// <summary>The file or URL, without its query.</summary>
    public string UnreachableSource { get; } = source;
}

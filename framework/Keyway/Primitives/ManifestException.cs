namespace Keyway;

/// <summary>A manifest is not what a reader can read. The text names the manifest and the place in it.</summary>
/// <param name="source">The file or URL, without its query.</param>
/// <param name="error">What is wrong and where: an XPath, or line and tag of a playlist.</param>
/// <param name="innerException">What caused it.</param>
public sealed class ManifestException(string source, FormatError error, Exception? innerException = null)
    : KeywayException(source.Length == 0 ? error.ToString() : $"{source}: {error}", innerException)
{
    /// <summary>The file or URL, without its query.</summary>
    public string ManifestSource { get; } = source;

    /// <summary>What is wrong and where: an XPath, or line and tag of a playlist.</summary>
    public FormatError Error { get; } = error;
}

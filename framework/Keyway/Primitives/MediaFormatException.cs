namespace Keyway;

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

    /// <summary>
    /// Whether a segment that is encrypted as a whole (AES-128 of HLS) makes no sense by its key: neither its padding nor its beginning is what segments have. The key, or its
    /// initialisation vector, is another one, or what the server gave is not the segment: of so many bytes nothing else can be told.
    /// </summary>
    public bool KeyDoesNotFit { get; init; }
}

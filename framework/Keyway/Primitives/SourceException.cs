namespace Keyway;

/// <summary>A file or URL could not be reached or read.</summary>
/// <param name="source">The file or URL, without its query.</param>
/// <param name="reason">Why.</param>
/// <param name="innerException">What caused it.</param>
public sealed class SourceException(string source, string reason, Exception? innerException = null)
    : KeywayException($"{source}: {reason}", innerException)
{
    /// <summary>The file or URL, without its query.</summary>
    public string UnreachableSource { get; } = source;

    /// <summary>Whether whoever should have it says that it is not there: no such file, or 404 or 410.</summary>
    public bool IsMissing => Status is 404 or 410 || InnerException is FileNotFoundException or DirectoryNotFoundException;

    /// <summary>The HTTP status code, where a server answered.</summary>
    internal int? Status { get; init; }

    /// <summary>Whether it was tried again and again: another time it may succeed.</summary>
    internal bool MayPass { get; init; }
}

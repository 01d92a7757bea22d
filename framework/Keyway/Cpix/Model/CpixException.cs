namespace Keyway.Cpix;

/// <summary>A CPIX document gives no key. The text names the document and the place in it, and no letter of a key or of what it is encrypted to.</summary>
public sealed class CpixException : KeywayException
{
    internal CpixException(string source, CpixErrorKind kind, FormatError error)
        : base(source.Length == 0 ? error.ToString() : $"{source}: {error}") => (DocumentSource, Kind, Error) = (source, kind, error);

    /// <summary>The document's file, as its reader was told.</summary>
    public string DocumentSource { get; }

    /// <summary>Why.</summary>
    public CpixErrorKind Kind { get; }

    /// <summary>What is wrong and where: an XPath with ordinals from 0.</summary>
    public FormatError Error { get; }
}

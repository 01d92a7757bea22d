using System.Globalization;
using System.Security.Cryptography;
using System.Xml;

namespace Keyway.Cpix.Xml;

/// <summary>Walks the elements of a CPIX document once, forward, and always knows where it is.</summary>
/// <remarks>
/// A document is not trusted: DTDs are refused, nothing is fetched, depth is bounded. Values that may be keys go from the parser's buffer into one that is pinned and zeroed, and never
/// become a string. Nor do the words of the XML library reach anybody: they quote what they complain about.
/// </remarks>
internal sealed class CpixCursor : XmlCursor
{
    /// <summary>White space behind the document, which takes the place of what the XML library's buffers had last.</summary>
    public const int Padding = 32 << 10;

    private readonly string _source;
    private char[] _letters = GC.AllocateArray<char>(1024, pinned: true);
    private int _written;

    public CpixCursor(Stream stream, string source)
        : base(stream, context: null, OwnSettings()) => _source = source;

    /// <summary>Puts white space behind a document.</summary>
    /// <param name="bytes">The document, and room for <see cref="Padding"/> behind it.</param>
    /// <param name="length">How long it is.</param>
    /// <returns>How long it is then.</returns>
    public static int Pad(byte[] bytes, int length)
    {
        // In UTF-16 two bytes are a letter.
        if (length > 1 && (bytes[0] is 0 or 0xFE or 0xFF || bytes[1] == 0)) return length;
        bytes.AsSpan(length).Fill((byte)' ');
        return bytes.Length;
    }

    /// <summary>Reads a document: its root, whatever is made of it, and what stands behind it.</summary>
    /// <exception cref="CpixException">It is no XML.</exception>
    public void Read(Action root)
    {
        try
        {
            MoveToRoot();
            root();
            Finish();
        }
        catch (XmlException exception)
        {
            // Its own words may quote a key, and so may the exception inside an exception.
            throw Refuse(exception.Message.Contains("DTD", StringComparison.Ordinal)
                ? "it has a document type definition (DTD), which is not read"
                : string.Create(CultureInfo.InvariantCulture, $"this is not well-formed XML (line {exception.LineNumber}, position {exception.LinePosition})"));
        }
    }

    /// <summary>The bytes that the current element holds in base64.</summary>
    /// <param name="most">How many there may be.</param>
    /// <returns>The bytes, where the collector does not copy them. Ownership: the caller's, who zeroes what is secret.</returns>
    /// <exception cref="CpixException">It holds something else, or more.</exception>
    public byte[] Bytes(int most) => TryBytes(most) ?? throw Refuse("this is not base64");

    /// <summary>The same; <see langword="null"/> where it is not base64.</summary>
    /// <inheritdoc cref="Bytes"/>
    public byte[]? TryBytes(int most)
    {
        Consumed();
        int length = 0;
        try
        {
            if (!Xml.IsEmptyElement)
            {
                while (Xml.Read() && Xml.NodeType != XmlNodeType.EndElement)
                {
                    if (Xml.NodeType == XmlNodeType.Element) throw Refuse("elements stand where a value should be");
                    ReadLetters(ref length, most);
                }
            }

            return Decode(length, most);
        }
        finally
        {
            Clear();
        }
    }

    /// <summary>The bytes that an attribute of the current element holds in base64; <see langword="null"/> where it is not there.</summary>
    /// <inheritdoc cref="Bytes"/>
    public byte[]? AttributeBytes(string name, int most)
    {
        if (!Xml.MoveToAttribute(name)) return null;
        int length = 0;
        try
        {
            ReadLetters(ref length, most);
            return Decode(length, most) ?? throw Refuse($"@{name} is not base64");
        }
        finally
        {
            Xml.MoveToElement();
            Clear();
        }
    }

    /// <summary>An attribute, trimmed; <see langword="null"/> where it is not there.</summary>
    public string? Attribute(string name) => Xml.GetAttribute(name)?.Trim();

    /// <summary>An attribute that is only shown, or compared with another.</summary>
    public string? ShortAttribute(string name) => Attribute(name) is { } text ? Shorten(text) : null;

    public static string Shorten(string text) => text.Length <= CpixLimits.ShownText ? text : string.Concat(text.AsSpan(0, CpixLimits.ShownText), "…");

    /// <summary>An error at the cursor.</summary>
    public CpixException Refuse(string reason, CpixErrorKind kind = CpixErrorKind.Malformed) => Refuse(reason, Path, kind);

    /// <summary>An error elsewhere.</summary>
    public CpixException Refuse(string reason, string path, CpixErrorKind kind = CpixErrorKind.Malformed) => new(_source, kind, new FormatError(reason, path, -1));

    protected override void Entered()
    {
        if (Depth > CpixLimits.Nesting) throw Refuse($"elements are nested more than {CpixLimits.Nesting} deep");
    }

    private static XmlReaderSettings OwnSettings()
    {
        XmlReaderSettings settings = Settings();
        settings.IgnoreWhitespace = true;
        settings.MaxCharactersInDocument = CpixLimits.Bytes + Padding;
        return settings;
    }

    private void ReadLetters(ref int length, int most)
    {
        // White space aside, four letters hold three bytes; what is longer is refused before it is read.
        int longest = ((most + 2) / 3 * 4) + 4;
        while (true)
        {
            if (length == _letters.Length)
            {
                char[] larger = GC.AllocateArray<char>(2 * _letters.Length, pinned: true);
                _letters.CopyTo(larger, 0);
                Clear();
                (_letters, _written) = (larger, length);
            }

            int read = Xml.ReadValueChunk(_letters, length, _letters.Length - length);
            if (read == 0) return;
            _written = Math.Max(_written, length + read);
            int kept = length;
            for (int i = length; i < length + read; i++)
                if (!char.IsWhiteSpace(_letters[i])) _letters[kept++] = _letters[i];
            length = kept;
            if (length > longest) throw TooLong(most);
        }
    }

    private byte[]? Decode(int length, int most)
    {
        Span<char> letters = _letters.AsSpan(0, length);
        letters.Replace('-', '+');
        letters.Replace('_', '/');
        length = letters.TrimEnd('=').Length;
        int padded = (length + 3) / 4 * 4;
        if (padded > _letters.Length) throw TooLong(most);
        _letters.AsSpan(length, padded - length).Fill('=');
        _written = Math.Max(_written, padded);
        Span<byte> bytes = GC.AllocateUninitializedArray<byte>(padded / 4 * 3, pinned: true);
        try
        {
            if (!Convert.TryFromBase64Chars(_letters.AsSpan(0, padded), bytes, out int written)) return null;
            if (written > most) throw TooLong(most);
            byte[] exact = GC.AllocateUninitializedArray<byte>(written, pinned: true);
            bytes[..written].CopyTo(exact);
            return exact;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private CpixException TooLong(int most) => Refuse(string.Create(CultureInfo.InvariantCulture, $"it is longer than {most} bytes"));

    private void Clear()
    {
        CryptographicOperations.ZeroMemory(System.Runtime.InteropServices.MemoryMarshal.AsBytes(_letters.AsSpan(0, _written)));
        _written = 0;
    }
}

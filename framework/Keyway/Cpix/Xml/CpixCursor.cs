using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Xml;

namespace Keyway.Cpix.Xml;

/// <summary>Walks the elements of a CPIX document once, forward, and always knows where it is.</summary>
/// <remarks>
/// A document is not trusted: DTDs are refused, nothing is fetched, depth is bounded. Values that may be keys go from the parser's buffer into one that is pinned and zeroed, and never
/// become a string. Nor do the words of the XML library reach anybody: they quote what they complain about.
/// </remarks>
internal sealed class CpixCursor : IDisposable
{
    /// <summary>White space behind the document, which takes the place of what the XML library's buffers had last.</summary>
    public const int Padding = 32 << 10;

    private readonly XmlReader _xml;
    private readonly string _source;
    private readonly List<Frame> _frames = [];
    private char[] _letters = GC.AllocateArray<char>(1024, pinned: true);
    private bool _consumed;

    public CpixCursor(Stream stream, string source)
    {
        _source = source;
        _xml = XmlReader.Create(stream, new XmlReaderSettings
        {
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
            IgnoreComments = true,
            IgnoreProcessingInstructions = true,
            IgnoreWhitespace = true,
            MaxCharactersInDocument = CpixLimits.Bytes + Padding,
            MaxCharactersFromEntities = 1024,
        });
    }

    /// <summary>The element's name, without prefix.</summary>
    public string Name => _xml.LocalName;

    /// <summary>The element's namespace.</summary>
    public string Namespace => _xml.NamespaceURI;

    /// <summary>Where the cursor is: names with ordinals from 0 among siblings of the same name; the root has none.</summary>
    public string Path
    {
        get
        {
            StringBuilder path = new();
            for (int i = 0; i < _frames.Count; i++)
            {
                path.Append('/').Append(_frames[i].Name.AsSpan(0, Math.Min(_frames[i].Name.Length, ManifestLimits.NameInPath)));
                if (i > 0) path.Append(CultureInfo.InvariantCulture, $"[{_frames[i].Ordinal}]");
            }

            return path.Length == 0 ? "/" : path.ToString();
        }
    }

    /// <summary>Reads a document: its root, whatever is made of it, and what stands behind it.</summary>
    /// <exception cref="CpixException">It is no XML.</exception>
    public void Read(Action root)
    {
        try
        {
            while (_xml.Read())
            {
                if (_xml.NodeType != XmlNodeType.Element) continue;
                Enter();
                root();
                break;
            }

            // One root is what a document has; the reader makes sure of it.
            while (_xml.Read())
            {
            }
        }
        catch (XmlException exception)
        {
            // Its own words may quote a key, and so may the exception inside an exception.
            throw Refuse(exception.Message.Contains("DTD", StringComparison.Ordinal)
                ? "it has a document type definition (DTD), which is not read"
                : string.Create(CultureInfo.InvariantCulture, $"this is not well-formed XML (line {exception.LineNumber}, position {exception.LinePosition})"));
        }
    }

    /// <summary>Calls back for each child element of the current one. What the callee does not read is passed over.</summary>
    public void Children(Action child)
    {
        _consumed = true;
        if (_xml.IsEmptyElement) return;
        int depth = _frames.Count;
        while (_xml.Read())
        {
            if (_xml.NodeType == XmlNodeType.EndElement) return;
            if (_xml.NodeType != XmlNodeType.Element) continue;
            Enter();
            child();
            if (!_consumed) Children(static () => { });
            _consumed = true;
            _frames.RemoveRange(depth, _frames.Count - depth);
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
        _consumed = true;
        int length = 0;
        try
        {
            if (!_xml.IsEmptyElement)
            {
                while (_xml.Read() && _xml.NodeType != XmlNodeType.EndElement)
                {
                    if (_xml.NodeType == XmlNodeType.Element) throw Refuse("elements stand where a value should be");
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
        if (!_xml.MoveToAttribute(name)) return null;
        int length = 0;
        try
        {
            ReadLetters(ref length, most);
            return Decode(length, most) ?? throw Refuse($"@{name} is not base64");
        }
        finally
        {
            _xml.MoveToElement();
            Clear();
        }
    }

    /// <summary>An attribute, trimmed; <see langword="null"/> where it is not there.</summary>
    public string? Attribute(string name) => _xml.GetAttribute(name)?.Trim();

    /// <summary>An attribute that is only shown, or compared with another.</summary>
    public string? ShortAttribute(string name) => Attribute(name) is { } text ? Shorten(text) : null;

    public static string Shorten(string text) => text.Length <= CpixLimits.ShownText ? text : string.Concat(text.AsSpan(0, CpixLimits.ShownText), "…");

    /// <summary>An error at the cursor.</summary>
    public CpixException Refuse(string reason, CpixErrorKind kind = CpixErrorKind.Malformed) => Refuse(reason, Path, kind);

    /// <summary>An error elsewhere.</summary>
    public CpixException Refuse(string reason, string path, CpixErrorKind kind = CpixErrorKind.Malformed) => new(_source, kind, new FormatError(reason, path, -1));

    public void Dispose()
    {
        Clear();
        _xml.Dispose();
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
                _letters = larger;
            }

            int read = _xml.ReadValueChunk(_letters, length, _letters.Length - length);
            if (read == 0) return;
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

    private void Clear() => CryptographicOperations.ZeroMemory(System.Runtime.InteropServices.MemoryMarshal.AsBytes(_letters.AsSpan()));

    private void Enter()
    {
        string name = _xml.LocalName;
        int ordinal = _frames.Count > 0 ? _frames[^1].Next(name) : 0;
        _frames.Add(new Frame(name));
        _frames[^1].Ordinal = ordinal;
        if (_frames.Count > CpixLimits.Nesting) throw Refuse($"elements are nested more than {CpixLimits.Nesting} deep");
        _consumed = false;
    }

    private sealed class Frame(string name)
    {
        private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);

        public string Name => name;

        public int Ordinal { get; set; }

        public int Next(string child)
        {
            _counts.TryGetValue(child, out int count);
            _counts[child] = count + 1;
            return count;
        }
    }
}

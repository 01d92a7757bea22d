using System.Globalization;
using System.Text;
using System.Xml;

namespace Keyway;

/// <summary>Walks the elements of a document that nobody vouches for once, forward, and always knows where it is.</summary>
/// <remarks>
/// Nothing is kept of an element but what its reader takes. Size and depth are bounded, DTDs are refused, nothing is fetched.
/// </remarks>
internal abstract class XmlCursor : IDisposable
{
    private readonly List<Frame> _frames = [];
    private bool _consumed;

    /// <param name="stream">The document: UTF-8, or UTF-16 by its mark.</param>
    /// <param name="context">Names that are known before it is read.</param>
    /// <param name="settings">How it is read; <see langword="null"/>: as manifests are.</param>
    protected XmlCursor(Stream stream, XmlParserContext? context = null, XmlReaderSettings? settings = null) => Xml = XmlReader.Create(stream, settings ?? Settings(), context);

    /// <summary>The element's name, without prefix.</summary>
    public string Name => Xml.LocalName;

    /// <summary>The element's namespace.</summary>
    public string Namespace => Xml.NamespaceURI;

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

    protected XmlReader Xml { get; }

    /// <summary>How many elements are open.</summary>
    protected int Depth => _frames.Count;

    /// <summary>Whether the element that has just been entered is to be read at all.</summary>
    protected virtual bool IsRead => true;

    /// <summary>How documents are read that nobody vouches for.</summary>
    public static XmlReaderSettings Settings() => new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
        MaxCharactersInDocument = ManifestLimits.Bytes,
        MaxCharactersFromEntities = 1024,
    };

    /// <summary>What is wrong with XML, without the advice that the library gives to programmers.</summary>
    public static string Words(XmlException exception)
    {
        if (exception.Message.Contains(nameof(XmlReaderSettings.DtdProcessing), StringComparison.Ordinal)) return $"it has a document type definition (DTD), which is not read{Place()}";
        if (exception.Message.Contains(nameof(XmlReaderSettings.MaxCharactersInDocument), StringComparison.Ordinal)) return $"it is longer than {ManifestLimits.Bytes >> 20} Mi characters";
        return exception.Message.Contains(nameof(XmlReaderSettings), StringComparison.Ordinal) || exception.Message.Contains(nameof(ConformanceLevel), StringComparison.Ordinal)
            ? $"it is more, or less, than one document{Place()}"
            : exception.Message;

        string Place() => string.Create(CultureInfo.InvariantCulture, $" (line {exception.LineNumber}, position {exception.LinePosition})");
    }

    /// <summary>Moves to the root element.</summary>
    /// <exception cref="XmlException">There is none.</exception>
    public void MoveToRoot()
    {
        while (Xml.Read())
        {
            if (Xml.NodeType != XmlNodeType.Element) continue;
            Enter();
            return;
        }
    }

    /// <summary>Reads to the end of the document, which may hold nothing but white space.</summary>
    public void Finish()
    {
        while (Xml.Read())
        {
        }
    }

    /// <summary>Calls back for each child element of the current one. What the callee does not read is passed over.</summary>
    public void Children(Action child) => Walk(child, null);

    /// <summary>The text directly in the current element, trimmed.</summary>
    public string Text()
    {
        StringBuilder text = new();
        Walk(static () => { }, text);
        return text.ToString().Trim();
    }

    public void Dispose() => Xml.Dispose();

    /// <summary>Says that the current element has been read to its end.</summary>
    protected void Consumed() => _consumed = true;

    /// <summary>Called with each element before its reader sees it.</summary>
    protected virtual void Entered()
    {
    }

    /// <summary>Called when an element is left.</summary>
    /// <param name="depth">How many are open then.</param>
    protected virtual void Left(int depth)
    {
    }

    private void Walk(Action child, StringBuilder? text)
    {
        _consumed = true;
        if (Xml.IsEmptyElement) return;
        int depth = _frames.Count;
        while (Xml.Read())
        {
            switch (Xml.NodeType)
            {
                case XmlNodeType.EndElement:
                    return;
                case XmlNodeType.Text or XmlNodeType.CDATA:
                    text?.Append(Xml.Value);
                    break;
                case XmlNodeType.Element:
                    Enter();
                    if (IsRead) child();
                    if (!_consumed) Walk(static () => { }, null);
                    _consumed = true;
                    _frames.RemoveRange(depth, _frames.Count - depth);
                    Left(depth);
                    break;
            }
        }
    }

    private void Enter()
    {
        string name = Xml.LocalName;
        int ordinal = 0;
        if (_frames.Count > 0)
        {
            Dictionary<string, int> counts = _frames[^1].Counts;
            counts.TryGetValue(name, out ordinal);
            counts[name] = ordinal + 1;
        }

        _frames.Add(new Frame(name, ordinal));
        if (_frames.Count > ManifestLimits.Nesting) throw new XmlException($"elements are nested more than {ManifestLimits.Nesting} deep");
        _consumed = false;
        Entered();
    }

    private sealed class Frame(string name, int ordinal)
    {
        private Dictionary<string, int>? _counts;

        public string Name => name;

        public int Ordinal => ordinal;

        public Dictionary<string, int> Counts => _counts ??= new(StringComparer.Ordinal);
    }
}

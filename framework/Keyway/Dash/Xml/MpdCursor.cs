using System.Globalization;
using System.Text;
using System.Xml;

namespace Keyway.Dash.Xml;

/// <summary>Walks the elements of a manifest once, forward, and always knows where it is.</summary>
/// <remarks>
/// Nothing is kept of an element but what its reader takes. Depth is bounded, DTDs are refused, nothing is fetched.
/// </remarks>
internal sealed class MpdCursor : IDisposable
{
    private readonly XmlReader _xml;
    private readonly List<Frame> _frames = [];
    private readonly HashSet<string> _unbound = new(StringComparer.Ordinal);
    private readonly List<(int Depth, string Prefix)> _declared = [];
    private readonly List<ManifestNote> _notes = [];
    private readonly List<ManifestNote> _leftOut = [];
    private bool _consumed;

    public MpdCursor(Stream stream)
    {
        _xml = XmlReader.Create(stream, Settings(), MpdNames.Context());
    }

    public IReadOnlyList<ManifestNote> Notes => _notes;

    /// <summary>The notes that report something missing.</summary>
    public IReadOnlyList<ManifestNote> LeftOut => _leftOut;

    /// <summary>Whether parts of the manifest stand in documents of their own.</summary>
    public bool HasRemoteElements { get; private set; }

    /// <summary>The element's name, without prefix.</summary>
    public string Name => _xml.LocalName;

    /// <summary>The element's namespace.</summary>
    public string Namespace => _xml.NamespaceURI;

    public bool IsDash => MpdNames.IsDash(_xml.NamespaceURI);

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

    /// <summary>Moves to the root element.</summary>
    /// <exception cref="XmlException">There is none.</exception>
    public void MoveToRoot()
    {
        while (_xml.Read())
        {
            if (_xml.NodeType != XmlNodeType.Element) continue;
            Enter();
            return;
        }
    }

    /// <summary>Reads to the end of the document, which may hold nothing but white space.</summary>
    public void Finish()
    {
        while (_xml.Read())
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

    public string? Attribute(string name) => _xml.GetAttribute(name);

    public string? Attribute(string name, string ns) => _xml.GetAttribute(name, ns);

    /// <summary>The first attribute of a name whose namespace is one of several.</summary>
    public string? Attribute(string name, Func<string, bool> isNamespace)
    {
        string? value = null;
        for (bool more = _xml.MoveToFirstAttribute(); more && value is null; more = _xml.MoveToNextAttribute())
            if (_xml.LocalName == name && isNamespace(_xml.NamespaceURI)) value = _xml.Value;
        _xml.MoveToElement();
        return value;
    }

    public List<KeyValuePair<string, string>> Attributes()
    {
        List<KeyValuePair<string, string>> all = [];
        while (_xml.MoveToNextAttribute())
            if (_xml.NamespaceURI != "http://www.w3.org/2000/xmlns/") all.Add(new(_xml.LocalName, _xml.Value));
        _xml.MoveToElement();
        return all;
    }

    public void Note(string text) => NoteAt(Path, text);

    /// <summary>Notes that something is missing.</summary>
    public void NoteLeftOut(string path, string text)
    {
        NoteAt(path, text);
        if (_leftOut.Count < ManifestLimits.Notes) _leftOut.Add(new ManifestNote(path, text));
    }

    public void NoteAt(string path, string text)
    {
        if (_notes.Count < ManifestLimits.Notes) _notes.Add(new ManifestNote(path, text));
        else if (_notes.Count == ManifestLimits.Notes) _notes.Add(new ManifestNote("/", "more remarks were left out"));
    }

    public void Dispose() => _xml.Dispose();

    private void Walk(Action child, StringBuilder? text)
    {
        _consumed = true;
        if (_xml.IsEmptyElement) return;
        int depth = _frames.Count;
        while (_xml.Read())
        {
            switch (_xml.NodeType)
            {
                case XmlNodeType.EndElement:
                    return;
                case XmlNodeType.Text or XmlNodeType.CDATA:
                    text?.Append(_xml.Value);
                    break;
                case XmlNodeType.Element:
                    Enter();
                    if (_xml.GetAttribute("href", MpdNames.XLink)?.Trim() != MpdNames.ResolveToZero) child();
                    if (!_consumed) Walk(static () => { }, null);
                    _consumed = true;
                    Leave(depth);
                    break;
            }
        }
    }

    private void Enter()
    {
        string name = _xml.LocalName;
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
        CheckNames();
    }

    private void Leave(int depth)
    {
        _frames.RemoveRange(depth, _frames.Count - depth);
        while (_declared.Count > 0 && _declared[^1].Depth > depth) _declared.RemoveAt(_declared.Count - 1);
    }

    private void CheckNames()
    {
        string element = _xml.Prefix;
        if (_xml.HasAttributes)
        {
            // Declarations count for the whole element, wherever they stand in it.
            while (_xml.MoveToNextAttribute())
                if (_xml.Prefix == "xmlns") _declared.Add((_frames.Count, _xml.LocalName));
            for (bool more = _xml.MoveToFirstAttribute(); more; more = _xml.MoveToNextAttribute())
            {
                CheckPrefix(_xml.Prefix);
            }

            _xml.MoveToElement();
            // A link to nothing is followed where it stands: its element is not there (5.5.3).
            if (_xml.GetAttribute("href", MpdNames.XLink) is { } link && link.Trim() != MpdNames.ResolveToZero)
            {
                HasRemoteElements |= MpdNames.IsLinked(_xml);
                NoteLeftOut(Path, "xlink is not followed; what it names is missing here");
            }
        }

        CheckPrefix(element);
    }

    private void CheckPrefix(string prefix)
    {
        if (prefix.Length == 0 || !MpdNames.IsKnownPrefix(prefix) || _unbound.Contains(prefix)) return;
        foreach ((_, string declared) in _declared)
            if (declared == prefix) return;
        _unbound.Add(prefix);
        Note($"the prefix '{prefix}' is used and never bound; it was taken for its usual namespace");
    }

    private sealed class Frame(string name, int ordinal)
    {
        private Dictionary<string, int>? _counts;

        public string Name => name;

        public int Ordinal => ordinal;

        public Dictionary<string, int> Counts => _counts ??= new(StringComparer.Ordinal);
    }
}

namespace Keyway.Dash.Xml;

/// <summary>Walks the elements of a media presentation description.</summary>
internal sealed class MpdCursor : XmlCursor
{
    private readonly HashSet<string> _unbound = new(StringComparer.Ordinal);
    private readonly List<(int Depth, string Prefix)> _declared = [];
    private readonly List<ManifestNote> _notes = [];
    private readonly List<ManifestNote> _leftOut = [];

    public MpdCursor(Stream stream)
        : base(stream, MpdNames.Context())
    {
    }

    public IReadOnlyList<ManifestNote> Notes => _notes;

    /// <summary>The notes that report something missing.</summary>
    public IReadOnlyList<ManifestNote> LeftOut => _leftOut;

    /// <summary>Whether parts of the manifest stand in documents of their own.</summary>
    public bool HasRemoteElements { get; private set; }

    public bool IsDash => MpdNames.IsDash(Xml.NamespaceURI);

    /// <summary>A link to nothing is followed where it stands: its element is not there (5.5.3).</summary>
    protected override bool IsRead => Xml.GetAttribute("href", MpdNames.XLink)?.Trim() != MpdNames.ResolveToZero;

    public string? Attribute(string name) => Xml.GetAttribute(name);

    public string? Attribute(string name, string ns) => Xml.GetAttribute(name, ns);

    /// <summary>The first attribute of a name whose namespace is one of several.</summary>
    public string? Attribute(string name, Func<string, bool> isNamespace)
    {
        string? value = null;
        for (bool more = Xml.MoveToFirstAttribute(); more && value is null; more = Xml.MoveToNextAttribute())
            if (Xml.LocalName == name && isNamespace(Xml.NamespaceURI)) value = Xml.Value;
        Xml.MoveToElement();
        return value;
    }

    public List<KeyValuePair<string, string>> Attributes()
    {
        List<KeyValuePair<string, string>> all = [];
        while (Xml.MoveToNextAttribute())
            if (Xml.NamespaceURI != "http://www.w3.org/2000/xmlns/") all.Add(new(Xml.LocalName, Xml.Value));
        Xml.MoveToElement();
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

    /// <inheritdoc/>
    protected override void Left(int depth)
    {
        while (_declared.Count > 0 && _declared[^1].Depth > depth) _declared.RemoveAt(_declared.Count - 1);
    }

    /// <inheritdoc/>
    protected override void Entered()
    {
        string element = Xml.Prefix;
        if (Xml.HasAttributes)
        {
            // Declarations count for the whole element, wherever they stand in it.
            while (Xml.MoveToNextAttribute())
                if (Xml.Prefix == "xmlns") _declared.Add((Depth, Xml.LocalName));
            for (bool more = Xml.MoveToFirstAttribute(); more; more = Xml.MoveToNextAttribute())
            {
                CheckPrefix(Xml.Prefix);
            }

            Xml.MoveToElement();
            if (Xml.GetAttribute("href", MpdNames.XLink) is { } link && link.Trim() != MpdNames.ResolveToZero)
            {
                HasRemoteElements |= MpdNames.IsLinked(Xml);
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
}

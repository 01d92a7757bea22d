using System.Globalization;

namespace Keyway.Manifests.Smooth.Xml;

/// <summary>Walks the elements of a Smooth Streaming manifest.</summary>
/// <remarks>Attributes are found in any case: servers write <c>LookAheadFragmentCount</c>, <c>Timescale</c> and others in ways of their own. One that is written as the specification has it comes first.</remarks>
internal sealed class SmoothCursor(Stream stream) : XmlCursor(stream)
{
    private readonly List<string> _notes = [];
    private readonly List<string> _leftOut = [];

    public IReadOnlyList<string> Notes => _notes;

    /// <summary>The notes that report something missing.</summary>
    public IReadOnlyList<string> LeftOut => _leftOut;

    /// <summary>An attribute without a prefix.</summary>
    public string? Attribute(string name)
    {
        if (Xml.GetAttribute(name) is { } exact) return exact;
        string? value = null;
        for (bool more = Xml.MoveToFirstAttribute(); more && value is null; more = Xml.MoveToNextAttribute())
            if (Xml.Prefix.Length == 0 && name.Equals(Xml.LocalName, StringComparison.OrdinalIgnoreCase)) value = Xml.Value;
        Xml.MoveToElement();
        return value;
    }

    /// <summary>A whole number of 64 bits.</summary>
    /// <returns><see langword="null"/>: it is not there, or is none, which is noted.</returns>
    public ulong? Number(string name)
    {
        if (Attribute(name) is not { } text) return null;
        if (ulong.TryParse(text.AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out ulong value)) return value;
        Note($"@{name} is not a whole number of 64 bits");
        return null;
    }

    public void Note(string text) => NoteAt(Path, text);

    /// <summary>Notes that something is missing.</summary>
    public void NoteLeftOut(string path, string text)
    {
        NoteAt(path, text);
        if (_leftOut.Count < ManifestLimits.Notes) _leftOut.Add($"{text} (at {path})");
    }

    public void NoteAt(string path, string text)
    {
        if (_notes.Count < ManifestLimits.Notes) _notes.Add($"{text} (at {path})");
        else if (_notes.Count == ManifestLimits.Notes) _notes.Add("more remarks were left out");
    }

    /// <summary>A text of content as messages show it.</summary>
    public static string Shown(string text) => text.Length <= ManifestLimits.ShownText ? text : string.Concat(text.AsSpan(0, ManifestLimits.ShownText), "…");
}

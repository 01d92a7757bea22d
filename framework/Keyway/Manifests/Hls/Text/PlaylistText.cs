using System.Text;
using Keyway.Sources;

namespace Keyway.Manifests.Hls.Text;

/// <summary>The text of one playlist, line by line (RFC 8216bis, 4.1), and what is noted about it.</summary>
/// <remarks>
/// Lines end with LF or CRLF. Empty lines, comments and unknown tags are passed over. A byte order mark and blank lines before the first tag are
/// forbidden, occur, and are accepted.
/// </remarks>
internal sealed class PlaylistText
{
    private readonly string _text;
    private readonly int _first;
    private readonly List<string> _notes = [];
    private int _at;
    private int _number;

    /// <param name="document">The playlist and where it was found.</param>
    /// <param name="imports">The variables of the multivariant playlist that names it; <see langword="null"/>: there is none.</param>
    /// <exception cref="ManifestException">It is no playlist.</exception>
    public PlaylistText(SourceDocument document, PlaylistVariables? imports = null)
    {
        Origin = document.Origin;
        Name = SourceText.Of(document.Origin.Location);
        ReadOnlySpan<byte> content = document.Content.Span;
        if (content.Length > MediaSources.ManifestLimit) throw Broken(default, $"the playlist is larger than {MediaSources.ManifestLimit >> 20} MiB");
        if (content.StartsWith(Encoding.UTF8.Preamble)) content = content[Encoding.UTF8.Preamble.Length..];
        _text = Encoding.UTF8.GetString(content);
        Variables = new PlaylistVariables(this, imports);
        while (TryRead(out ReadOnlySpan<char> line))
        {
            if (line.IsEmpty) continue;
            if (!line.StartsWith("#" + PlaylistTags.Head, StringComparison.Ordinal) || line.Length > PlaylistTags.Head.Length + 1 && char.IsLetterOrDigit(line[PlaylistTags.Head.Length + 1]))
                throw Broken(new PlaylistLine(_number, ""), $"this is no playlist: it does not begin with #EXTM3U{Described(line)}");
            _first = _at;
            return;
        }

        throw Broken(default, "this is no playlist: it is empty");
    }

    /// <summary>Where it came from.</summary>
    public ContentOrigin Origin { get; }

    /// <summary>Its name for messages.</summary>
    public string Name { get; }

    /// <summary>The variables that it has defined so far.</summary>
    public PlaylistVariables Variables { get; }

    /// <summary>What is not as it should be, and was read all the same.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>Goes to the next tag that is read, or the next address.</summary>
    /// <param name="line">Its place.</param>
    /// <param name="value">What follows the colon of the tag; or the address.</param>
    /// <returns><see langword="false"/>: there is none.</returns>
    /// <exception cref="ManifestException">A line is longer than is read.</exception>
    public bool TryNext(out PlaylistLine line, out ReadOnlySpan<char> value)
    {
        while (TryRead(out value))
        {
            if (value.IsEmpty) continue;
            if (value[0] != '#')
            {
                line = new PlaylistLine(_number, "");
                return true;
            }

            if (!value.StartsWith("#EXT", StringComparison.Ordinal)) continue;
            int colon = value.IndexOf(':');
            if (PlaylistTags.Find(colon < 0 ? value[1..] : value[1..colon]) is not { } tag) continue;
            line = new PlaylistLine(_number, tag);
            value = colon < 0 ? [] : value[(colon + 1)..].Trim();
            return true;
        }

        line = default;
        return false;
    }

    /// <summary>Goes back to the first line.</summary>
    public void Rewind() => (_at, _number) = (_first, _text.AsSpan(0, _first).Count('\n'));

    /// <summary>What is wrong at a place, as an exception.</summary>
    public ManifestException Broken(PlaylistLine at, string reason) => new(Name, new FormatError(reason, at.Number == 0 ? "" : at.ToString(), -1));

    /// <summary>Notes what is wrong and harmless.</summary>
    public void Note(PlaylistLine at, string text)
    {
        if (_notes.Count < ManifestLimits.Notes) _notes.Add($"{Name}: {text} (at {at})");
    }

    /// <summary>A place with the name of the playlist.</summary>
    public string PlaceOf(PlaylistLine at) => $"{Name}, {at}";

    /// <summary>Resolves an address against that of the playlist.</summary>
    /// <exception cref="ManifestException">It is none.</exception>
    public Uri Resolve(PlaylistLine at, string address)
    {
        if (address.Length is 0 or > ManifestLimits.Address) throw Broken(at, address.Length == 0 ? "the address is empty" : $"the address is longer than {ManifestLimits.Address} characters");
        return Uri.TryCreate(Origin.Location, address, out Uri? resolved) ? resolved : throw Broken(at, "this is not an address");
    }

    private bool TryRead(out ReadOnlySpan<char> line)
    {
        line = [];
        if (_at >= _text.Length) return false;
        ReadOnlySpan<char> rest = _text.AsSpan(_at);
        int end = rest.IndexOf('\n');
        line = end < 0 ? rest : rest[..end];
        _at += end < 0 ? rest.Length : end + 1;
        _number++;
        if (line.Length > HlsLimits.Line) throw Broken(new PlaylistLine(_number, ""), $"the line is longer than {HlsLimits.Line >> 20} Mi characters");
        line = line.Trim();
        return true;
    }

    private static string Described(ReadOnlySpan<char> line) => line[0] switch
    {
        '<' => ", and is a text in HTML or XML",
        '{' or '[' => ", and is a text in JSON",
        _ => "",
    };
}

namespace Keyway.Manifests.Hls.Text;

/// <summary>The attributes of one tag (RFC 8216bis, 4.2), with variables expanded.</summary>
/// <remarks>Values are taken with or without quotes, whichever the standard wants of them: both occur. White space around names and values is passed over.</remarks>
internal sealed class AttributeList
{
    private readonly PlaylistText _text;
    private readonly PlaylistLine _at;
    private readonly List<KeyValuePair<string, string>> _items = [];

    private AttributeList(PlaylistText text, PlaylistLine at) => (_text, _at) = (text, at);

    /// <summary>The attributes in order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Items => _items;

    /// <summary>Reads the attributes of a tag.</summary>
    /// <exception cref="ManifestException">They are not a list of attributes, one stands there twice, or a variable is not defined.</exception>
    public static AttributeList Read(PlaylistText text, PlaylistLine at, ReadOnlySpan<char> value)
    {
        AttributeList list = new(text, at);
        while (true)
        {
            value = value.TrimStart();
            if (value.IsEmpty) return list;
            if (value[0] == ',')
            {
                value = value[1..];
                continue;
            }

            value = list.ReadOne(value);
        }
    }

    /// <summary>A value as text; <see langword="null"/>: there is no such attribute.</summary>
    public string? Text(string name)
    {
        foreach ((string key, string value) in _items)
            if (key == name) return value;
        return null;
    }

    /// <summary>A value that must be there.</summary>
    /// <exception cref="ManifestException">It is not.</exception>
    public string Required(string name) => Text(name) is { Length: > 0 } value ? value : throw _text.Broken(_at, $"{name} is missing");

    /// <summary>Whether a value is <c>YES</c>.</summary>
    public bool Flag(string name) => Text(name) == "YES";

    /// <summary>A number; one that is none is noted and left out.</summary>
    public ulong? Number(string name)
    {
        if (Text(name) is not { } value) return null;
        if (PlaylistValue.TryNumber(value, out ulong number)) return number;
        _text.Note(_at, $"{name} is not a number");
        return null;
    }

    /// <summary>Seconds; what is none is noted and left out.</summary>
    public TimeSpan? Seconds(string name)
    {
        if (Text(name) is not { } value) return null;
        if (PlaylistValue.TrySeconds(value, out TimeSpan time)) return time;
        _text.Note(_at, $"{name} is not a number of seconds");
        return null;
    }

    /// <summary>A time; what is none is noted and left out.</summary>
    public DateTimeOffset? Time(string name)
    {
        if (Text(name) is not { } value) return null;
        if (PlaylistValue.TryTime(value, out DateTimeOffset time)) return time;
        _text.Note(_at, $"{name} is not a date and a time");
        return null;
    }

    private ReadOnlySpan<char> ReadOne(ReadOnlySpan<char> value)
    {
        int sign = value.IndexOfAny('=', ',');
        if (sign <= 0 || value[sign] == ',') throw _text.Broken(_at, "this is not a list of attributes: a name has no value");
        string name = value[..sign].TrimEnd().ToString();
        if (name.Length is 0 or > HlsLimits.AttributeName || name.Contains('"', StringComparison.Ordinal)) throw _text.Broken(_at, "this is not a list of attributes: what stands before '=' is no name");
        if (Text(name) is not null) throw _text.Broken(_at, $"the attribute {name} stands there twice");
        if (_items.Count == HlsLimits.Attributes) throw _text.Broken(_at, $"the tag has more than {HlsLimits.Attributes} attributes");
        value = value[(sign + 1)..].TrimStart();
        ReadOnlySpan<char> content;
        if (value.StartsWith("\"", StringComparison.Ordinal))
        {
            int close = value[1..].IndexOf('"');
            if (close < 0) throw _text.Broken(_at, $"the value of {name} has no closing quote");
            content = value.Slice(1, close);
            value = value[(close + 2)..].TrimStart();
            if (!value.IsEmpty && value[0] != ',') throw _text.Broken(_at, $"something follows the closing quote of {name}");
        }
        else
        {
            int comma = value.IndexOf(',');
            content = (comma < 0 ? value : value[..comma]).TrimEnd();
            value = comma < 0 ? [] : value[comma..];
        }

        _items.Add(new(name, _text.Variables.Expand(_at, content)));
        return value;
    }
}

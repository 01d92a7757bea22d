using System.Text;

namespace Keyway.Manifests.Hls.Text;

/// <summary>The variables of one playlist (RFC 8216bis, 4.3 and 4.4.2.3). Nothing of them survives a reload.</summary>
/// <param name="text">The playlist.</param>
/// <param name="imports">The variables of the multivariant playlist that names it; <see langword="null"/>: there is none.</param>
internal sealed class PlaylistVariables(PlaylistText text, PlaylistVariables? imports)
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private long _expanded;

    /// <summary>Reads an <c>EXT-X-DEFINE</c>.</summary>
    /// <exception cref="ManifestException">It defines nothing, a name twice, or what has no source.</exception>
    public void Define(PlaylistLine at, ReadOnlySpan<char> value, bool isMedia)
    {
        AttributeList attributes = AttributeList.Read(text, at, value);
        string? name = attributes.Text("NAME"), import = attributes.Text("IMPORT"), query = attributes.Text("QUERYPARAM");
        if ((name is null ? 0 : 1) + (import is null ? 0 : 1) + (query is null ? 0 : 1) != 1) throw text.Broken(at, "it must have exactly one of NAME, IMPORT and QUERYPARAM");
        string defined = name ?? import ?? query!;
        if (defined.Length == 0 || !defined.AsSpan().ContainsOnlyNameLetters()) throw text.Broken(at, "the name of a variable has letters, digits, '-' and '_' only, and at least one");
        string found;
        if (name is not null)
        {
            found = attributes.Text("VALUE") ?? throw text.Broken(at, $"the variable '{Shown(defined)}' has no VALUE");
        }
        else if (import is not null)
        {
            if (!isMedia) throw text.Broken(at, "IMPORT has no place in a multivariant playlist");
            if (imports is null) throw text.Broken(at, $"the variable '{Shown(defined)}' is imported, and there is no multivariant playlist that leads here");
            found = imports._values.GetValueOrDefault(defined) ?? throw text.Broken(at, $"the variable '{Shown(defined)}' is imported, and the multivariant playlist does not define it");
        }
        else
        {
            found = QueryParameter(defined) ?? throw text.Broken(at, $"the address of the playlist has no query parameter '{Shown(defined)}'");
        }

        if (_values.Count == HlsLimits.Variables) throw text.Broken(at, $"there are more than {HlsLimits.Variables} variables");
        if (!_values.TryAdd(defined, found)) throw text.Broken(at, $"the variable '{Shown(defined)}' is defined twice");
    }

    /// <summary>Puts values in the place of names. Values are not expanded again.</summary>
    /// <exception cref="ManifestException">A name is not defined, or more would be written than is read.</exception>
    public string Expand(PlaylistLine at, ReadOnlySpan<char> template)
    {
        int open = template.IndexOf("{$", StringComparison.Ordinal);
        if (open < 0) return template.ToString();
        StringBuilder result = new();
        for (; open >= 0; open = template.IndexOf("{$", StringComparison.Ordinal))
        {
            result.Append(template[..open]);
            template = template[open..];
            int close = template.IndexOf('}');
            // What is not a name in braces is text.
            if (close <= 2 || !template[2..close].ContainsOnlyNameLetters())
            {
                result.Append(template[..2]);
                template = template[2..];
                continue;
            }

            string name = template[2..close].ToString();
            string value = _values.GetValueOrDefault(name) ?? throw text.Broken(at, $"the variable '{Shown(name)}' is not defined");
            _expanded += value.Length;
            if (_expanded > HlsLimits.Expanded || result.Length + value.Length > HlsLimits.Line) throw text.Broken(at, "variables make more text than is read");
            result.Append(value);
            template = template[(close + 1)..];
        }

        return result.Append(template).ToString();
    }

    private string? QueryParameter(string name)
    {
        string query = text.Origin.Location.Query;
        foreach (string pair in query.TrimStart('?').Split('&'))
        {
            int sign = pair.IndexOf('=', StringComparison.Ordinal);
            if (sign > 0 && Uri.UnescapeDataString(pair[..sign]) == name) return Uri.UnescapeDataString(pair[(sign + 1)..]);
        }

        return null;
    }

    private static string Shown(string name) => name.Length <= 64 ? name : name[..64] + "…";
}

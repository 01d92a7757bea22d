using System.Globalization;
using System.Text;

namespace Keyway.Dash.Segments;

/// <summary>An address with places to fill in (ISO/IEC 23009-1, 5.3.9.4.4): <c>$Number$</c>, <c>$Time%05d$</c>, <c>$$</c>.</summary>
internal sealed class UrlTemplate
{
    private enum Place
    {
        Text,
        RepresentationId,
        Bandwidth,
        Number,
        Time,
    }

    private readonly List<(Place Place, string Text, int Width)> _parts = [];

    private UrlTemplate()
    {
    }

    /// <summary>Whether each segment has an address of its own.</summary>
    public bool IsPerSegment => _parts.Exists(static part => part.Place is Place.Number or Place.Time);

    public static bool TryParse(string text, out UrlTemplate template, out string reason)
    {
        template = new UrlTemplate();
        reason = "";
        int at = 0;
        while (at < text.Length)
        {
            int open = text.IndexOf('$', at);
            if (open < 0) break;
            if (open > at) template._parts.Add((Place.Text, text[at..open], 0));
            int close = text.IndexOf('$', open + 1);
            if (close < 0)
            {
                reason = $"a template has a '$' without its counterpart, before '{Cut(text.AsSpan(open + 1))}'";
                return false;
            }

            ReadOnlySpan<char> identifier = text.AsSpan(open + 1, close - open - 1);
            if (identifier.StartsWith("SubNumber"))
            {
                reason = $"a template has '${Cut(identifier)}$': segments in parts are not supported";
                return false;
            }

            if (template.Add(identifier) is { } fault)
            {
                reason = $"a template has '${Cut(identifier)}$': {fault}";
                return false;
            }

            at = close + 1;
        }

        if (at < text.Length) template._parts.Add((Place.Text, text[at..], 0));
        return true;
    }

    /// <summary>Fills in.</summary>
    /// <returns><see langword="false"/> when the address would be longer than <see cref="ManifestLimits.Address"/>.</returns>
    public bool TryExpand(string representationId, long bandwidth, ulong number, ulong time, out string address)
    {
        StringBuilder built = new();
        foreach ((Place place, string text, int width) in _parts)
        {
            switch (place)
            {
                case Place.Text: built.Append(text); break;
                case Place.RepresentationId: built.Append(representationId); break;
                case Place.Bandwidth: Append(built, (ulong)bandwidth, width); break;
                case Place.Number: Append(built, number, width); break;
                case Place.Time: Append(built, time, width); break;
            }

            if (built.Length > ManifestLimits.Address)
            {
                address = "";
                return false;
            }
        }

        address = built.ToString();
        return true;
    }

    private static void Append(StringBuilder built, ulong value, int width)
    {
        string digits = value.ToString(CultureInfo.InvariantCulture);
        built.Append('0', Math.Max(0, width - digits.Length)).Append(digits);
    }

    /// <summary>Adds what stands between two signs.</summary>
    /// <returns>Why it cannot be; <see langword="null"/> where it can.</returns>
    private string? Add(ReadOnlySpan<char> identifier)
    {
        if (identifier.IsEmpty)
        {
            _parts.Add((Place.Text, "$", 0));
            return null;
        }

        int percent = identifier.IndexOf('%');
        Place place = (percent < 0 ? identifier : identifier[..percent]) switch
        {
            "RepresentationID" => Place.RepresentationId,
            "Bandwidth" => Place.Bandwidth,
            "Number" => Place.Number,
            "Time" => Place.Time,
            _ => Place.Text,
        };
        if (place == Place.Text) return "no such identifier is known";
        int width = 1;
        if (percent >= 0)
        {
            // %0[width]d, and nothing else of printf.
            ReadOnlySpan<char> format = identifier[(percent + 1)..];
            if (place == Place.RepresentationId) return "an identifier of a representation has no format";
            if (format.Length < 2 || format[0] != '0' || format[^1] != 'd' || (format.Length > 2 && !int.TryParse(format[1..^1], NumberStyles.None, CultureInfo.InvariantCulture, out width)))
                return "the one format that there is for numbers is %0[width]d";
            if (width > ManifestLimits.NumberWidth) return $"it asks for more than {ManifestLimits.NumberWidth} digits";
        }

        _parts.Add((place, "", width));
        return null;
    }

    private static string Cut(ReadOnlySpan<char> text) => text.Length <= 32 ? text.ToString() : string.Concat(text[..32], "…");
}

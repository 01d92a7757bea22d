using System.Text;
using Keyway.Dash.Xml;

namespace Keyway.Dash.Segments;

/// <summary>What is added to the query of segments' addresses (ISO/IEC 23009-1, Annex I): schemes <c>urn:mpeg:dash:urlparam:2014</c> and <c>:2016</c>.</summary>
/// <remarks>
/// The query of the manifest's own address may hold a viewer's token: it is added to addresses of the manifest's origin only. What the manifest itself
/// spells out may go anywhere.
/// </remarks>
internal sealed record UrlQuery
{
    public const string Scheme2014 = "urn:mpeg:dash:urlparam:2014";
    public const string Scheme2016 = "urn:mpeg:dash:urlparam:2016";

    /// <summary>What is added, with <c>$querypart$</c> and <c>$query:name$</c> in it.</summary>
    public required string Template { get; init; }

    /// <summary>Whether it is filled from the query of the manifest's address.</summary>
    public bool UsesManifest { get; init; }

    /// <summary>A query that the manifest spells out.</summary>
    public string Own { get; init; } = "";

    /// <summary>Whether only addresses of the manifest's origin get it.</summary>
    public bool SameOriginOnly { get; init; }

    /// <summary>Whether a descriptor's scheme is one of the two.</summary>
    public static bool IsScheme(string scheme) => scheme is Scheme2014 or Scheme2016;

    /// <summary>Reads the descriptor that the cursor stands at.</summary>
    /// <returns>What it says. <see langword="null"/>: it needs what is not done here, such as headers of answers; or nothing that can be understood.</returns>
    public static UrlQuery? Read(MpdCursor at, out bool concernsSegments)
    {
        UrlQuery? read = null;
        bool understood = true, segments = false;
        at.Children(() =>
        {
            if (!at.Namespace.StartsWith("urn:mpeg:dash:schema:urlparam:", StringComparison.OrdinalIgnoreCase)) return;
            if (at.Name is not ("UrlQueryInfo" or "ExtUrlQueryInfo") || read is not null || at.Attribute("href", MpdNames.XLink) is not null)
            {
                understood = false;
                return;
            }

            string template = at.Attribute("queryTemplate") ?? "", own = at.Attribute("queryString") ?? "";
            if (template.Length > ManifestLimits.Query || own.Length > ManifestLimits.Query || !TryFill(template, "", out _)) understood = false;
            string[] requests = (at.Attribute("includeInRequests") ?? "segment").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            segments |= requests.Contains("segment", StringComparer.Ordinal);
            read = new UrlQuery
            {
                Template = template,
                UsesManifest = IsTrue(at.Attribute("useMPDUrlQuery")),
                Own = own.TrimStart('?', '&'),
                SameOriginOnly = IsTrue(at.Attribute("sameOriginOnly")),
            };
        });
        concernsSegments = segments;
        return understood ? read : null;
    }

    /// <summary>An address with what is added to it.</summary>
    /// <exception cref="ManifestException">It becomes too long.</exception>
    public Uri AddTo(MpdContext context, Uri address, string path)
    {
        if (address.IsFile) return address;
        bool home = context.Origin.IsOriginOfLocation(address);
        if (SameOriginOnly && !home) return address;
        string manifest = UsesManifest && home ? context.Origin.Location.Query.TrimStart('?') : "";
        string initial = manifest.Length > 0 && Own.Length > 0 ? $"{manifest}&{Own}" : manifest + Own;
        if (!TryFill(Template, initial, out string query) || query.Length == 0) return address;
        string text = address.OriginalString.Split('#')[0];
        string whole = $"{text}{(text.Contains('?', StringComparison.Ordinal) ? text.EndsWith('?') || text.EndsWith('&') ? "" : "&" : "?")}{query}";
        return whole.Length <= ManifestLimits.Address && Uri.TryCreate(whole, UriKind.Absolute, out Uri? added)
            ? added
            : throw context.Refuse(new FormatError($"an address with its query is longer than {ManifestLimits.Address} characters", path, -1));
    }

    private static bool IsTrue(string? text) => text?.Trim() is "true" or "1";

    // $querypart$: all of it; $query:name$: the value of one parameter; $$: the sign itself.
    private static bool TryFill(string template, string initial, out string filled)
    {
        const string One = "query:";
        StringBuilder built = new();
        filled = "";
        string[] parts = template.Split('$');
        if (parts.Length % 2 == 0) return false;
        for (int i = 0; i < parts.Length; i++)
        {
            if (i % 2 == 0) built.Append(parts[i]);
            else if (parts[i].Length == 0) built.Append('$');
            else if (parts[i] == "querypart") built.Append(initial);
            else if (parts[i].StartsWith(One, StringComparison.Ordinal)) built.Append(ValueOf(initial, parts[i][One.Length..]));
            else return false;
        }

        filled = built.ToString().Trim('?', '&');
        return true;
    }

    private static string ValueOf(string query, string name) =>
        query.Split('&').Select(static pair => pair.Split('=', 2)).FirstOrDefault(pair => pair[0] == name) is [_, string value] ? value : "";
}

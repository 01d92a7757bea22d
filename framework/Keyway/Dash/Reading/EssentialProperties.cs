namespace Keyway.Dash.Reading;

/// <summary>The <c>EssentialProperty</c> descriptors of one element (ISO/IEC 23009-1, 5.8.4.8): who does not understand them ignores the element.</summary>
internal sealed class EssentialProperties
{
    // Colour and frame packing are in the stream too, and it is handed on as it is; thumbnail tiles and fonts are of tracks that nobody plays here.
    private static readonly HashSet<string> Understood = new(StringComparer.OrdinalIgnoreCase)
    {
        AdaptationSet.TrickModeScheme,
        "urn:mpeg:mpegB:cicp:ColourPrimaries",
        "urn:mpeg:mpegB:cicp:TransferCharacteristics",
        "urn:mpeg:mpegB:cicp:MatrixCoefficients",
        "urn:mpeg:mpegB:cicp:VideoFullRangeFlag",
        "http://dashif.org/thumbnail_tile",
        "http://dashif.org/guidelines/thumbnail_tile",
        "urn:dvb:dash:fontdownload:2014",
    };

    private readonly List<(string? Id, string Scheme, bool IsUnderstood)> _all = [];

    /// <summary>Whether a scheme needs nothing but to be known.</summary>
    public static bool IsUnderstood(string scheme) => Understood.Contains(scheme);

    public void Add(string? id, string scheme, bool understood) => _all.Add((id, scheme, understood));

    /// <summary>The first scheme that is not understood, unless one of the same <c>@id</c> is: of those one suffices.</summary>
    public string? Unknown => _all.Find(each => !each.IsUnderstood && (each.Id is null || !_all.Exists(other => other.Id == each.Id && other.IsUnderstood))).Scheme;
}

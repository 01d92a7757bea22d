using System.Text;
using Keyway.Sources;

namespace Keyway.Dash;

/// <summary>Small manifests for tests.</summary>
internal static class Mpd
{
    public static readonly Uri Location = new("https://content.example/shows/one/manifest.mpd?token=secret");

    public static Manifest Read(string content, Uri? location = null) => ManifestReader.Read(Encoding.UTF8.GetBytes(content), location ?? Location);

    /// <summary>A manifest around periods.</summary>
    public static string Around(string periods, string attributes = "") =>
        $"""<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:cenc="urn:mpeg:cenc:2013" {attributes}>{periods}</MPD>""";

    /// <summary>The only representation of a manifest around one.</summary>
    public static Representation One(string inSet, string representation = """<Representation id="r1" bandwidth="1000"/>""", string period = "", string attributes = "", Uri? location = null) =>
        Read(Around($"""<Period {period}><AdaptationSet mimeType="video/mp4">{inSet}{representation}</AdaptationSet></Period>""", attributes), location)
            .Periods[0].AdaptationSets[0].Representations[0];

    public static string[] Addresses(this Representation representation, DateTimeOffset? now = null) =>
        [.. representation.Segments.Enumerate(now).Select(static segment => segment.Address.OriginalString)];

    public static ContentOrigin Origin(this Uri uri) => ContentOrigin.Of(uri);
}

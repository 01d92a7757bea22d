using System.Xml.Linq;

namespace Keyway.Sandbox;

/// <summary>
/// The element by which players in browsers know Clear Key: DASH-IF's system with the address of the licence service, beside the header of
/// W3C's common system, which names no service (DASH-IF IOP, Content Protection: Clear Key and <c>dashif:Laurl</c>).
/// </summary>
internal static class DashIfClearKey
{
    private const string Scheme = "urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e";

    private static readonly XNamespace Mpd = "urn:mpeg:dash:schema:mpd:2011";
    private static readonly XNamespace ContentProtection = "https://dashif.org/CPS";

    /// <summary>Makes the element. It has no init data: the keys are those of <c>cenc:default_KID</c>, or of the media.</summary>
    /// <param name="host">The sandbox's own address: <c>http://127.0.0.1:8797</c>. A page lies elsewhere, so nothing relative will do.</param>
    /// <returns>The element.</returns>
    public static XElement Make(string host) => new(
        Mpd + "ContentProtection",
        new XAttribute("schemeIdUri", Scheme),
        new XAttribute("value", "ClearKey1.0"),
        new XElement(ContentProtection + "Laurl", new XAttribute(XNamespace.Xmlns + "dashif", ContentProtection), new XAttribute("licenseType", "EME-1.0"), host + "/clearkey"));
}

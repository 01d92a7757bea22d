using System.Xml;

namespace Keyway.Dash.Xml;

/// <summary>The namespaces of manifests, and the prefixes under which the world writes them.</summary>
internal static class MpdNames
{
    public const string Cenc = "urn:mpeg:cenc:2013";
    public const string PlayReady = "urn:microsoft:playready";
    public const string Microsoft = "urn:microsoft";
    public const string DashIf = "https://dashif.org/CPS";
    public const string ClearKey = "http://dashif.org/guidelines/clearKey";
    public const string XLink = "http://www.w3.org/1999/xlink";
    public const string ResolveToZero = "urn:mpeg:dash:resolve-to-zero:2013";
    public const string RoleScheme = "urn:mpeg:dash:role:2011";

    // Prefixes that real manifests use without binding them. A strict parser refuses those manifests; every player reads them.
    private static readonly Dictionary<string, string> Known = new(StringComparer.Ordinal)
    {
        ["cenc"] = Cenc,
        ["mspr"] = PlayReady,
        ["ms"] = Microsoft,
        ["dashif"] = DashIf,
        ["clearkey"] = ClearKey,
        ["ck"] = ClearKey,
        ["xlink"] = XLink,
        ["xsi"] = "http://www.w3.org/2001/XMLSchema-instance",
        ["scte35"] = "urn:scte:scte35:2013:xml",
        ["scte214"] = "urn:scte:dash:scte214-extensions",
        ["dvb"] = "urn:dvb:dash:dash-extensions:2014-1",
        ["mas"] = "urn:marlin:mas:1-0:services:schemas:mpd",
        ["sea"] = "urn:mpeg:dash:schema:sea:2012",
        ["widevine"] = "urn:google:widevine",
    };

    public static bool IsKnownPrefix(string prefix) => Known.ContainsKey(prefix);

    // Written urn:mpeg:dash:schema:mpd:2011 and urn:mpeg:DASH:schema:MPD:2011; a URN's name-space part ignores case anyway.
    public static bool IsDash(string name) => name.Length == 0 || name.StartsWith("urn:mpeg:dash:schema:mpd:", StringComparison.OrdinalIgnoreCase);

    // https://dashif.org/, http://dashif.org/CPS, http://dashif.org/guidelines/clearKey …: whatever stands behind the name, it is theirs.
    public static bool IsDashIf(string name) => Uri.TryCreate(name, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https"
        && (address.Host.Equals("dashif.org", StringComparison.OrdinalIgnoreCase) || address.Host.Equals("www.dashif.org", StringComparison.OrdinalIgnoreCase));

    // urn:mpeg:cenc:2013, and the same in capitals or of another year.
    public static bool IsCenc(string name) => name.Equals("urn:mpeg:cenc", StringComparison.OrdinalIgnoreCase) || name.StartsWith("urn:mpeg:cenc:", StringComparison.OrdinalIgnoreCase);

    // urn:microsoft, urn:microsoft:playready and urn:schemas-microsoft-com:… in any case.
    public static bool IsMicrosoft(string name) => name.StartsWith(Microsoft, StringComparison.OrdinalIgnoreCase) || name.StartsWith("urn:schemas-microsoft-com", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("http://schemas.microsoft.com/", StringComparison.OrdinalIgnoreCase) || name.StartsWith("https://schemas.microsoft.com/", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether the element that a reader stands at may stand in a document of its own, and says where (ISO/IEC 23009-1, 5.5.2).</summary>
    public static bool IsLinked(XmlReader xml) =>
        xml.LocalName is "Period" or "AdaptationSet" or "EventStream" or "InitializationSet" or "SegmentList" && IsDash(xml.NamespaceURI) && xml.GetAttribute("href", XLink) is not null;

    public static XmlParserContext Context()
    {
        NameTable names = new();
        XmlNamespaceManager manager = new(names);
        foreach ((string prefix, string name) in Known) manager.AddNamespace(prefix, name);
        return new XmlParserContext(names, manager, null, XmlSpace.None);
    }
}

using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using Keyway.PlayReady.Soap;

namespace Keyway.PlayReady;

/// <content>From markup to values, by the rules of each version. What a known version does not define is passed over.</content>
internal sealed partial record PlayReadyHeader
{
    /// <summary>Reads markup.</summary>
    public static bool TryParse(string markup, out PlayReadyHeader? header, out PlayReadyFault fault)
    {
        header = null;
        if (markup.StartsWith("<?xml ", StringComparison.Ordinal) && markup.IndexOf("?>", StringComparison.Ordinal) is > 0 and int end)
            markup = markup[(end + 2)..].TrimStart();   // a declaration does not belong here, and cannot go into the challenge
        XElement root;
        try
        {
            XDocument document = BoundedXml.Parse(markup);
            root = document.Root!;
            if (document.Nodes().Count() != 1) return Fail("something stands beside the header's element", out fault);
        }
        catch (XmlException cause)
        {
            return Fail($"the header is not well-formed XML (line {cause.LineNumber}, position {cause.LinePosition})", out fault);
        }

        if (root.Name.LocalName != "WRMHEADER" || root.Name.NamespaceName != PlayReadyConstants.HeaderNamespace)
            return Fail("the header's element is not WRMHEADER of PlayReady's namespace", out fault);
        if (root.Attribute("version")?.Value is not string version)
            return Fail(PlayReadyCode.HeaderVersionMissing, "the header has no version", out fault);
        if (version is not ("4.0.0.0" or "4.1.0.0" or "4.2.0.0" or "4.3.0.0"))
            return Fail(PlayReadyCode.HeaderVersionUnsupported, $"header version {Shorten(version)} is not known; 4.0.0.0 to 4.3.0.0 are", out fault);

        if (!TryChild(root, "DATA", out XElement? data, out fault)) return false;
        if (data is null) return Fail("the header has no DATA", out fault);
        if (!TryText(data, "LA_URL", out string? licenseUrl, out fault) || !TryText(data, "LUI_URL", out string? pageUrl, out fault)
            || !TryText(data, "DS_ID", out string? domain, out fault) || !TryText(data, "DECRYPTORSETUP", out string? setup, out fault)
            || !TryChild(data, "CUSTOMATTRIBUTES", out XElement? custom, out fault) || !TryChild(data, "PROTECTINFO", out XElement? info, out fault)) return false;

        if (custom is { IsEmpty: true } || (custom is not null && !custom.Nodes().Any())) return Fail("CUSTOMATTRIBUTES is empty", out fault);
        bool knowsSetup = version != "4.0.0.0";
        if (knowsSetup && setup is not null && setup != "ONDEMAND") return Fail("DECRYPTORSETUP is not ONDEMAND", out fault);
        Guid? service = null;
        if (domain is not null)
        {
            if (!TryBase64(domain, KeyId.Size, out byte[] id)) return Fail("DS_ID is not base64 of 16 bytes", out fault);
            service = new Guid(id, bigEndian: false);
        }

        bool? requested = null;
        if (version == "4.3.0.0" && info?.Attribute("LICENSEREQUESTED")?.Value is string wish && wish is ("true" or "false")) requested = wish == "true";

        int? keyLength = null;
        List<HeaderKey> keys = [];
        bool read = version switch
        {
            "4.0.0.0" => TryReadKey40(data, info, keys, out keyLength, out fault),
            "4.1.0.0" => TryReadKey41(info, keys, out fault),
            _ => TryReadKeys42(version, info, keys, out fault),
        };
        if (!read) return false;

        header = new PlayReadyHeader
        {
            Markup = markup,
            Version = version,
            Keys = keys,
            LicenseUrl = licenseUrl,
            PageUrl = pageUrl,
            DomainService = service,
            OnDemand = knowsSetup && setup is not null,
            LicenseRequested = requested,
            KeyLength = keyLength,
            CustomAttributes = custom?.Value.Length,
        };
        fault = default;
        return true;
    }

    // <DATA> <PROTECTINFO> <KEYLEN/> <ALGID/> </PROTECTINFO> <KID/> <CHECKSUM/> …
    private static bool TryReadKey40(XElement data, XElement? info, List<HeaderKey> keys, out int? length, out PlayReadyFault fault)
    {
        length = null;
        if (data.Elements().Count(child => child.Name.LocalName == "KID") > 1)
            return Fail(PlayReadyCode.HeaderSeveralKeyIds, "a 4.0 header names several keys", out fault);
        if (!TryText(data, "KID", out string? kid, out fault)) return false;
        if (kid is null) return Fail(PlayReadyCode.HeaderKeyIdMissing, "a 4.0 header names no key", out fault);
        if (info is null) return Fail("a 4.0 header has no PROTECTINFO", out fault);
        if (!TryText(info, "ALGID", out string? name, out fault) || !TryText(info, "KEYLEN", out string? digits, out fault)) return false;
        if (!TryChild(data, "CHECKSUM", out XElement? checksum, out fault)) return false;

        if (name is null) return Fail("a 4.0 header has no ALGID", out fault);
        if (!TryAlgorithm(name, "4.0.0.0", out HeaderAlgorithm algorithm, out fault)) return false;
        int expected = algorithm == HeaderAlgorithm.Cocktail ? 7 : 16;
        if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int bytes) || bytes != expected)
            return Fail($"KEYLEN is not {expected}", out fault);
        length = bytes;
        return TryAddKey(keys, kid, algorithm, checksum?.Value, out fault);
    }

    // <PROTECTINFO> <KID ALGID CHECKSUM VALUE/> </PROTECTINFO>
    private static bool TryReadKey41(XElement? info, List<HeaderKey> keys, out PlayReadyFault fault)
    {
        fault = default;
        if (info is null) return true;
        if (info.Elements().Count(child => child.Name.LocalName == "KID") > 1)
            return Fail(PlayReadyCode.HeaderSeveralKeyIds, "a 4.1 header names several keys", out fault);
        return !TryChild(info, "KID", out XElement? kid, out fault) ? false : kid is null || TryReadKeyElement("4.1.0.0", kid, keys, out fault);
    }

    // <PROTECTINFO> <KIDS> <KID ALGID CHECKSUM VALUE/> … </KIDS> </PROTECTINFO>
    private static bool TryReadKeys42(string version, XElement? info, List<HeaderKey> keys, out PlayReadyFault fault)
    {
        fault = default;
        if (info is null) return true;
        if (!TryChild(info, "KIDS", out XElement? list, out fault)) return false;
        if (list is null) return true;
        foreach (XElement kid in Named(list, "KID"))
            if (!TryReadKeyElement(version, kid, keys, out fault)) return false;
        if (keys.Count == 0) return Fail(PlayReadyCode.HeaderKeyIdMissing, "KIDS is empty", out fault);
        if (version == "4.3.0.0" && keys.Select(key => key.Algorithm).Distinct().Count() > 1)
            return Fail("the keys of a 4.3 header name different algorithms", out fault);
        return true;
    }

    private static bool TryReadKeyElement(string version, XElement kid, List<HeaderKey> keys, out PlayReadyFault fault)
    {
        if (kid.Attribute("VALUE")?.Value is not string value) return Fail(PlayReadyCode.HeaderKeyIdMissing, "a KID has no VALUE", out fault);
        if (kid.HasElements || kid.Value.Trim().Length > 0) return Fail("a KID with attributes has content", out fault);
        HeaderAlgorithm algorithm = HeaderAlgorithm.None;
        if (kid.Attribute("ALGID")?.Value is string name)
        {
            if (!TryAlgorithm(name, version, out algorithm, out fault)) return false;
        }
        else if (version != "4.3.0.0") return Fail($"a KID of a {version} header has no ALGID", out fault);

        string? checksum = kid.Attribute("CHECKSUM")?.Value;
        if (algorithm == HeaderAlgorithm.AesCbc && checksum is not null) return Fail("a KID with ALGID AESCBC has a checksum", out fault);
        return TryAddKey(keys, value, algorithm, checksum, out fault);
    }

    private static bool TryAddKey(List<HeaderKey> keys, string value, HeaderAlgorithm algorithm, string? checksum, out PlayReadyFault fault)
    {
        if (!TryBase64(value, KeyId.Size, out byte[] bytes)) return Fail("a KID is not base64 of 16 bytes", out fault);
        byte[] sum = [];
        int length = algorithm == HeaderAlgorithm.Cocktail ? KeyChecksum.CocktailLength : KeyChecksum.Length;
        if (!string.IsNullOrWhiteSpace(checksum) && !TryBase64(checksum, length, out sum)) return Fail($"a checksum is not base64 of {length} bytes", out fault);
        KeyId id = KeyIdOrder.Read(bytes);
        if (keys.Any(key => key.Id == id)) return Fail("a key is named twice", out fault);
        keys.Add(new HeaderKey(id, algorithm, sum));
        fault = default;
        return true;
    }

    private static bool TryAlgorithm(string name, string version, out HeaderAlgorithm algorithm, out PlayReadyFault fault)
    {
        algorithm = name switch
        {
            "AESCTR" => HeaderAlgorithm.AesCtr,
            "AESCBC" when version == "4.3.0.0" => HeaderAlgorithm.AesCbc,
            "COCKTAIL" => HeaderAlgorithm.Cocktail,
            _ => HeaderAlgorithm.None,
        };
        fault = default;
        return algorithm != HeaderAlgorithm.None || Fail($"ALGID {Shorten(name)} is not known in a {version} header", out fault);
    }

    private static bool TryBase64(string text, int length, out byte[] bytes)
    {
        bytes = new byte[length];
        return Convert.TryFromBase64String(text, bytes, out int written) && written == length;
    }

    /// <summary>The children of a name: of the header's namespace or of none, for CUSTOMATTRIBUTES is often written without.</summary>
    private static IEnumerable<XElement> Named(XElement parent, string name) => parent.Elements()
        .Where(child => child.Name.LocalName == name && child.Name.NamespaceName is PlayReadyConstants.HeaderNamespace or "");

    private static bool TryChild(XElement parent, string name, out XElement? child, out PlayReadyFault fault)
    {
        List<XElement> found = [.. Named(parent, name)];
        child = found.Count == 1 ? found[0] : null;
        fault = default;
        return found.Count <= 1 || Fail($"the header has {name} twice", out fault);
    }

    /// <summary>The text of a child. An element that is there must not be empty.</summary>
    private static bool TryText(XElement parent, string name, out string? text, out PlayReadyFault fault)
    {
        text = null;
        if (!TryChild(parent, name, out XElement? child, out fault)) return false;
        if (child is null) return true;
        text = child.Value.Trim();
        return text.Length > 0 || Fail($"{name} is empty", out fault);
    }

    private static string Shorten(string text) => text.Length <= 16 ? text : text[..16] + "…";

    private static bool Fail(string reason, out PlayReadyFault fault) => Fail(PlayReadyCode.HeaderInvalid, reason, out fault);

    private static bool Fail(uint code, string reason, out PlayReadyFault fault)
    {
        fault = new PlayReadyFault(code, reason);
        return false;
    }
}

using System.Xml.Linq;

namespace Keyway.Sandbox.PlayReady;

/// <summary>A key that a header names.</summary>
/// <param name="Kid">Its identifier.</param>
/// <param name="Type">What it is for, where the header says.</param>
/// <param name="Checksum">Its checksum, where there is one.</param>
internal sealed record HeaderKey(Guid Kid, KeyType? Type, byte[]? Checksum);

/// <summary>The WRMHEADER of a challenge.</summary>
/// <param name="Version">4.0 to 4.3.</param>
/// <param name="Keys">The keys.</param>
internal sealed record ContentHeader(Version Version, IReadOnlyList<HeaderKey> Keys)
{
    private const int MostKeys = 256;

    /// <summary>What all the keys are for, where the header says.</summary>
    public KeyType? Type => Keys.Count > 0 ? Keys[0].Type : null;

    /// <summary>Reads a header.</summary>
    /// <param name="header">The element.</param>
    /// <returns>The header.</returns>
    /// <exception cref="FaultException">It is none, or none that is answered here.</exception>
    public static ContentHeader Read(XElement header)
    {
        XNamespace ns = Uris.Header;
        if (header.Name != ns + "WRMHEADER") throw new FaultException(StatusCode.HeaderInvalid, "The ContentHeader holds no WRMHEADER.");
        Version version = header.Attribute("version")?.Value switch
        {
            "4.0.0.0" => new Version(4, 0),
            "4.1.0.0" => new Version(4, 1),
            "4.2.0.0" => new Version(4, 2),
            "4.3.0.0" => new Version(4, 3),
            null => throw new FaultException(0x80041103, "The header has no version."),
            _ => throw new FaultException(StatusCode.HeaderVersion, "The header's version is not 4.0 to 4.3."),
        };
        if (header.Elements(ns + "DATA").Count() != 1) throw Invalid("has no DATA element, or several");

        XElement data = header.Element(ns + "DATA")!;
        if (data.Elements().GroupBy(child => child.Name).Any(group => group.Count() > 1)) throw Invalid("has an element twice");
        XElement? info = data.Element(ns + "PROTECTINFO");
        List<HeaderKey> keys = [];
        if (version.Minor == 0)
        {
            XElement kid = data.Element(ns + "KID") ?? throw new FaultException(StatusCode.HeaderKidMissing, "The header has no KID.");
            keys.Add(Key(kid.Value, info?.Element(ns + "ALGID")?.Value ?? throw Invalid("has no ALGID"), data.Element(ns + "CHECKSUM")?.Value));
        }
        else
        {
            IEnumerable<XElement> kids = version.Minor == 1 ? info?.Elements(ns + "KID") ?? [] : info?.Element(ns + "KIDS")?.Elements(ns + "KID") ?? [];
            foreach (XElement kid in kids)
            {
                if (keys.Count == MostKeys) throw Invalid("has too many KIDs");
                string? algorithm = kid.Attribute("ALGID")?.Value;
                if (algorithm is null && version.Minor < 3) throw Invalid("has a KID without ALGID");
                keys.Add(Key(kid.Attribute("VALUE")?.Value ?? throw Invalid("has a KID without VALUE"), algorithm, kid.Attribute("CHECKSUM")?.Value));
            }
        }

        if (version.Minor == 1 && keys.Count > 1) throw new FaultException(StatusCode.HeaderSeveralKids, "A header of version 4.1 has one KID.");
        if (keys.Select(key => key.Type).Distinct().Count() > 1) throw Invalid("has KIDs of different ALGID");
        if (version.Minor < 3 && keys.Any(key => key.Type == KeyType.AesCbc)) throw Invalid("has an ALGID that its version does not know");
        if (keys.Any(key => key is { Type: KeyType.AesCbc, Checksum: not null })) throw Invalid("has a CHECKSUM for AESCBC");
        return new ContentHeader(version, keys);
    }

    private static HeaderKey Key(string kid, string? algorithm, string? checksum)
    {
        byte[] id = Base64(kid), sum = checksum is null ? [] : Base64(checksum);
        if (id.Length != 16) throw Invalid("has a KID that is not 16 bytes long");
        KeyType? type = algorithm switch
        {
            null => null,
            "AESCTR" => KeyType.AesCtr,
            "AESCBC" => KeyType.AesCbc,
            "COCKTAIL" => throw new FaultException(StatusCode.ServiceSpecific, "COCKTAIL keys are not issued here."),
            _ => throw Invalid("has an ALGID that does not exist"),
        };
        if (checksum is not null && sum.Length != 8) throw Invalid("has a CHECKSUM that is not 8 bytes long");
        return new HeaderKey(new Guid(id, bigEndian: false), type, checksum is null ? null : sum);
    }

    private static byte[] Base64(string text)
    {
        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException)
        {
            throw Invalid("has a value that is not base64");
        }
    }

    private static FaultException Invalid(string what) => new(StatusCode.HeaderInvalid, $"The header {what}.");
}

using System.Xml;
using System.Xml.Linq;

namespace Keyway.PlayReady.Soap;

/// <summary>The content of a licence answer. When it is signed, every value comes from the very characters that the digest covers.</summary>
internal sealed class LicenseResponse
{
    private const string ElementName = "LicenseResponse";

    private LicenseResponse(string markup, XElement element, ResponseSignature? signature)
    {
        Markup = markup;
        Element = element;
        Signature = signature;
    }

    /// <summary>The characters of the element as received; of an unsigned answer empty where they could not be found.</summary>
    public string Markup { get; }

    /// <summary>The signature; <see langword="null"/>: the answer has none.</summary>
    public ResponseSignature? Signature { get; }

    /// <summary>The licences in order. Read by <see cref="TryReadContent"/>, like the two values that follow.</summary>
    public IReadOnlyList<byte[]> Licenses { get; private set; } = [];

    /// <summary>The copy of the challenge's nonce.</summary>
    public byte[]? Nonce { get; private set; }

    /// <summary>Opaque. What it is made of is not public.</summary>
    public byte[]? ResponseId { get; private set; }

    /// <summary>The chain of the key that signed the answer; empty where it is not base64.</summary>
    public byte[]? SigningChain => Element.ElementsNamed("SigningCertificateChain").Any() ? Bytes(Element.OnlyNamed("SigningCertificateChain")) ?? [] : null;

    /// <summary>Whether the service asks to be told the result of the licences. The message for that is not public; it is not sent.</summary>
    public bool WantsAcknowledgement => Element.ElementsNamed("Acknowledgement").Any();

    /// <summary>Whether the answer brings revocation lists. They are not stored.</summary>
    public bool BringsRevocationLists => Element.ElementsNamed("RevInfo").Any();

    private XElement Element { get; }

    /// <summary>Finds the answer in a message, and its signature.</summary>
    public static bool TryRead(SoapMessage message, out LicenseResponse? response, out PlayReadyFault fault)
    {
        response = null;
        XElement? parent = message.Body.OnlyNamed("AcquireLicenseResponse").OnlyNamed("AcquireLicenseResult").OnlyNamed("Response");
        if (parent.OnlyNamed(ElementName) is not XElement element) return Fail("the answer has not exactly one LicenseResponse", out fault);
        string markup = "";
        ResponseSignature? signature = null;
        XElement[] signatures = [.. parent!.ElementsNamed("Signature")];
        if (signatures.Length > 0)
        {
            // The digest is over characters, so the values must come from these characters and from no others.
            if (signatures.Length > 1 || !RawElement.TryFind(message.Text, ElementName, out markup)
                || !RawElement.TryFind(message.Text, "SignedInfo", out string signedInfo)
                || !TryParse(markup, out XElement? signed) || !TryParse(signedInfo, out XElement? info))
                return Fail(PlayReadyCode.ResponseSignature, "the answer's signature does not cover one LicenseResponse", out fault);
            element = signed!;
            signature = new ResponseSignature { SignedInfo = signedInfo, Content = info!, Value = Bytes(signatures[0].OnlyNamed("SignatureValue")) ?? [] };
        }

        response = new LicenseResponse(markup, element, signature);
        fault = default;
        return true;
    }

    /// <summary>Reads what the answer says. Of a signed one, after its signature was verified.</summary>
    public bool TryReadContent(out PlayReadyFault fault)
    {
        List<byte[]> licenses = [];
        foreach (XElement license in Element.OnlyNamed("Licenses")?.ElementsNamed("License") ?? [])
        {
            if (Bytes(license) is not { Length: > 0 } bytes) return Fail("a licence is not base64", out fault);
            licenses.Add(bytes);
        }

        if (!TryOptional(Element, "LicenseNonce", out byte[]? nonce) || !TryOptional(Element, "ResponseID", out byte[]? id))
            return Fail("the answer has a value twice, or one that is not base64", out fault);
        (Licenses, Nonce, ResponseId) = (licenses, nonce, id);
        fault = default;
        return true;
    }

    /// <summary>The element's own identifier, which the signature refers to.</summary>
    public string? Id => Element.Attribute("Id")?.Value;

    private static bool TryParse(string markup, out XElement? element)
    {
        element = null;
        try
        {
            element = BoundedXml.Parse(markup).Root;
            return true;
        }
        catch (XmlException)
        {
            return false;
        }
    }

    private static bool TryOptional(XElement parent, string name, out byte[]? bytes)
    {
        bytes = null;
        XElement[] found = [.. parent.ElementsNamed(name)];
        if (found.Length == 0) return true;
        bytes = found.Length == 1 ? Bytes(found[0]) : null;
        return bytes is not null;
    }

    private static byte[]? Bytes(XElement? element)
    {
        if (element is null) return null;
        string text = element.Value.Trim();
        byte[] bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out int written) ? bytes[..written] : null;
    }

    private static bool Fail(string reason, out PlayReadyFault fault) => Fail(PlayReadyCode.LicenseInvalid, reason, out fault);

    private static bool Fail(uint code, string reason, out PlayReadyFault fault)
    {
        fault = new PlayReadyFault(code, reason);
        return false;
    }
}

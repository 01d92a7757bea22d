using System.Security.Cryptography;
using System.Text;

namespace Keyway.Sandbox.PlayReady;

/// <summary>Writes answers in SOAP.</summary>
/// <remarks>What is signed is written in canonical form to begin with, signed as it stands and pasted in; nothing is serialised afterwards.</remarks>
internal static class SoapWriter
{
    private const string Start = """<?xml version="1.0" encoding="utf-8"?>""";

    /// <summary>Writes the part of an answer that is signed, if anything is.</summary>
    /// <param name="answer">What the answer is about.</param>
    /// <returns>The element.</returns>
    public static string LicenseResponse(LicenseAnswer answer)
    {
        StringBuilder text = new();
        string id = answer.HasId ? " Id=\"SignedData\"" : "";
        text.Append($"<LicenseResponse xmlns=\"{Uris.Protocol}\"{id}><Version>1</Version><Licenses>");
        foreach (byte[] license in answer.Licenses) text.Append($"<License>{Convert.ToBase64String(license)}</License>");
        text.Append("</Licenses>");
        if (answer.Transaction is { } transaction) text.Append($"<Acknowledgement><TransactionID>{transaction}</TransactionID></Acknowledgement>");
        if (answer.Nonce is { } nonce) text.Append($"<LicenseNonce>{Convert.ToBase64String(nonce)}</LicenseNonce>");
        if (answer.ResponseId is { } response) text.Append($"<ResponseID>{Convert.ToBase64String(response)}</ResponseID>");
        if (answer.SigningChain is { } chain) text.Append($"<SigningCertificateChain>{Convert.ToBase64String(chain)}</SigningCertificateChain>");
        return text.Append("</LicenseResponse>").ToString();
    }

    /// <summary>Writes what is signed of a signed answer.</summary>
    /// <param name="digest">SHA-256 of the signed part.</param>
    /// <returns>The element.</returns>
    public static string SignedInfo(byte[] digest) =>
        $"<SignedInfo xmlns=\"{Uris.Signature}\"><CanonicalizationMethod Algorithm=\"{Uris.Canonical}\"></CanonicalizationMethod>"
        + $"<SignatureMethod Algorithm=\"{Uris.Ecdsa}\"></SignatureMethod><Reference URI=\"#SignedData\">"
        + $"<DigestMethod Algorithm=\"{Uris.Sha256}\"></DigestMethod><DigestValue>{Convert.ToBase64String(digest)}</DigestValue></Reference></SignedInfo>";

    /// <summary>Signs an answer.</summary>
    /// <param name="response">The signed part.</param>
    /// <param name="key">The key.</param>
    /// <param name="oddities">What is to be unusual about it.</param>
    /// <returns>The Signature element.</returns>
    public static string Sign(string response, ECDsa key, Oddities oddities)
    {
        byte[] digest = SHA256.HashData(Encoding.UTF8.GetBytes(response));
        if (oddities.Flaw("digest")) digest[^1] ^= 1;
        string info = SignedInfo(digest);
        byte[] signature = Curve.Sign(key, Encoding.UTF8.GetBytes(info));
        if (oddities.Flaw("signature")) signature[^1] ^= 1;
        return $"<Signature xmlns=\"{Uris.Signature}\">{info}<SignatureValue>{Convert.ToBase64String(signature)}</SignatureValue></Signature>";
    }

    /// <summary>Writes a message with licences.</summary>
    /// <param name="response">The LicenseResponse element.</param>
    /// <param name="signature">The Signature element, or nothing.</param>
    /// <param name="isSoap12">Whether in SOAP 1.2.</param>
    /// <returns>The message.</returns>
    public static string Message(string response, string signature, bool isSoap12) => Envelope(
        $"<AcquireLicenseResponse xmlns=\"{Uris.Protocol}\"><AcquireLicenseResult><Response xmlns=\"{Uris.Messages}\">{response}{signature}</Response></AcquireLicenseResult></AcquireLicenseResponse>",
        isSoap12);

    /// <summary>Writes a fault.</summary>
    /// <param name="status">PlayReady's code.</param>
    /// <param name="reason">The reason, for people.</param>
    /// <param name="actor">The service's address.</param>
    /// <param name="oddities">Further data.</param>
    /// <returns>The message.</returns>
    public static string Fault(uint status, string reason, string actor, Oddities oddities)
    {
        StringBuilder detail = new($"<Exception><StatusCode>0x{status:X8}</StatusCode>");
        foreach ((string name, string text) in oddities.FaultData) detail.Append($"<{name}>{Escape(text)}</{name}>");
        detail.Append("</Exception>");
        return Envelope(
            oddities.IsSoap12
                ? $"<soap:Fault><soap:Code><soap:Value>soap:Receiver</soap:Value></soap:Code><soap:Reason><soap:Text xml:lang=\"en\">{Escape(reason)}</soap:Text></soap:Reason><soap:Detail>{detail}</soap:Detail></soap:Fault>"
                : $"<soap:Fault><faultcode>soap:Server</faultcode><faultstring>{Escape(reason)}</faultstring><faultactor>{Escape(actor)}</faultactor><detail>{detail}</detail></soap:Fault>",
            oddities.IsSoap12);
    }

    private static string Envelope(string body, bool isSoap12) =>
        $"{Start}<soap:Envelope xmlns:soap=\"{(isSoap12 ? Uris.Soap12 : Uris.Soap11)}\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""
        + $" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"><soap:Body>{body}</soap:Body></soap:Envelope>";

    private static string Escape(string text) =>
        string.Concat(text.Where(System.Xml.XmlConvert.IsXmlChar)).Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);
}

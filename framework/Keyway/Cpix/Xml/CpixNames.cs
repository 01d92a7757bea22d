namespace Keyway.Cpix.Xml;

/// <summary>Names of CPIX, of PSKC (RFC 6030) and of XML Encryption.</summary>
internal static class CpixNames
{
    public const string Cpix = "urn:dashif:org:cpix";
    public const string Pskc = "urn:ietf:params:xml:ns:keyprov:pskc";
    public const string Signature = "http://www.w3.org/2000/09/xmldsig#";

    public const string RsaOaep = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
    public const string Aes256Cbc = "http://www.w3.org/2001/04/xmlenc#aes256-cbc";
    public const string HmacSha512 = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha512";
    public const string Sha1 = "http://www.w3.org/2000/09/xmldsig#sha1";
    public const string Mgf1Sha1 = "http://www.w3.org/2009/xmlenc11#mgf1sha1";
}

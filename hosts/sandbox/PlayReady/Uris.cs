namespace Keyway.Sandbox.PlayReady;

/// <summary>The names of XML namespaces and algorithms.</summary>
internal static class Uris
{
    public const string Header = "http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader";
    public const string Protocol = "http://schemas.microsoft.com/DRM/2007/03/protocols";
    public const string Messages = "http://schemas.microsoft.com/DRM/2007/03/protocols/messages";
    public const string Signature = "http://www.w3.org/2000/09/xmldsig#";
    public const string Encryption = "http://www.w3.org/2001/04/xmlenc#";
    public const string Soap11 = "http://schemas.xmlsoap.org/soap/envelope/";
    public const string Soap12 = "http://www.w3.org/2003/05/soap-envelope";
    public const string Canonical = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    public const string Ecdsa = Protocol + "#ecdsa-sha256";
    public const string Sha256 = Protocol + "#sha256";
    public const string Ecc256 = Protocol + "#ecc256";
    public const string Aes128Cbc = Encryption + "aes128-cbc";
}

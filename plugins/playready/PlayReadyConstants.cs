namespace Keyway.PlayReady;

/// <summary>The names and numbers of the protocol that more than one file needs.</summary>
internal static class PlayReadyConstants
{
    /// <summary>The plugin's id and the key system's name.</summary>
    public const string Name = "playready";

    /// <summary>The page that says how to configure the plugin.</summary>
    public const string Page = "docs/playready.md";

    public const string HeaderNamespace = "http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader";
    public const string ProtocolNamespace = "http://schemas.microsoft.com/DRM/2007/03/protocols";
    public const string MessagesNamespace = "http://schemas.microsoft.com/DRM/2007/03/protocols/messages";
    public const string SignatureNamespace = "http://www.w3.org/2000/09/xmldsig#";
    public const string EncryptionNamespace = "http://www.w3.org/2001/04/xmlenc#";
    public const string Soap11Namespace = "http://schemas.xmlsoap.org/soap/envelope/";
    public const string Soap12Namespace = "http://www.w3.org/2003/05/soap-envelope";

    public const string CanonicalXml = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    public const string Ecc256 = ProtocolNamespace + "#ecc256";
    public const string EcdsaSha256 = ProtocolNamespace + "#ecdsa-sha256";
    public const string Sha256 = ProtocolNamespace + "#sha256";
    public const string Aes128Cbc = EncryptionNamespace + "aes128-cbc";

    public const string ContentType = "text/xml; charset=utf-8";

    /// <summary>The value of the SOAPAction header; its quotes belong to it (SOAP 1.1, 6.1.1).</summary>
    public const string SoapAction = "\"http://schemas.microsoft.com/DRM/2007/03/protocols/AcquireLicense\"";

    /// <summary>The security level of a development credential, which promises no protection at all.</summary>
    public const int DevelopmentLevel = 150;

    /// <summary>The length of a LicenseNonce and of a rights id.</summary>
    public const int NonceLength = 16;

    /// <summary>An answer or a stored licence may not be longer: one MiB.</summary>
    public const int LongestMessage = 1 << 20;

    /// <summary>The system identifier, in the order of ISO boxes.</summary>
    public static SystemId System { get; } = new(new Guid("9a04f079-9840-4286-ab92-e65be0885f95"));

    /// <summary>The same bytes as a little-endian GUID, as some old Smooth and PIFF files write it.</summary>
    public static SystemId SwappedSystem { get; } = new(new Guid("79f0049a-4098-8642-ab92-e65be0885f95"));

    /// <summary>The names that other systems know this key system by.</summary>
    public const string EmeName = "com.microsoft.playready";
    public const string EmeRecommendation = "com.microsoft.playready.recommendation";
    public const string EmeRecommendation3000 = "com.microsoft.playready.recommendation.3000";
}

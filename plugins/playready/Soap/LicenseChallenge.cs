using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Xml;
using static Keyway.PlayReady.PlayReadyConstants;

namespace Keyway.PlayReady.Soap;

/// <summary>A licence challenge: the SOAP text of an AcquireLicense request.</summary>
/// <remarks>
/// Written by hand, in canonical form, because the digest is over the transmitted bytes of LA and the signature over those of SignedInfo. Neither
/// passes through a serialiser afterwards.
/// </remarks>
internal sealed record LicenseChallenge
{
    private const string DataId = "SignedData";

    // Base64 of the lists' identifiers in GUID order, in the order in which clients send them. Version 0: none stored.
    private const string RuntimeList = "ioydTlK2p0WXkWklprR5Hw==";
    private const string ApplicationList = "gC4IKKPHsUCCVhnlttibJw==";
    private const string RevocationInfoList = "Ef/RUojT3U6Ct2jqTCChbA==";
    private const string WindowsMediaList = "BOZ1zT1UnEqfCf5tJOi/kA==";

    /// <summary>The header. Its markup goes in as found.</summary>
    public required PlayReadyHeader Header { get; init; }

    public required string ClientVersion { get; init; }

    /// <summary>The sequence number of the revocation information that the client has.</summary>
    public uint RevocationInfo { get; init; }

    /// <summary>The provider's data, inside the signed part. A secret.</summary>
    public string? CustomData { get; init; }

    /// <summary>16 random bytes, which the answer is matched by.</summary>
    public required ReadOnlyMemory<byte> Nonce { get; init; }

    public required DateTimeOffset ClientTime { get; init; }

    public required ClientData ClientData { get; init; }

    /// <summary>The LA version that a header's version needs.</summary>
    public static int VersionFor(string headerVersion) => headerVersion switch
    {
        "4.3.0.0" => 5,
        "4.2.0.0" => 4,
        _ => 1,
    };

    /// <summary>Writes the signed part.</summary>
    public string WriteSignedData()
    {
        string custom;
        try
        {
            custom = string.IsNullOrEmpty(CustomData) ? "" : $"<CustomData>{SoapText.Escape(CustomData)}</CustomData>";
        }
        catch (XmlException)
        {
            throw new Licensing.LicenseServiceException(Licensing.LicenseErrorKind.BadChallenge, "PlayReady: the custom data holds a character that XML does not allow")
            {
                Advice = "Give it in base64.",
            };
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $"""<LA xmlns="{ProtocolNamespace}" Id="{DataId}" xml:space="preserve"><Version>{VersionFor(Header.Version)}</Version>""")
            + $"<ContentHeader>{Header.Markup}</ContentHeader>"
            + $"<CLIENTINFO><CLIENTVERSION>{ClientVersion}</CLIENTVERSION></CLIENTINFO>"
            + $"<RevocationLists>{List(RuntimeList, 0)}{List(ApplicationList, 0)}{List(RevocationInfoList, RevocationInfo)}{List(WindowsMediaList, 0)}</RevocationLists>"
            + custom
            + $"<LicenseNonce>{Convert.ToBase64String(Nonce.Span)}</LicenseNonce>"
            + string.Create(CultureInfo.InvariantCulture, $"<ClientTime>{ClientTime.ToUnixTimeSeconds()}</ClientTime>")
            + $"""<EncryptedData xmlns="{EncryptionNamespace}" Type="{EncryptionNamespace}Element">"""
            + $"""<EncryptionMethod Algorithm="{Aes128Cbc}"></EncryptionMethod>"""
            + $"""<KeyInfo xmlns="{SignatureNamespace}"><EncryptedKey xmlns="{EncryptionNamespace}"><EncryptionMethod Algorithm="{Ecc256}"></EncryptionMethod>"""
            + $"""<KeyInfo xmlns="{SignatureNamespace}"><KeyName>WMRMServer</KeyName></KeyInfo>"""
            + $"<CipherData><CipherValue>{Convert.ToBase64String(ClientData.WrappedKey.Span)}</CipherValue></CipherData></EncryptedKey></KeyInfo>"
            + $"<CipherData><CipherValue>{Convert.ToBase64String(ClientData.CipherValue.Span)}</CipherValue></CipherData></EncryptedData></LA>";
    }

    /// <summary>Writes what is signed: the digest of the signed part.</summary>
    public static string WriteSignedInfo(ReadOnlySpan<byte> signedData)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(signedData, digest);
        return $"""<SignedInfo xmlns="{SignatureNamespace}"><CanonicalizationMethod Algorithm="{CanonicalXml}"></CanonicalizationMethod>"""
            + $"""<SignatureMethod Algorithm="{EcdsaSha256}"></SignatureMethod><Reference URI="#{DataId}">"""
            + $"""<DigestMethod Algorithm="{Sha256}"></DigestMethod><DigestValue>{Convert.ToBase64String(digest)}</DigestValue></Reference></SignedInfo>""";
    }

    /// <summary>Writes the whole message, signed by the device.</summary>
    public byte[] Write(PlayReadyCredential credential)
    {
        string signedData = WriteSignedData();
        string signedInfo = WriteSignedInfo(Encoding.UTF8.GetBytes(signedData));
        byte[] signature = credential.Sign(Encoding.UTF8.GetBytes(signedInfo));
        return Encoding.UTF8.GetBytes(Envelope(signedData, signedInfo, signature, credential.SignPublicKey.Span));
    }

    /// <summary>Puts the parts together as they are.</summary>
    internal static string Envelope(string signedData, string signedInfo, ReadOnlySpan<byte> signature, ReadOnlySpan<byte> publicKey) =>
        """<?xml version="1.0" encoding="utf-8"?>"""
        + $"""<soap:Envelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:soap="{Soap11Namespace}"><soap:Body>"""
        + $"""<AcquireLicense xmlns="{ProtocolNamespace}"><challenge><Challenge xmlns="{MessagesNamespace}">{signedData}"""
        + $"""<Signature xmlns="{SignatureNamespace}">{signedInfo}<SignatureValue>{Convert.ToBase64String(signature)}</SignatureValue>"""
        + $"""<KeyInfo xmlns="{SignatureNamespace}"><KeyValue><ECCKeyValue><PublicKey>{Convert.ToBase64String(publicKey)}</PublicKey></ECCKeyValue></KeyValue></KeyInfo></Signature>"""
        + "</Challenge></challenge></AcquireLicense></soap:Body></soap:Envelope>";

    private static string List(string id, uint version) =>
        string.Create(CultureInfo.InvariantCulture, $"<RevListInfo><ListID>{id}</ListID><Version>{version}</Version></RevListInfo>");
}

using System.Security;
using System.Security.Cryptography;
using System.Text;

namespace Keyway.Sandbox.PlayReady;

/// <summary>A challenge, written as the protocol's description has it, and whatever a test wants otherwise.</summary>
internal sealed record TestChallenge
{
    private const string Protocol = "http://schemas.microsoft.com/DRM/2007/03/protocols";

    public required TestDevice Device { get; init; }

    public required byte[] ServerKey { get; init; }

    public string Header { get; init; } = Of40(new Guid(SharedSandbox.OwnKid));

    public string Version { get; init; } = "1";

    public byte[] Nonce { get; init; } = RandomNumberGenerator.GetBytes(16);

    public string Time { get; init; } = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture);

    public string? CustomData { get; init; }

    public string Features { get; init; } = """<Features><Feature Name="AESCBC"></Feature><REE><AESCBCS></AESCBCS></REE></Features>""";

    /// <summary>Another key to sign with than the device's.</summary>
    public ECDsa? Signer { get; init; }

    public Func<string, string> ChangeClientData { get; init; } = text => text;

    public Func<byte[], byte[]> ChangeWrap { get; init; } = bytes => bytes;

    public Func<byte[], byte[]> ChangeCipher { get; init; } = bytes => bytes;

    public Func<string, string> ChangeSignedInfo { get; init; } = text => text;

    /// <summary>Changes LA before it is signed.</summary>
    public Func<string, string> ChangeLa { get; init; } = text => text;

    /// <summary>Changes the finished message.</summary>
    public Func<string, string> ChangeMessage { get; init; } = text => text;

    public static string Of40(Guid kid, string checksum = "") =>
        Wrm("4.0.0.0", $"<PROTECTINFO><KEYLEN>16</KEYLEN><ALGID>AESCTR</ALGID></PROTECTINFO><KID>{Id(kid)}</KID>" + (checksum.Length > 0 ? $"<CHECKSUM>{checksum}</CHECKSUM>" : ""));

    public static string Of41(Guid kid) => Wrm("4.1.0.0", $"""<PROTECTINFO><KID ALGID="AESCTR" VALUE="{Id(kid)}"></KID></PROTECTINFO>""");

    public static string Of42(params Guid[] kids) => Several("4.2.0.0", "ALGID=\"AESCTR\" ", kids);

    public static string Of43(string? algorithm, params Guid[] kids) => Several("4.3.0.0", algorithm is null ? "" : $"ALGID=\"{algorithm}\" ", kids);

    public static string Wrm(string version, string data) =>
        $"""<WRMHEADER xmlns="http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader" version="{version}"><DATA>{data}</DATA></WRMHEADER>""";

    public static string Id(Guid kid) => Convert.ToBase64String(kid.ToByteArray(bigEndian: false));

    public string Write()
    {
        (byte[] x, byte[] wrapped) = P256.Session(ServerKey);
        string data = ChangeClientData($"<Data><CertificateChains><CertificateChain>{Convert.ToBase64String(Device.Chain)}</CertificateChain></CertificateChains>{Features}</Data>");
        using Aes aes = Aes.Create();
        aes.Key = x[16..];
        byte[] cipher = [.. x[..16], .. aes.EncryptCbc(Encoding.UTF8.GetBytes(data), x[..16])];
        string custom = CustomData is null ? "" : $"<CustomData>{SecurityElement.Escape(CustomData)}</CustomData>";
        string la = ChangeLa(
            $"""<LA xmlns="{Protocol}" Id="SignedData" xml:space="preserve"><Version>{Version}</Version><ContentHeader>{Header}</ContentHeader>"""
            + $"<CLIENTINFO><CLIENTVERSION>4.0.0.0</CLIENTVERSION></CLIENTINFO>{custom}<LicenseNonce>{Convert.ToBase64String(Nonce)}</LicenseNonce><ClientTime>{Time}</ClientTime>"
            + """<EncryptedData xmlns="http://www.w3.org/2001/04/xmlenc#" Type="http://www.w3.org/2001/04/xmlenc#Element"><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"></EncryptionMethod>"""
            + $"""<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><EncryptedKey xmlns="http://www.w3.org/2001/04/xmlenc#"><EncryptionMethod Algorithm="{Protocol}#ecc256"></EncryptionMethod>"""
            + $"""<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><KeyName>WMRMServer</KeyName></KeyInfo><CipherData><CipherValue>{Convert.ToBase64String(ChangeWrap(wrapped))}</CipherValue></CipherData></EncryptedKey></KeyInfo>"""
            + $"<CipherData><CipherValue>{Convert.ToBase64String(ChangeCipher(cipher))}</CipherValue></CipherData></EncryptedData></LA>");
        string info = ChangeSignedInfo(
            """<SignedInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"></CanonicalizationMethod>"""
            + $"""<SignatureMethod Algorithm="{Protocol}#ecdsa-sha256"></SignatureMethod><Reference URI="#SignedData"><DigestMethod Algorithm="{Protocol}#sha256"></DigestMethod>"""
            + $"<DigestValue>{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(la)))}</DigestValue></Reference></SignedInfo>");
        ECDsa signer = Signer ?? Device.Sign;
        string signature = Convert.ToBase64String(signer.SignData(Encoding.UTF8.GetBytes(info), HashAlgorithmName.SHA256));
        return ChangeMessage(
            """<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">"""
            + $"""<soap:Body><AcquireLicense xmlns="{Protocol}"><challenge><Challenge xmlns="{Protocol}/messages">{la}<Signature xmlns="http://www.w3.org/2000/09/xmldsig#">{info}"""
            + $"""<SignatureValue>{signature}</SignatureValue><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><KeyValue><ECCKeyValue><PublicKey>{Convert.ToBase64String(P256.Public(signer))}</PublicKey></ECCKeyValue></KeyValue></KeyInfo>"""
            + "</Signature></Challenge></challenge></AcquireLicense></soap:Body></soap:Envelope>");
    }

    private static string Several(string version, string algorithm, Guid[] kids) =>
        Wrm(version, $"<PROTECTINFO><KIDS>{string.Concat(kids.Select(kid => $"""<KID {algorithm}VALUE="{Id(kid)}"></KID>"""))}</KIDS></PROTECTINFO>");
}

using System.Security.Cryptography;
using System.Text;
using Keyway.Licensing;
using Microsoft.Extensions.Configuration;

namespace Keyway.PlayReady.Issuer;

/// <summary>A root of its own, a device, and a service that answers it. Written apart from the plugin, from the same public facts.</summary>
internal sealed class TestWorld
{
    public const string Protocol = "http://schemas.microsoft.com/DRM/2007/03/protocols";
    private const string Messages = "http://schemas.microsoft.com/DRM/2007/03/protocols/messages";
    private const string DigitalSignature = "http://www.w3.org/2000/09/xmldsig#";
    public const string Soap11 = "http://schemas.xmlsoap.org/soap/envelope/";
    public const string Soap12 = "http://www.w3.org/2003/05/soap-envelope";

    public TestWorld(uint level = 150)
    {
        TestKey ca = new();
        TestKey group = new();
        TestKey serverCa = new();
        TestCertificate model = new() { Type = 4, Level = 3000, Keys = [(group, [6])], Manufacturer = ["Maker", "Player", "1"] };
        byte[] caBytes = new TestCertificate { Type = 4, Level = 3000, Keys = [(ca, [4, 6])] }.Issue(Root);
        DeviceTemplate = new TestCertificate { Level = level, Keys = [(SignKey, [1]), (EncryptKey, [2])], Features = [4, 9, 13], Manufacturer = ["Maker", "Player", "1"] };
        DeviceChain = TestCertificate.Chain(DeviceTemplate.Issue(group), model.Issue(ca), caBytes);
        SigningChain = TestCertificate.Chain(
            new TestCertificate { Type = 11, Level = 0, Keys = [(ResponseKey, [20])] }.Issue(serverCa),
            new TestCertificate { Type = 4, Level = 2000, Keys = [(serverCa, [15])] }.Issue(Root));
        Level = level;
    }

    public uint Level { get; }
    public TestKey Root { get; } = new();
    public TestKey SignKey { get; } = new();
    public TestKey EncryptKey { get; } = new();
    public TestKey ServerKey { get; } = new();
    public TestKey ResponseKey { get; } = new();
    public TestCertificate DeviceTemplate { get; }
    public byte[] DeviceChain { get; }
    public byte[] SigningChain { get; init; }

    public PlayReadyOptions Options(params (string Name, string Value)[] more) => Read(
        [
            ("Chain", "secret:chain"), ("SignKey", "secret:sign"), ("EncryptKey", "secret:encrypt"),
            ("Roots:test:PublicKey", Convert.ToBase64String(Root.PublicKey)),
            ("ServerKey", Convert.ToHexString(ServerKey.PublicKey)),
            ("Robustness", Level.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            .. more,
        ]);

    public static PlayReadyOptions Read(params IEnumerable<(string Name, string Value)> settings) => PlayReadyOptions.Read(Section(settings));

    public static IConfigurationSection Section(params IEnumerable<(string Name, string Value)> settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.GroupBy(entry => entry.Name).ToDictionary(group => "Settings:" + group.Key, group => (string?)group.Last().Value))
        .Build().GetSection("Settings");

    public PlayReadyCredential Credential(PlayReadyOptions? options = null) =>
        PlayReadyCredential.Load(DeviceChain, SignKey.Pkcs8(), EncryptKey.Pkcs8(), options ?? Options(), DateTimeOffset.UnixEpoch.AddYears(56));

    /// <summary>Answers a challenge with licences, as a service does.</summary>
    public byte[] Answer(TestChallenge challenge, IReadOnlyList<TestLicense> licenses, bool? sign = null, string soap = Soap11, bool bigEndianNonces = false, string more = "")
    {
        bool signed = sign ?? licenses.Any(license => license.Persistent);
        List<string> list = [];
        for (int i = 0; i < licenses.Count; i++)
        {
            byte[] rightsId = licenses[i].RightsId ?? (licenses[i].Persistent ? RandomNumberGenerator.GetBytes(16) : Plus(challenge.Nonce, i, bigEndianNonces));
            list.Add(Convert.ToBase64String(licenses[i].Issue(EncryptKey.PublicKey, rightsId)));
        }

        return Wrap(list, challenge.Nonce, signed, soap, more);
    }

    /// <summary>Wraps licences into a SOAP answer.</summary>
    public byte[] Wrap(IReadOnlyList<string> licenses, byte[] nonce, bool signed, string soap = Soap11, string more = "", bool responseId = true)
    {
        string data = $"<LicenseResponse xmlns=\"{Protocol}\" Id=\"SignedData\"><Version>1</Version><Licenses>"
            + string.Concat(licenses.Select(license => $"<License>{license}</License>"))
            + "</Licenses>" + more
            + (signed ? $"<LicenseNonce>{Convert.ToBase64String(nonce)}</LicenseNonce>" : "")
            + (responseId ? $"<ResponseID>{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}</ResponseID>" : "")
            + (signed ? $"<SigningCertificateChain>{Convert.ToBase64String(SigningChain)}</SigningCertificateChain>" : "")
            + "</LicenseResponse>";
        return Envelope(data + (signed ? Signature(data) : ""), soap);
    }

    public string Signature(string data)
    {
        string info = $"<SignedInfo xmlns=\"{DigitalSignature}\"><CanonicalizationMethod Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"></CanonicalizationMethod>"
            + $"<SignatureMethod Algorithm=\"{Protocol}#ecdsa-sha256\"></SignatureMethod><Reference URI=\"#SignedData\"><DigestMethod Algorithm=\"{Protocol}#sha256\"></DigestMethod>"
            + $"<DigestValue>{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(data)))}</DigestValue></Reference></SignedInfo>";
        return $"<Signature xmlns=\"{DigitalSignature}\">{info}<SignatureValue>{Convert.ToBase64String(ResponseKey.Sign(Encoding.UTF8.GetBytes(info)))}</SignatureValue></Signature>";
    }

    public static byte[] Envelope(string response, string soap = Soap11) => Encoding.UTF8.GetBytes(
        $"<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope xmlns:s=\"{soap}\"><s:Body><AcquireLicenseResponse xmlns=\"{Protocol}\"><AcquireLicenseResult>"
        + $"<Response xmlns=\"{Messages}\">{response}</Response></AcquireLicenseResult></AcquireLicenseResponse></s:Body></s:Envelope>");

    public static byte[] Fault(string? code, string more = "") => Encoding.UTF8.GetBytes(
        $"<?xml version=\"1.0\" encoding=\"utf-8\"?><soap:Envelope xmlns:soap=\"{Soap11}\"><soap:Body><soap:Fault><faultcode>soap:Server</faultcode><faultstring>no</faultstring><faultactor>here</faultactor>"
        + $"<detail><Exception>{(code is null ? "" : $"<StatusCode>{code}</StatusCode>")}{more}</Exception></detail></soap:Fault></soap:Body></soap:Envelope>");

    public static LicenseAnswer Http(byte[] body, int status = 200) => new() { Status = status, ContentType = "text/xml; charset=utf-8", Body = new(body) };

    private static byte[] Plus(byte[] nonce, int n, bool bigEndian)
    {
        System.Numerics.BigInteger sum = (new System.Numerics.BigInteger(nonce, isUnsigned: true, isBigEndian: bigEndian) + n) % System.Numerics.BigInteger.Pow(2, 128);
        byte[] bytes = new byte[16];
        byte[] digits = sum.ToByteArray(isUnsigned: true, isBigEndian: bigEndian);
        digits.CopyTo(bytes, bigEndian ? 16 - digits.Length : 0);
        return bytes;
    }
}

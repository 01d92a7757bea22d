using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;

namespace Keyway.Sandbox.PlayReady;

/// <summary>An answer of the service.</summary>
internal sealed record TestAnswer(HttpStatusCode Status, string ContentType, string Text)
{
    private XElement Xml => XElement.Parse(Text);

    public string? StatusCode => Find("StatusCode");

    public string? Nonce => Find("LicenseNonce");

    public string? ResponseId => Find("ResponseID");

    public string? Transaction => Find("TransactionID");

    public byte[] SigningChain => Convert.FromBase64String(Find("SigningCertificateChain")!);

    public bool IsSigned => Text.Contains("<Signature ", StringComparison.Ordinal);

    public byte[][] RawLicenses => [.. Xml.Descendants().Where(one => one.Name.LocalName == "License").Select(one => Convert.FromBase64String(one.Value))];

    public TestLicense[] Licenses => [.. RawLicenses.Select(one => new TestLicense(one))];

    public string? Find(string name) => Xml.Descendants().SingleOrDefault(one => one.Name.LocalName == name)?.Value;

    public byte[] Cut(string name)
    {
        int from = Text.IndexOf($"<{name} ", StringComparison.Ordinal), to = Text.IndexOf($"</{name}>", StringComparison.Ordinal) + name.Length + 3;
        return Encoding.UTF8.GetBytes(Text[from..to]);
    }

    public bool HasRightDigest => SHA256.HashData(Cut("LicenseResponse")).SequenceEqual(Convert.FromBase64String(Find("DigestValue")!));

    public bool IsSignedBy(byte[] publicKey)
    {
        using ECDsa key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = publicKey[..32], Y = publicKey[32..] } });
        return key.VerifyData(Cut("SignedInfo"), Convert.FromBase64String(Find("SignatureValue")!), HashAlgorithmName.SHA256);
    }
}

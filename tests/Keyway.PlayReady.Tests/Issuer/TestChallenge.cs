using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;

namespace Keyway.PlayReady.Issuer;

/// <summary>A challenge as a service reads it: found by text, verified over the transmitted bytes, decrypted.</summary>
internal sealed record TestChallenge
{
    private static readonly XNamespace Protocol = "http://schemas.microsoft.com/DRM/2007/03/protocols";

    public required string Text { get; init; }
    public required string SignedData { get; init; }
    public required string SignedInfo { get; init; }
    public required byte[] Nonce { get; init; }
    public required string Version { get; init; }
    public required string Header { get; init; }
    public required string? CustomData { get; init; }
    public required long ClientTime { get; init; }
    public required byte[] PublicKey { get; init; }
    public required byte[] Signature { get; init; }
    public required byte[] WrappedKey { get; init; }
    public required byte[] CipherValue { get; init; }

    public static TestChallenge Read(ReadOnlySpan<byte> bytes)
    {
        string text = Encoding.UTF8.GetString(bytes);
        XDocument document = XDocument.Parse(text, LoadOptions.PreserveWhitespace);
        XElement data = document.Descendants(Protocol + "LA").Single();
        string Value(string name) => document.Descendants().Single(element => element.Name.LocalName == name).Value;
        string signedData = Between(text, "<LA ", "</LA>");
        string[] ciphers = [.. data.Descendants().Where(element => element.Name.LocalName == "CipherValue").Select(element => element.Value)];
        return new TestChallenge
        {
            Text = text,
            SignedData = signedData,
            SignedInfo = Between(text, "<SignedInfo ", "</SignedInfo>"),
            Nonce = Convert.FromBase64String(Value("LicenseNonce")),
            Version = data.Element(Protocol + "Version")!.Value,
            Header = Between(signedData, "<ContentHeader>", "</ContentHeader>")["<ContentHeader>".Length..^"</ContentHeader>".Length],
            CustomData = data.Element(Protocol + "CustomData")?.Value,
            ClientTime = long.Parse(Value("ClientTime"), System.Globalization.CultureInfo.InvariantCulture),
            PublicKey = Convert.FromBase64String(Value("PublicKey")),
            Signature = Convert.FromBase64String(Value("SignatureValue")),
            WrappedKey = Convert.FromBase64String(ciphers[0]),
            CipherValue = Convert.FromBase64String(ciphers[1]),
        };
    }

    public void Verify()
    {
        string digest = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(SignedData)));
        SignedInfo.Should().Contain($"<DigestValue>{digest}</DigestValue>");
        TestKey.Verify(PublicKey, Encoding.UTF8.GetBytes(SignedInfo), Signature).Should().BeTrue();
    }

    public string Decrypt(TestKey server)
    {
        TestCurve.Point point = TestCurve.Unwrap(server.Secret, WrappedKey);
        TestCurve.IsOnCurve(point).Should().BeTrue();
        byte[] x = TestCurve.ToBytes(point.X);
        CipherValue.AsSpan(0, 16).SequenceEqual(x.AsSpan(0, 16)).Should().BeTrue("the IV is the first half of the session point's x");
        using Aes aes = Aes.Create();
        aes.Key = x[16..];
        return Encoding.UTF8.GetString(aes.DecryptCbc(CipherValue.AsSpan(16), x.AsSpan(0, 16)));
    }

    private static string Between(string text, string from, string to)
    {
        int start = text.IndexOf(from, StringComparison.Ordinal);
        int end = text.IndexOf(to, StringComparison.Ordinal);
        return text[start..(end + to.Length)];
    }
}

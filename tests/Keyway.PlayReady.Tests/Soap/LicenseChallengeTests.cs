using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Xml;
using CsCheck;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.PlayReady.Issuer;

namespace Keyway.PlayReady.Soap;

public sealed class LicenseChallengeTests
{
    private static readonly KeyId Id = SharedVectors.Id("6f651ae1-dbe4-4434-bcb4-690d1564c41c");

    [Fact]
    public void Recorded_challenges_are_written_again_byte_for_byte()
    {
        JsonObject file = SharedVectors.Exchanges;
        foreach (JsonNode? exchange in file["exchanges"]!.AsArray())
        {
            string text = exchange.Text("challenge");
            TestChallenge recorded = TestChallenge.Read(Encoding.UTF8.GetBytes(text));
            recorded.Verify();
            PlayReadyHeader.TryParse(exchange.Text("wrmheader"), out PlayReadyHeader? header, out _).Should().BeTrue();
            LicenseChallenge challenge = new()
            {
                Header = header!,
                ClientVersion = "10.0.16384.10011",
                CustomData = "User=<a & b>",
                Nonce = exchange.Hex("license_nonce_hex"),
                ClientTime = DateTimeOffset.FromUnixTimeSeconds(recorded.ClientTime),
                ClientData = new ClientData { WrappedKey = recorded.WrappedKey, CipherValue = recorded.CipherValue },
            };

            string signedData = challenge.WriteSignedData();
            signedData.Should().Be(recorded.SignedData);
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(signedData))).Should().Be(exchange.Text("la_sha256"));
            string signedInfo = LicenseChallenge.WriteSignedInfo(Encoding.UTF8.GetBytes(signedData));
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(signedInfo))).Should().Be(exchange.Text("signed_info_sha256"));
            LicenseChallenge.Envelope(signedData, signedInfo, recorded.Signature, recorded.PublicKey).Should().Be(text);
            LicenseChallenge.VersionFor(header!.Version).Should().Be((int)exchange!["la_version"]!);
        }
    }

    [Fact]
    public void Recorded_client_data_is_encrypted_again_byte_for_byte()
    {
        JsonObject file = SharedVectors.Exchanges;
        TestKey server = TestKey.FromHex(file["world"]!["server"].Text("wmrm_priv"));
        byte[] chain = file["world"]!["device"].Base64("chain_b64");
        foreach (JsonNode? exchange in file["exchanges"]!.AsArray())
        {
            TestChallenge recorded = TestChallenge.Read(Encoding.UTF8.GetBytes(exchange.Text("challenge")));
            recorded.Decrypt(server).Should().Be(exchange.Text("client_data_plaintext"));
            ClientData.EncryptWith(exchange.Hex("session_point_x_hex"), Encoding.UTF8.GetBytes(exchange.Text("client_data_plaintext"))).Should().Equal(recorded.CipherValue);

            // The peer puts a space on each side of the chain, this plugin does not; services trim.
            Encoding.UTF8.GetString(ClientData.Plaintext(chain)).Should().Be(exchange.Text("client_data_plaintext").Replace("> ", ">", StringComparison.Ordinal).Replace(" <", "<", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("4.0.0.0", 1)]
    [InlineData("4.1.0.0", 1)]
    [InlineData("4.2.0.0", 4)]
    [InlineData("4.3.0.0", 5)]
    public void Header_decides_the_version(string header, int version) => LicenseChallenge.VersionFor(header).Should().Be(version);

    [Fact]
    public async Task Challenge_tells_the_service_who_asks_for_what()
    {
        TestWorld world = new();
        string markup = PlayReadyHeader.Write([Id], HeaderAlgorithm.AesCbc).Markup.Replace("<DATA>", "<DATA ><CUSTOMATTRIBUTES  a='é'>\n<x/></CUSTOMATTRIBUTES>", StringComparison.Ordinal);
        ProtectionHeader header = PlayReadyHeader.Read(PlayReadyHeaderTests.Pssh(PlayReadyHeaderTests.Pro(markup)));
        TestClient client = new(world, new SessionRequest { Headers = [header] }, world.Options(("RevocationInfo", "77"), ("ClientVersion", "9.8.7.6")));
        ArrayBufferWriter<byte> written = new();
        ChallengeInfo info = await client.Session.WriteChallengeAsync(new ChallengeRequest { Kind = ChallengeKind.License, CustomData = "a<b>&\r\"'" }, written, TestContext.Current.CancellationToken);
        info.ContentType.Should().Be("text/xml; charset=utf-8");
        info.Headers.Should().ContainSingle().Which.Should().Be(KeyValuePair.Create("SOAPAction", "\"http://schemas.microsoft.com/DRM/2007/03/protocols/AcquireLicense\""));

        TestChallenge challenge = TestChallenge.Read(written.WrittenSpan);
        challenge.Verify();
        challenge.Header.Should().Be(markup, "the header is passed on as found");
        challenge.CustomData.Should().Be("a<b>&\r\"'");
        challenge.SignedData.Should().Contain("<CustomData>a&lt;b&gt;&amp;&#xD;\"'</CustomData>").And.Contain("<CLIENTVERSION>9.8.7.6</CLIENTVERSION>")
            .And.Contain("<ListID>Ef/RUojT3U6Ct2jqTCChbA==</ListID><Version>77</Version>");
        challenge.ClientTime.Should().Be(TestClient.Today.ToUnixTimeSeconds());
        challenge.PublicKey.Should().Equal(world.SignKey.PublicKey);
        challenge.Version.Should().Be("5");
        string data = challenge.Decrypt(world.ServerKey);
        data.Should().Contain($"<CertificateChain>{Convert.ToBase64String(world.DeviceChain)}</CertificateChain>").And.Contain("<Feature Name=\"AESCBC\">");
    }

    [Fact]
    public async Task Nonce_and_session_key_are_fresh_each_time()
    {
        TestClient client = new(new TestWorld(), TestClient.Wanting((Id, ProtectionScheme.Cenc)));
        TestChallenge first = await client.AskAsync();
        TestChallenge second = await client.AskAsync();
        second.Nonce.Should().NotEqual(first.Nonce);
        second.CipherValue.AsSpan(0, 16).SequenceEqual(first.CipherValue.AsSpan(0, 16)).Should().BeFalse();
    }

    [Fact]
    public async Task Custom_data_that_xml_cannot_hold_is_refused()
    {
        TestClient client = new(new TestWorld(), TestClient.Wanting((Id, ProtectionScheme.Cenc)));
        Func<Task> ask = () => client.AskAsync("a\u0001b");
        (await ask.Should().ThrowAsync<LicenseServiceException>()).Which.Should().Match<LicenseServiceException>(refusal => refusal.Kind == LicenseErrorKind.BadChallenge && !refusal.ToString().Contains("a\u0001b"));
    }

    [Fact]
    public void Escaped_text_is_read_back_and_equals_the_canonical_form() => Gen.String[Gen.Char["abc 12<>&\"'\r\n\té€"], 0, 40].Sample(text =>
    {
        string escaped = SoapText.Escape(text);
        System.Xml.Linq.XElement.Parse($"<a>{escaped}</a>", System.Xml.Linq.LoadOptions.PreserveWhitespace).Value.Should().Be(text);
        escaped.Should().Be(text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal).Replace("\r", "&#xD;", StringComparison.Ordinal));
    });

    [Fact]
    public void Bounded_xml_refuses_what_is_dangerous()
    {
        foreach (string bad in (string[])["<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a></a>", string.Concat(Enumerable.Repeat("<a>", 100)) + string.Concat(Enumerable.Repeat("</a>", 100)), $"<a>{new string('x', 1 << 21)}</a>"])
        {
            Action parse = () => BoundedXml.Parse(bad);
            parse.Should().Throw<XmlException>();
        }
    }
}

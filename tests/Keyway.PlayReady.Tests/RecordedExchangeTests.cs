using System.Text;
using System.Text.Json.Nodes;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.PlayReady.Issuer;

namespace Keyway.PlayReady;

/// <summary>Exchanges recorded between an independent server and another client, with keys made for the file.</summary>
public sealed class RecordedExchangeTests
{
    [Fact]
    public void Unsigned_answers_open_to_the_recorded_keys()
    {
        foreach (JsonNode? exchange in Exchanges())
        {
            using PlayReadyCredential credential = Credential(Options());
            OpenedLicenses.TryOpen(Body(exchange.Text("response_unsigned_in_memory")), exchange.Hex("license_nonce_hex"), credential, Options(), TestClient.Today, out OpenedLicenses? opened, out PlayReadyFault fault).Should().BeTrue(fault.Reason);
            Compare(exchange, opened!, persistent: false);
        }
    }

    [Fact]
    public void Signed_answers_open_to_the_recorded_keys_and_policy()
    {
        foreach (JsonNode? exchange in Exchanges())
        {
            PlayReadyOptions options = Options(("RevocationInfo", "77"));
            using PlayReadyCredential credential = Credential(options);
            OpenedLicenses.TryOpen(Body(exchange.Text("response_signed_persistent")), exchange.Hex("license_nonce_hex"), credential, options, TestClient.Today, out OpenedLicenses? opened, out PlayReadyFault fault).Should().BeTrue(fault.Reason);
            Compare(exchange, opened!, persistent: true);
            JsonNode policy = exchange!["persistent_policy"]!;
            Xmr.XmrClient client = new() { SecurityLevel = 2000, RevocationInfo = 77, HasClock = true, ClearExport = false, Now = TestClient.Today };
            foreach ((Xmr.XmrLicense license, byte[] key) in opened!.Items)
            {
                PlayReadyHeader.TryParse(exchange.Text("wrmheader"), out PlayReadyHeader? header, out _).Should().BeTrue();
                ProtectionScheme scheme = (int)exchange["key_type"]! == 1 ? ProtectionScheme.Cenc : ProtectionScheme.Cbcs;
                Xmr.XmrEnforcement.Allows(license, client, scheme, key, header!.Keys.Single(entry => entry.Id == license.Envelope.KeyId), out fault).Should().BeTrue(fault.Reason);
                KeyPolicy mapped = Xmr.XmrEnforcement.PolicyOf(license, client);
                mapped.NotBefore.Should().Be(DateTimeOffset.FromUnixTimeSeconds((long)policy["begin"]!));
                mapped.NotAfter.Should().Be(DateTimeOffset.FromUnixTimeSeconds((long)policy["end"]!));
                mapped.AfterFirstUse.Should().Be(TimeSpan.FromSeconds((long)policy["first"]!));
                license.Grace.Should().Be(TimeSpan.FromSeconds((long)policy["grace"]!));
                mapped.MayPersist.Should().BeTrue();
                mapped.Output.ClearExport.Should().BeFalse();
                int[] levels = [.. policy["opl"]!.AsArray().Select(level => (int)level!)];
                mapped.Output.Levels.Should().Be(new ProtectionLevels { CompressedVideo = levels[0], UncompressedVideo = levels[1], AnalogVideo = levels[2], CompressedAudio = levels[3], UncompressedAudio = levels[4] });

                Xmr.XmrEnforcement.Allows(license, client with { RevocationInfo = 76 }, scheme, key, null, out fault).Should().BeFalse();
                fault.Code.Should().Be(PlayReadyCode.RevocationNeeded);
                Xmr.XmrEnforcement.Allows(license, client with { SecurityLevel = 150 }, scheme, key, null, out fault).Should().BeFalse();
                fault.Code.Should().Be(PlayReadyCode.SecurityLevelTooLow);
            }
        }
    }

    [Fact]
    public void Answers_to_another_challenge_and_under_another_root_are_refused()
    {
        JsonNode?[] exchanges = [.. Exchanges()];
        PlayReadyOptions options = Options();
        using PlayReadyCredential credential = Credential(options);
        foreach (string kind in (string[])["response_unsigned_in_memory", "response_signed_persistent"])
        {
            OpenedLicenses.TryOpen(Body(exchanges[0].Text(kind)), exchanges[1].Hex("license_nonce_hex"), credential, options, TestClient.Today, out _, out PlayReadyFault fault).Should().BeFalse();
            fault.Code.Should().Be(PlayReadyCode.NonceNotFound);
        }

        PlayReadyOptions foreign = options with { Roots = [new PlayReadyRoot("other", new TestKey().PublicKey, Development: true)] };
        OpenedLicenses.TryOpen(Body(exchanges[0].Text("response_signed_persistent")), exchanges[0].Hex("license_nonce_hex"), credential, foreign, TestClient.Today, out _, out PlayReadyFault untrusted).Should().BeFalse();
        untrusted.Kind.Should().Be(LicenseErrorKind.CertificateNotTrusted);
    }

    [Fact]
    public void Microsofts_printed_answer_is_read_and_its_broken_digest_is_noticed()
    {
        // Its authors indented it again and blanked the chain, so it cannot verify; its licence is whole.
        JsonNode? sample = SharedVectors.Public["soap"]![1];
        PlayReadyOptions options = Options();
        using PlayReadyCredential credential = Credential(options);
        OpenedLicenses.TryOpen(Body(sample.Text("xml")), Convert.FromBase64String("7GYVLC7wvGVR0nqGYXs4DQ=="), credential, options, TestClient.Today, out _, out PlayReadyFault fault).Should().BeFalse();
        fault.Should().Match<PlayReadyFault>(why => why.Code == PlayReadyCode.ResponseSignature && why.Reason.Contains("digest"));
    }

    [Fact]
    public void Microsofts_printed_challenge_has_our_order_of_elements()
    {
        string[] printed = Elements(SharedVectors.Public["soap"]![0].Text("xml"));
        PlayReadyHeader.TryParse("<WRMHEADER xmlns=\"http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader\" version=\"4.0.0.0\"><DATA><PROTECTINFO><KEYLEN>16</KEYLEN><ALGID>AESCTR</ALGID></PROTECTINFO><KID>jADgM0TEcEeYmaMh4HndNg==</KID></DATA></WRMHEADER>", out PlayReadyHeader? header, out _).Should().BeTrue();
        Soap.LicenseChallenge challenge = new()
        {
            Header = header!,
            ClientVersion = "3.1.0.1017",
            CustomData = "User=Roland",
            Nonce = new byte[16],
            ClientTime = DateTimeOffset.UnixEpoch,
            ClientData = new Soap.ClientData { WrappedKey = new byte[128], CipherValue = new byte[32] },
        };
        string signedData = challenge.WriteSignedData();
        Elements(Soap.LicenseChallenge.Envelope(signedData, Soap.LicenseChallenge.WriteSignedInfo([]), new byte[64], new byte[64])).Should().Equal(printed);
    }

    private static string[] Elements(string xml) =>
        [.. System.Xml.Linq.XDocument.Parse(xml).Descendants().Select(element => element.Name + " " + string.Join(' ', element.Attributes().Where(attribute => !attribute.IsNamespaceDeclaration)))];

    private static JsonArray Exchanges() => SharedVectors.Exchanges["exchanges"]!.AsArray();

    private static PlayReadyOptions Options(params (string Name, string Value)[] more)
    {
        JsonNode world = SharedVectors.Exchanges["world"]!;
        return TestWorld.Read(
            [("Chain", "secret:a"), ("SignKey", "secret:b"), ("EncryptKey", "secret:c"), ("Roots:recorded:PublicKey", world.Text("root_pub")), ("ServerKey", world.Text("wmrm_pub")), ("Robustness", "2000"), .. more]);
    }

    private static PlayReadyCredential Credential(PlayReadyOptions options)
    {
        JsonNode device = SharedVectors.Exchanges["world"]!["device"]!;
        return PlayReadyCredential.Load(device.Base64("chain_b64"), TestKey.FromHex(device.Text("sign_priv")).Pkcs8(), TestKey.FromHex(device.Text("enc_priv")).Pkcs8(), options, TestClient.Today);
    }

    private static System.Buffers.ReadOnlySequence<byte> Body(string text) => new(Encoding.UTF8.GetBytes(text));

    private static void Compare(JsonNode? exchange, OpenedLicenses opened, bool persistent)
    {
        opened.Items.ToDictionary(item => item.License.Envelope.KeyId, item => Convert.ToHexStringLower(item.Key))
            .Should().BeEquivalentTo(exchange!["keys"]!.AsObject().ToDictionary(entry => SharedVectors.Id(entry.Key), entry => entry.Value!.GetValue<string>()));
        opened.Items.Should().OnlyContain(item => item.License.IsPersistent == persistent && (int)item.License.Envelope.KeyType == (int)exchange["key_type"]!);
    }
}

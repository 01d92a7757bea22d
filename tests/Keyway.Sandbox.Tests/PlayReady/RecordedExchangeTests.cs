using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using Keyway.Testing;
using Org.BouncyCastle.Math;

namespace Keyway.Sandbox.PlayReady;

/// <summary>The recorded exchanges of <c>vectors/playready-exchanges.json</c>: their server was written by others, their client is another project's.</summary>
public sealed class RecordedExchangeTests
{
    private static readonly DateTimeOffset Then = DateTimeOffset.FromUnixTimeSeconds(1795404756);

    public static TheoryData<int> All => [0, 1, 2, 3];

    [Theory]
    [MemberData(nameof(All))]
    public void Challenge_is_verified_and_read(int index)
    {
        (JsonElement exchange, PlayReadyKeys keys) = Load(index);

        Challenge challenge = new ChallengeReader(keys).Read(Encoding.UTF8.GetBytes(Text(exchange, "challenge")), Then);

        challenge.Nonce.Should().Equal(Hex(exchange, "license_nonce_hex"));
        challenge.Header.Keys.Select(key => key.Kid.ToString()).Should().Equal(exchange.GetProperty("keys").EnumerateObject().Select(pair => pair.Name));
        challenge.Header.Keys.Should().OnlyContain(key => (int?)key.Type == exchange.GetProperty("key_type").GetInt32());
        $"{challenge.Header.Version}.0.0".Should().Be(Text(exchange, "wrmheader_version"));
        challenge.KnowsCbc.Should().BeTrue();
        challenge.Device.Level.Should().Be(2000);
        challenge.Device.Features.Should().Equal(4, 9, 13);
        challenge.CustomData.Should().Be("User=<a & b>");
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Session_key_is_unwrapped(int index)
    {
        (JsonElement exchange, PlayReadyKeys keys) = Load(index);
        XElement message = XElement.Parse(Text(exchange, "challenge"));
        byte[] wrapped = Convert.FromBase64String(message.Descendants().First(one => one.Name.LocalName == "CipherValue").Value);

        using ECDsa service = PlayReadyKeys.Open(keys.ServiceKey);
        byte[] x = Curve.Unwrap(Curve.ScalarOf(service), wrapped)!;

        x.Should().Equal(Hex(exchange, "session_point_x_hex"));
        x.Should().Equal([.. Hex(exchange, "aes_iv_hex"), .. Hex(exchange, "aes_key_hex")]);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Whole_exchange_ends_with_the_recorded_keys(int index)
    {
        (JsonElement exchange, PlayReadyKeys keys) = Load(index);
        PlayReadyService service = new(() => keys, ContentKeys.Load([]), new ManualClock(Then));
        byte[] challenge = Encoding.UTF8.GetBytes(Text(exchange, "challenge"));

        byte[] message = service.Answer(challenge, LicenseTerms.Read("(sl:2000)"), new Oddities(), isKept: true);

        using ECDsa device = Device();
        TestLicense[] licenses = new TestAnswer(default, "", Encoding.UTF8.GetString(message)).Licenses;
        licenses.Select(license => (license.Kid.ToString(), Convert.ToHexStringLower(license.Open(device))))
            .Should().Equal(exchange.GetProperty("keys").EnumerateObject().Select(pair => (pair.Name, pair.Value.GetString()!)));
        licenses.Should().OnlyContain(license => license.KeyType == exchange.GetProperty("key_type").GetInt32());
        licenses.Select(license => license.RightsId).Should().BeEquivalentTo(Recorded(exchange, "response_unsigned_in_memory").Licenses.Select(license => license.RightsId));

        service.Invoking(one => one.Answer(challenge, LicenseTerms.Read(""), new Oddities(), isKept: true)).Should().Throw<FaultException>().Which.Status.Should().Be(0x8004C601);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Licences_and_answer_are_written_byte_for_byte(int index)
    {
        (JsonElement exchange, _) = Load(index);
        foreach ((string name, string cfg) in new[]
        {
            ("response_unsigned_in_memory", "(sl:2000)"),
            ("response_signed_persistent", "(sl:2000,persist:true,begindate:20231114221320,enddate:21000101,firstexp:172800,grace:86400,cvopl:500,ucvopl:250,avopl:150,caopl:100,ucaopl:100,revinfo:77)"),
        })
        {
            TestAnswer recorded = Recorded(exchange, name);
            LicenseTerms terms = LicenseTerms.Read(cfg).Single();

            byte[][] written = [.. recorded.Licenses.Select(license => Write(license, terms))];

            written.Should().BeEquivalentTo(recorded.RawLicenses);
            string response = SoapWriter.LicenseResponse(new LicenseAnswer
            {
                Licenses = written,
                Transaction = recorded.Transaction is { } transaction ? Guid.Parse(transaction) : null,
                Nonce = recorded.Nonce is { } nonce ? Convert.FromBase64String(nonce) : null,
                ResponseId = Convert.FromBase64String(recorded.ResponseId!),
                SigningChain = recorded.IsSigned ? recorded.SigningChain : null,
            });
            response.Should().Be(Encoding.UTF8.GetString(recorded.Cut("LicenseResponse")));
            string signature = "";
            if (recorded.IsSigned)
            {
                // Every signature is another one, so it is the recorded one that is put around what this sandbox signs.
                string info = SoapWriter.SignedInfo(SHA256.HashData(Encoding.UTF8.GetBytes(response)));
                signature = $"<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\">{info}<SignatureValue>{recorded.Find("SignatureValue")}</SignatureValue></Signature>";
            }

            SoapWriter.Message(response, signature, isSoap12: false).Should().Be(recorded.Text);
        }
    }

    [Fact]
    public void Wrap_and_signature_agree_with_the_vectors()
    {
        JsonElement vector = Document().GetProperty("crypto").GetProperty("elgamal_p256");
        byte[] x = [.. Hex(vector, "integrity_key_ci"), .. Hex(vector, "content_key_ck")];

        byte[] wrapped = Curve.Wrap(Curve.Read(Hex(vector, "public"))!, Curve.AtX(x)!, new BigInteger(1, Hex(vector, "ephemeral_k")));

        Curve.Write(Curve.AtX(x)!).Should().Equal(Hex(vector, "message_point"));
        wrapped.Should().Equal(Hex(vector, "ciphertext_128"));
        Curve.Unwrap(new BigInteger(1, Hex(vector, "private_d")), wrapped).Should().Equal(x);

        JsonElement mac = Document().GetProperty("crypto").GetProperty("cmac");
        Xmr.Mac(Hex(mac, "key"), mac.GetProperty("message_b64").GetBytesFromBase64()).Should().Equal(Hex(mac, "aes_cmac"));
    }

    [Fact]
    public void Chain_with_any_bit_of_its_signed_parts_changed_is_refused()
    {
        JsonElement world = Document().GetProperty("world");
        byte[] chain = world.GetProperty("device").GetProperty("chain_b64").GetBytesFromBase64(), root = Hex(world, "root_pub");
        CertificateChain.Verify(chain, root, Then).Type.Should().Be(CertificateType.Device);

        // Nobody signs the flags of the chain and of the signatures, and they change nothing.
        HashSet<int> free = [12, 13, 14, 15];
        for (int at = 20; at < chain.Length; at += BinaryPrimitives.ReadInt32BigEndian(chain.AsSpan(at + 8)))
            free.UnionWith([at + BinaryPrimitives.ReadInt32BigEndian(chain.AsSpan(at + 12)), at + BinaryPrimitives.ReadInt32BigEndian(chain.AsSpan(at + 12)) + 1]);

        // One bit of each byte, so that the test stays quick: every byte is signed, names a length or is a signature.
        for (int i = 0; i < chain.Length; i++)
        {
            if (free.Contains(i)) continue;
            byte[] changed = [.. chain];
            changed[i] ^= (byte)(1 << i % 8);
            FluentActions.Invoking(() => CertificateChain.Verify(changed, root, Then)).Should().Throw<FormatException>($"byte {i} was changed");
        }
    }

    private static byte[] Write(TestLicense license, LicenseTerms terms)
    {
        using ECDsa device = Device();
        byte[] integrityKey = P256.Unwrap(device, license.Wrapped)[..16];
        DateTimeOffset issued = DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadUInt32BigEndian(license[0x13]));
        return Xmr.License(license.RightsId, integrityKey, LicenseMaker.Containers(terms, license.Kid, license.KeyType, license.Wrapped, license.DeviceKey, issued, new Oddities()));
    }

    private static (JsonElement Exchange, PlayReadyKeys Keys) Load(int index)
    {
        JsonElement document = Document(), world = document.GetProperty("world"), server = world.GetProperty("server");
        using ECDsa service = P256.Private(Text(server, "wmrm_priv")), responses = P256.Private(Text(server, "sign_priv"));
        PlayReadyKeys keys = new()
        {
            Root = Hex(world, "root_pub"),
            ServiceKey = service.ExportPkcs8PrivateKey(),
            ServicePublicKey = Hex(world, "wmrm_pub"),
            ResponseKey = responses.ExportPkcs8PrivateKey(),
            ResponseChain = server.GetProperty("sign_chain_b64").GetBytesFromBase64(),
        };
        return (document.GetProperty("exchanges")[index], keys);
    }

    private static ECDsa Device() => P256.Private(Text(Document().GetProperty("world").GetProperty("device"), "enc_priv"));

    private static TestAnswer Recorded(JsonElement exchange, string name) => new(default, "", Text(exchange, name));

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static byte[] Hex(JsonElement element, string name) => Convert.FromHexString(Text(element, name));

    private static JsonElement Document() => Vectors.Load("playready-exchanges.json");
}

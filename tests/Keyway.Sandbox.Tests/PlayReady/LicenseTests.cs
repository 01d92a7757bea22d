using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using System.Xml.Linq;
using CsCheck;

namespace Keyway.Sandbox.PlayReady;

public sealed class LicenseTests(SharedSandbox sandbox) : IClassFixture<SharedSandbox>
{
    // KIDs of the public test seed, with the keys that are printed for them.
    private static readonly Guid Seeded = new("6f651ae1-dbe4-4434-bcb4-690d1564c41c"), AlsoSeeded = new("8ba94ade-6eb9-449d-b44f-a5beefaf43b0");
    private static readonly byte[] SeededKey = Convert.FromHexString("88da852ae4fa2e1e36aeb2d5c94997b1"), AlsoSeededKey = Convert.FromHexString("dbfd6922c321c4bb486f4a1c44097ed6");

    [Fact]
    public async Task Key_of_a_file_arrives_in_a_licence_that_may_not_be_kept()
    {
        TestClient client = await ClientAsync();
        TestChallenge challenge = client.Challenge;

        TestAnswer answer = await client.AskAsync(challenge);

        answer.Status.Should().Be(HttpStatusCode.OK, answer.Text);
        answer.ContentType.Should().Be("text/xml; charset=utf-8");
        (answer.IsSigned, answer.Nonce, answer.Transaction).Should().Be((false, null, null));
        TestLicense license = answer.Licenses.Should().ContainSingle().Which;
        license.Types.Should().Equal(0x01, 0x02, 0x0D, 0x13, 0x33, 0x34, 0x04, 0x09, 0x0A, 0x2A, 0x0B);
        license.RightsId.Should().Equal(challenge.Nonce);
        license[0x0D].Should().Equal(0, 1);
        license[0x34].Should().Equal(0, 150);
        (license.Kid, license.KeyType, license.CipherType).Should().Be((TestClient.OwnKid, 1, 3));
        license.Open(client.Device.Encrypt).Should().Equal(Convert.FromHexString(SharedSandbox.OwnKey));
    }

    [Fact]
    public async Task Licence_that_may_be_kept_comes_in_a_signed_answer()
    {
        TestClient client = await ClientAsync();
        TestChallenge challenge = client.Challenge;

        TestAnswer answer = await client.AskAsync(challenge, "?cfg=(persist:true)");

        TestLicense license = answer.Licenses.Should().ContainSingle().Which;
        license.Types.Should().NotContain(0x0D);
        license.RightsId.Should().NotEqual(challenge.Nonce);
        answer.Nonce.Should().Be(Convert.ToBase64String(challenge.Nonce));
        Convert.FromBase64String(answer.ResponseId!).Should().HaveCount(32);
        answer.HasRightDigest.Should().BeTrue();
        TestCertificate[] chain = TestCertificate.Chain(answer.SigningChain);
        answer.IsSignedBy(chain[0].KeyOf(20)!).Should().BeTrue();
        chain.Select(one => one.Type).Should().Equal(11u, 4u);
        chain.Should().OnlyContain(one => one.HasRightSignature);
        chain[1].KeyOf(15).Should().Equal(chain[0].IssuerKey);
        chain[1].IssuerKey.Should().Equal(client.Root);
    }

    [Fact]
    public async Task Every_version_of_header_gets_its_keys_in_order()
    {
        TestClient client = await ClientAsync();
        foreach ((string version, string header, Guid[] kids) in new[]
        {
            ("1", TestChallenge.Of40(Seeded, "KLj3QzQP/NA="), new[] { Seeded }),
            ("1", TestChallenge.Of41(Seeded), [Seeded]),
            ("3", TestChallenge.Of42(Seeded), [Seeded]),
            ("4", TestChallenge.Of42(AlsoSeeded, Seeded, TestClient.OwnKid), [AlsoSeeded, Seeded, TestClient.OwnKid]),
            ("5", TestChallenge.Of43("AESCTR", Seeded, AlsoSeeded), [Seeded, AlsoSeeded]),
            ("1", TestChallenge.Of43(null, Seeded), [Seeded]),
        })
        {
            TestChallenge challenge = client.Challenge with { Header = header, Version = version };
            TestLicense[] licenses = (await client.AskAsync(challenge)).Licenses;

            licenses.Select(license => license.Kid).Should().Equal(kids);
            for (int i = 0; i < kids.Length; i++)
            {
                licenses[i].Open(client.Device.Encrypt).Should().Equal(kids[i] == Seeded ? SeededKey : kids[i] == AlsoSeeded ? AlsoSeededKey : Convert.FromHexString(SharedSandbox.OwnKey));
                licenses[i].KeyType.Should().Be(1);
                UInt128 nonce = BinaryPrimitives.ReadUInt128LittleEndian(challenge.Nonce);
                BinaryPrimitives.ReadUInt128LittleEndian(licenses[i].RightsId).Should().Be(nonce + (UInt128)i);
            }
        }
    }

    [Fact]
    public async Task Mode_of_the_key_is_the_headers_or_the_terms()
    {
        TestClient client = await ClientAsync();
        (await client.AskAsync(client.Challenge with { Header = TestChallenge.Of43("AESCBC", Seeded), Version = "5" })).Licenses.Single().KeyType.Should().Be(5);
        (await client.AskAsync(client.Challenge with { Header = TestChallenge.Of43(null, Seeded), Version = "5" }, "?cfg=(ckt:aes128bitcbc)")).Licenses.Single().KeyType.Should().Be(5);
    }

    [Fact]
    public async Task Each_bracket_is_a_licence_with_its_own_key()
    {
        TestClient client = await ClientAsync();
        string query = $"?cfg=(kid:{Seeded},contentkey:AAECAwQFBgcICQoLDA0O%2Fw==),(kid:{Uri.EscapeDataString(TestChallenge.Id(AlsoSeeded))},sl:150,contentkey:+/+/+/+/+/+/+/+/+/+/+w==),(kid:{Seeded},keyseed:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA)";

        TestLicense[] licenses = (await client.AskAsync(query)).Licenses;

        licenses.Select(license => license.Kid).Should().Equal(Seeded, AlsoSeeded, Seeded);
        licenses[0].Open(client.Device.Encrypt).Should().Equal(Convert.FromHexString("000102030405060708090a0b0c0d0eff"));
        licenses[1].Open(client.Device.Encrypt).Should().Equal(Convert.FromBase64String("+/+/+/+/+/+/+/+/+/+/+w=="));
        licenses[2].Open(client.Device.Encrypt).Should().NotEqual(SeededKey);
    }

    [Fact]
    public async Task Every_term_has_its_object()
    {
        TestClient client = await ClientAsync("?level=2000");
        const string terms = "sl:2000,begindate:20240101,enddate:20300102030405,firstexp:3600,grace:60,realtime:true,removaldate:20310101,revinfo:7,"
            + "cvopl:500,ucvopl:250,dvop:(guid:ABB2C6F1-E663-4625-A945-972D17B231E7,data:00000001),maxres:1920x1080,daop:(guid:6D5CFA59-C250-4426-930E-FAC72C8FCFA6,data:00000002),"
            + "avop:(guid:C3FD11C6-F8B7-4D20-B008-1DB17D61F2DA,data:02000000)(guid:225CD36F-F132-49EF-BA8C-C91EA28E4369,data:00000003),"
            + "playenablers:(786627D8-C2A6-44BE-8F88-08AE255B01A7,B621D91F-EDCC-4035-8D4B-DC71760D43E9)";

        TestLicense license = (await client.AskAsync($"?cfg=({terms})")).Licenses.Single();

        license[0x12].Should().Equal([.. U32(1704067200), .. U32(1893553445)]);   // date -u -d … +%s
        license[0x30].Should().Equal(U32(3600));
        license[0x1A].Should().Equal(U32(60));
        license[0x55].Should().BeEmpty();
        license[0x50].Should().Equal(U32(1924992000));
        license[0x32].Should().Equal(U32(7));
        license[0x34].Should().Equal(0x07, 0xD0);
        license[0x05].Should().Equal(0x01, 0xF4, 0, 250, 0, 100, 0, 100, 0, 100);
        license.Types.Count(type => type == 0x59).Should().Be(2);
        license[0x31].Should().Equal([.. Convert.FromHexString("59fa5c6d50c22644930efac72c8fcfa6"), 0, 0, 0, 2]);
        license.Types.Count(type => type == 0x08).Should().Be(2);
        license.Types.Count(type => type == 0x39).Should().Be(2);
        license.FlagsOf(0x58).Should().Be(3);
        license.FlagsOf(0x12).Should().Be(1);
        license.FlagsOf(0x1A).Should().Be(0);
    }

    [Fact]
    public async Task Begin_and_end_can_be_named_from_now_on()
    {
        TestClient client = await ClientAsync();
        TestChallenge challenge = client.Challenge with { Time = "1900000000" };
        TestLicense license = (await client.AskAsync(challenge, "?cfg=(beginin:-60,endin:60,play:false)&now=1900000010")).Licenses.Single();
        license[0x12].Should().Equal([.. U32(1899999950), .. U32(1900000070)]);
        license[0x13].Should().Equal(U32(1900000010));
        license.Types.Should().NotContain(0x04);
    }

    [Theory]
    [InlineData("0x8004C065")]
    [InlineData("0x8004c604")]
    public async Task Fault_can_be_asked_for_by_its_code(string code)
    {
        TestClient client = await ClientAsync();
        TestAnswer answer = await client.AskAsync($"?cfg=(errorcode:{code})&redirect_url=http%3A%2F%2F127.0.0.1%2F&service_id=ABB2C6F1-E663-4625-A945-972D17B231E7&custom_data=%3Ca%3E");
        answer.Status.Should().Be(HttpStatusCode.InternalServerError);
        answer.StatusCode.Should().BeEquivalentTo(code);
        answer.Find("faultcode").Should().Be("soap:Server");
        answer.Find("RedirectUrl").Should().Be("http://127.0.0.1/");
        answer.Find("ServiceId").Should().Be("8cayq2PmJUapRZctF7Ix5w==");
        answer.Find("CustomData").Should().Be("<a>");

        TestAnswer twelve = await client.AskAsync($"?cfg=(revoked:true)&soap=1.2");
        twelve.StatusCode.Should().Be("0x8004C065");
        twelve.ContentType.Should().StartWith("application/soap+xml");
        twelve.Text.Should().Contain("http://www.w3.org/2003/05/soap-envelope");
    }

    [Theory]
    [InlineData("?cfg=()")]
    [InlineData("?cfg=(sl:150")]
    [InlineData("?cfg=sl:150")]
    [InlineData("?cfg=(sl:-1)")]
    [InlineData("?cfg=(nothing:1)")]
    [InlineData("?cfg=(kid:1)")]
    [InlineData("?cfg=(contentkey:AAAA)")]
    [InlineData("?cfg=(keyseed:AAAA)")]
    [InlineData("?cfg=(enddate:2024)")]
    [InlineData("?cfg=(errorcode:5)")]
    [InlineData("?cfg=(dvop:guid)")]
    [InlineData("?cfg=(maxres:1)")]
    [InlineData("?flaw=nothing")]
    [InlineData("?cfg64=W10=")]
    public async Task Parameter_that_is_not_right_is_told(string query)
    {
        TestClient client = await ClientAsync();
        TestAnswer answer = await client.AskAsync(query);
        answer.Status.Should().Be(HttpStatusCode.BadRequest);
        answer.Text.Should().Contain("bad-parameter");
    }

    [Fact]
    public async Task Flaws_are_what_they_say()
    {
        TestClient client = await ClientAsync();
        (await LicenseAsync("mac")).Mac(P256.Unwrap(client.Device.Encrypt, (await LicenseAsync("mac")).Wrapped)[..16]).Should().NotEqual((await LicenseAsync("mac"))[0x0B][4..]);
        (await LicenseAsync("device_key")).DeviceKey.Should().NotEqual(P256.Public(client.Device.Encrypt));
        (await LicenseAsync("no_device_key")).Types.Should().NotContain(0x2A);
        (await LicenseAsync("kid")).Kid.Should().NotBe(TestClient.OwnKid);
        (await LicenseAsync("content_key")).Open(client.Device.Encrypt).Should().NotEqual(Convert.FromHexString(SharedSandbox.OwnKey));
        (await LicenseAsync("cipher_type")).CipherType.Should().Be(4);
        (await LicenseAsync("key_type")).KeyType.Should().Be(2);
        (await LicenseAsync("rights_bits"))[0x0D].Should().Equal(0x40, 1);
        (await LicenseAsync("unknown_object")).FlagsOf(0x7F01).Should().Be(1);
        (await client.AskAsync("?flaw=xmr_version")).RawLicenses.Single()[7].Should().Be(9);
        (await client.AskAsync("?flaw=duplicate")).RawLicenses.Should().HaveCount(2);
        (await client.AskAsync("?flaw=no_license")).RawLicenses.Should().BeEmpty();
        (await client.AskAsync("?flaw=malformed")).Text.Should().NotContain("<");
        (await client.AskAsync("?flaw=truncated")).Text.Should().NotContain("</soap:Envelope>");
        (await client.AskAsync("?sign=1")).HasRightDigest.Should().BeTrue();
        (await client.AskAsync("?odd=bare")).Text.Should().NotContain("SignedData");
        (await client.AskAsync("?odd=order")).Licenses.Single().Types[1].Should().Be(0x09);
        TestChallenge challenge = client.Challenge with { Header = TestChallenge.Of42(Seeded, AlsoSeeded), Version = "4" };
        (await client.AskAsync(challenge, "?odd=big_endian")).Licenses[1].RightsId.Should().Equal(Plus1(challenge.Nonce));

        (await KeptAsync("digest")).HasRightDigest.Should().BeFalse();
        TestAnswer signature = await KeptAsync("signature");
        signature.IsSignedBy(TestCertificate.Chain(signature.SigningChain)[0].KeyOf(20)!).Should().BeFalse();
        (await KeptAsync("unsigned")).IsSigned.Should().BeFalse();
        (await KeptAsync("no_nonce")).Nonce.Should().BeNull();
        (await KeptAsync("no_response_id")).ResponseId.Should().BeNull();
        TestCertificate.Chain((await KeptAsync("root")).SigningChain)[^1].IssuerKey.Should().NotEqual(client.Root);
        TestCertificate.Chain((await KeptAsync("usage")).SigningChain)[0].KeyOf(20).Should().BeNull();
        (await client.AskAsync("?cfg=(persist:true)&odd=transaction")).Transaction.Should().NotBeNull();

        async Task<TestLicense> LicenseAsync(string flaw) => (await client.AskAsync("?flaw=" + flaw)).Licenses.Single();

        Task<TestAnswer> KeptAsync(string flaw) => client.AskAsync("?cfg=(persist:true)&flaw=" + flaw);
    }

    [Fact]
    public void Every_content_key_arrives() => Gen.Byte.Array[16].Sample(
        key =>
        {
            using ECDsa device = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            TestLicense license = new(LicenseMaker.Make(new LicenseTerms(), new WantedKey(TestClient.OwnKid, KeyType.AesCbc, key), new byte[16], P256.Public(device), DateTimeOffset.UnixEpoch, new Oddities()));
            license.Open(device).Should().Equal(key);
        },
        iter: 50);

    [Fact]
    public void Terms_of_the_seed_agree_with_the_vectors()
    {
        foreach (JsonElement vector in Vectors.Load("playready.json").GetProperty("key_seed").EnumerateArray())
            KeySeed.Derive(vector.GetProperty("seed_b64").GetBytesFromBase64(), vector.GetProperty("kid_guid").GetGuid()).Should().Equal(Convert.FromHexString(vector.GetProperty("content_key_hex").GetString()!));
        foreach (JsonElement vector in Vectors.Load("playready.json").GetProperty("checksum").EnumerateArray().Where(one => one.GetProperty("alg").GetString() == "AESCTR"))
            KeySeed.Checksum(Convert.FromHexString(vector.GetProperty("content_key_hex").GetString()!), vector.GetProperty("kid_guid").GetGuid()).Should().Equal(vector.GetProperty("checksum_b64").GetBytesFromBase64());
    }

    [Fact]
    public void Headers_of_the_vectors_are_read()
    {
        foreach (JsonElement vector in Vectors.Load("playready.json").GetProperty("wrmheader").EnumerateArray())
        {
            if (vector.GetProperty("xml").GetString() is not { } xml) continue;
            ContentHeader header = ContentHeader.Read(XElement.Parse(xml));
            header.Keys.Select(key => key.Kid).Should().Equal(vector.GetProperty("kids").EnumerateArray().Select(kid => kid.GetGuid()));
            $"{header.Version}.0.0".Should().Be(vector.GetProperty("version").GetString());
        }
    }

    private static byte[] U32(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Plus1(byte[] nonce)
    {
        byte[] sum = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(sum, BinaryPrimitives.ReadUInt128BigEndian(nonce) + 1);
        return sum;
    }

    private Task<TestClient> ClientAsync(string query = "") => TestClient.MakeAsync(sandbox.Http, query);
}

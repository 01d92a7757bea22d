using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Keyway.Sandbox.PlayReady;

/// <summary>Every challenge that gets a fault, with the fault's code.</summary>
public sealed class RefusalTests(SharedSandbox sandbox) : IClassFixture<SharedSandbox>
{
    private const string Invalid = "0x8004C601";
    private static readonly Guid Kid = TestClient.OwnKid;

    [Theory]
    [InlineData("")]
    [InlineData("no xml")]
    [InlineData("<a/>")]
    [InlineData("<!DOCTYPE a><a/>")]
    [InlineData("<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>")]
    public async Task Body_that_is_no_challenge_is_refused(string body)
    {
        TestClient client = await ClientAsync();
        await RefusedAsync(client.SendAsync(body), Invalid);
    }

    [Fact]
    public async Task Body_that_is_nested_without_end_is_refused()
    {
        TestClient client = await ClientAsync();
        await RefusedAsync(client.SendAsync(string.Concat(Enumerable.Repeat("<a>", 100_000)) + string.Concat(Enumerable.Repeat("</a>", 100_000))), Invalid);
    }

    [Fact]
    public async Task Other_actions_are_refused_and_missing_or_bare_ones_are_not()
    {
        TestClient client = await ClientAsync();
        await RefusedAsync(client.SendAsync(client.Challenge.Write(), action: "\"http://schemas.microsoft.com/DRM/2007/03/protocols/JoinDomain\""), Invalid);
        (await client.SendAsync(client.Challenge.Write(), action: null)).Status.Should().Be(HttpStatusCode.OK);
        (await client.SendAsync(client.Challenge.Write(), action: "http://schemas.microsoft.com/DRM/2007/03/protocols/AcquireLicense")).Status.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task What_was_changed_after_signing_is_refused()
    {
        TestClient client = await ClientAsync();
        foreach (Func<string, string> change in new Func<string, string>[]
        {
            text => text.Replace("<Version>1<", "<Version>3<", StringComparison.Ordinal),
            text => text.Replace("4.0.0.0</CLIENTVERSION>", "4.0.0.1</CLIENTVERSION>", StringComparison.Ordinal),
            text => text.Replace(" xml:space", "  xml:space", StringComparison.Ordinal),
            text => text.Replace("2001/REC", "2002/REC", StringComparison.Ordinal),
            text => Flip(text, "<DigestValue>"),
            text => Flip(text, "<SignatureValue>"),
            text => Flip(text, "<PublicKey>"),
            text => text.Replace("</Challenge>", "<LA></LA></Challenge>", StringComparison.Ordinal),
            text => text.Replace("<soap:Body>", "<soap:Body><!--<LA ></LA>-->", StringComparison.Ordinal),
            text => text.Replace("</challenge>", "<Challenge xmlns=\"http://schemas.microsoft.com/DRM/2007/03/protocols/messages\"></Challenge></challenge>", StringComparison.Ordinal),
        })
            await RefusedAsync(client.AskAsync(client.Challenge with { ChangeMessage = change }), Invalid);
    }

    [Fact]
    public async Task What_was_signed_wrongly_is_refused()
    {
        TestClient client = await ClientAsync();
        using ECDsa other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        TestChallenge good = client.Challenge;
        foreach (TestChallenge challenge in new[]
        {
            good with { Signer = other },
            good with { ChangeSignedInfo = text => text.Replace("#SignedData", "#Other", StringComparison.Ordinal) },
            good with { ChangeSignedInfo = text => text.Replace("#ecdsa-sha256", "#rsa", StringComparison.Ordinal) },
            good with { ChangeSignedInfo = text => text.Replace("#sha256", "#md5", StringComparison.Ordinal) },
            good with { ChangeLa = text => text.Replace("SignedData", "Other", StringComparison.Ordinal) },
            good with { ChangeLa = text => text.Replace("<ClientTime>", "<ClientTime>-", StringComparison.Ordinal) },
            good with { ChangeLa = text => text.Replace("</LicenseNonce>", "</LicenseNonce><LicenseNonce></LicenseNonce>", StringComparison.Ordinal) },
            good with { ChangeLa = text => text.Replace("aes128-cbc", "aes256-cbc", StringComparison.Ordinal) },
            good with { ChangeLa = text => text.Replace("#ecc256", "#rsa", StringComparison.Ordinal) },
            good with { Nonce = new byte[15] },
            good with { Time = "never" },
        })
            await RefusedAsync(client.AskAsync(challenge), Invalid);
    }

    [Fact]
    public async Task Client_data_that_cannot_be_opened_or_read_is_refused()
    {
        TestClient client = await ClientAsync();
        TestChallenge good = client.Challenge;
        foreach (TestChallenge challenge in new[]
        {
            good with { ServerKey = client.Root },
            good with { ChangeWrap = bytes => bytes[..127] },
            good with { ChangeWrap = bytes => [(byte)(bytes[0] ^ 1), .. bytes[1..]] },
            good with { ChangeCipher = bytes => [(byte)(bytes[0] ^ 1), .. bytes[1..]] },
            good with { ChangeCipher = bytes => bytes[..^1] },
            good with { ChangeCipher = bytes => bytes[..^16] },
            good with { ChangeClientData = _ => "<Other></Other>" },
            good with { ChangeClientData = _ => "no xml" },
            good with { ChangeClientData = _ => "<Data><CertificateChains></CertificateChains></Data>" },
            good with { ChangeClientData = _ => "<Data><CertificateChains><CertificateChain>AAAA</CertificateChain></CertificateChains></Data>" },
        })
            await RefusedAsync(client.AskAsync(challenge), Invalid);
        (await client.AskAsync(good with { ChangeClientData = text => text.Replace("<CertificateChain>", "<CertificateChain> ", StringComparison.Ordinal).Replace("</CertificateChain>", "\n</CertificateChain>", StringComparison.Ordinal) }))
            .Status.Should().Be(HttpStatusCode.OK, "white space around the chain is common");
    }

    [Theory]
    [InlineData("flaw=root")]
    [InlineData("flaw=key")]
    [InlineData("flaw=usage")]
    [InlineData("flaw=encrypt")]
    [InlineData("flaw=type")]
    [InlineData("expiration_time_seconds=1")]
    public async Task Device_that_is_not_in_order_is_refused(string how)
    {
        TestClient client = await TestClient.MakeAsync(sandbox.Http, "?" + how);
        await RefusedAsync(client.AskAsync(), Invalid);
    }

    [Fact]
    public async Task Chain_with_a_missing_or_misplaced_link_is_refused()
    {
        TestClient client = await ClientAsync();
        byte[][] certificates = Cut(client.Device.Chain);
        certificates.Should().HaveCount(3);
        foreach (byte[][] chain in new[] { [certificates[0]], certificates[..2], [certificates[0], certificates[2]], certificates[1..], [certificates[0], certificates[0], certificates[1], certificates[2]], [] })
            await RefusedAsync(client.AskAsync(client.Challenge with { Device = client.Device with { Chain = CertificateMaker.Chain(chain) } }), Invalid);
    }

    [Fact]
    public async Task Nonce_is_good_for_one_challenge()
    {
        TestClient client = await ClientAsync();
        string message = client.Challenge.Write();
        (await client.SendAsync(message)).Status.Should().Be(HttpStatusCode.OK);
        await RefusedAsync(client.SendAsync(message), Invalid);
        (await client.SendAsync(message, "?lenient=replay")).Status.Should().Be(HttpStatusCode.OK);

        string other = client.Challenge.Write();
        (await client.SendAsync(other, "?fault=status:503")).Status.Should().Be(HttpStatusCode.ServiceUnavailable);
        (await client.SendAsync(other)).Status.Should().Be(HttpStatusCode.OK, "an answer that did not arrive does not count");
    }

    [Fact]
    public async Task Time_of_the_client_must_be_near()
    {
        TestClient client = await ClientAsync();
        long now = long.Parse(client.Challenge.Time, CultureInfo.InvariantCulture);
        foreach (int off in new[] { -400, 400 })
            await RefusedAsync(client.AskAsync(client.Challenge with { Time = (now + off).ToString(CultureInfo.InvariantCulture) }), Invalid);
        (await client.AskAsync(client.Challenge with { Time = "5" }, "?window=any")).Status.Should().Be(HttpStatusCode.OK);
        (await client.AskAsync(client.Challenge with { Time = "5" }, "?lenient=time")).Status.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Versions_of_the_message_are_those_that_are_known()
    {
        TestClient client = await ClientAsync();
        await RefusedAsync(client.AskAsync(client.Challenge with { Version = "2" }), "0x8004C60B");
        await RefusedAsync(client.AskAsync(client.Challenge with { Version = "6" }), "0x8004C60B");
        await RefusedAsync(client.AskAsync(client.Challenge with { Version = "4", Header = TestChallenge.Of43(null, Kid) }), "0x8004C60B");
    }

    [Fact]
    public async Task Header_that_is_not_right_is_refused()
    {
        TestClient client = await ClientAsync();
        string id = TestChallenge.Id(Kid);
        foreach ((string header, string code) in new[]
        {
            ("", "0x80041108"),
            ("<WRMHEADER></WRMHEADER>", "0x80041108"),
            (TestChallenge.Of40(Kid).Replace(" version=\"4.0.0.0\"", "", StringComparison.Ordinal), "0x80041103"),
            (TestChallenge.Of40(Kid).Replace("4.0.0.0", "4.4.0.0", StringComparison.Ordinal), "0x8004110B"),
            (TestChallenge.Wrm("4.0.0.0", "<PROTECTINFO><KEYLEN>16</KEYLEN><ALGID>AESCTR</ALGID></PROTECTINFO>"), "0x80041104"),
            (TestChallenge.Wrm("4.2.0.0", "<DECRYPTORSETUP>ONDEMAND</DECRYPTORSETUP>"), "0x80041104"),
            (TestChallenge.Wrm("4.0.0.0", $"<KID>{id}</KID>"), "0x80041108"),
            (TestChallenge.Wrm("4.0.0.0", $"<PROTECTINFO><ALGID>AESCTR</ALGID></PROTECTINFO><KID>{id}</KID><KID>{id}</KID>"), "0x80041108"),
            (TestChallenge.Wrm("4.0.0.0", "<PROTECTINFO><ALGID>AESCTR</ALGID></PROTECTINFO><KID>AAAA</KID>"), "0x80041108"),
            (TestChallenge.Wrm("4.0.0.0", $"<PROTECTINFO><ALGID>COCKTAIL</ALGID></PROTECTINFO><KID>{id}</KID>"), "0x8004C604"),
            (TestChallenge.Wrm("4.1.0.0", $"<PROTECTINFO><KID ALGID=\"AESCTR\" VALUE=\"{id}\"></KID><KID ALGID=\"AESCTR\" VALUE=\"{id}\"></KID></PROTECTINFO>"), "0x80041111"),
            (TestChallenge.Of42(Kid).Replace("AESCTR", "AESCBC", StringComparison.Ordinal), "0x80041108"),
            (TestChallenge.Of42(Kid).Replace("ALGID=\"AESCTR\" ", "", StringComparison.Ordinal), "0x80041108"),
            (TestChallenge.Of43("AESCBC", Kid).Replace("VALUE", "CHECKSUM=\"AAAAAAAAAAA=\" VALUE", StringComparison.Ordinal), "0x80041108"),
            (TestChallenge.Of43("NONE", Kid), "0x80041108"),
        })
            await RefusedAsync(client.AskAsync(client.Challenge with { Header = header }), code);
    }

    [Fact]
    public async Task Key_that_is_not_known_is_refused_where_the_header_shows_it()
    {
        TestClient client = await ClientAsync();
        Guid kid = new("ad13f9ea-2be6-98b8-75f5-04a8e3ccea64");   // with its checksum, from servo's content-metadata.js
        TestAnswer answer = await RefusedAsync(client.AskAsync(client.Challenge with { Header = TestChallenge.Of40(kid, "jYFNf0yf4is=") }), "0x8004C604");
        answer.Find("faultstring").Should().Contain(kid.ToString());
    }

    [Fact]
    public async Task Device_of_too_low_a_level_or_without_a_feature_is_refused()
    {
        TestClient client = await ClientAsync();
        await RefusedAsync(client.AskAsync("?cfg=(sl:2000)"), "0x8004A004");
        (await client.AskAsync("?cfg=(sl:2000)&lenient=level")).Licenses.Single()[0x34].Should().Equal(0x07, 0xD0);
        (await (await TestClient.MakeAsync(sandbox.Http, "?level=2000")).AskAsync("?cfg=(sl:2000)")).Status.Should().Be(HttpStatusCode.OK);

        TestChallenge plain = client.Challenge with { Features = "", Header = TestChallenge.Of43("AESCBC", Kid), Version = "5" };
        await RefusedAsync(client.AskAsync(plain), "0x8004C604");
        (await client.AskAsync(plain with { Nonce = RandomNumberGenerator.GetBytes(16) }, "?lenient=cbc")).Licenses.Single().KeyType.Should().Be(5);
        (await client.AskAsync(client.Challenge with { Features = "" })).Status.Should().Be(HttpStatusCode.OK, "counter mode needs no feature");
    }

    private static async Task<TestAnswer> RefusedAsync(Task<TestAnswer> asked, string code)
    {
        TestAnswer answer = await asked;
        answer.Status.Should().Be(HttpStatusCode.InternalServerError, answer.Text);
        answer.ContentType.Should().Be("text/xml; charset=utf-8");
        answer.StatusCode.Should().Be(code, answer.Text);
        return answer;
    }

    // Changes a bit of the first byte of a base64 value, in a way that leaves it base64.
    private static string Flip(string text, string element)
    {
        int at = text.IndexOf(element, StringComparison.Ordinal) + element.Length;
        return new StringBuilder(text) { [at] = text[at] == 'A' ? 'B' : 'A' }.ToString();
    }

    private static byte[][] Cut(byte[] chain)
    {
        List<byte[]> certificates = [];
        for (int at = 20; at < chain.Length; at += certificates[^1].Length)
            certificates.Add(chain[at..(at + System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(chain.AsSpan(at + 8)))]);
        return [.. certificates];
    }

    private Task<TestClient> ClientAsync() => TestClient.MakeAsync(sandbox.Http);
}

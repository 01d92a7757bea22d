using System.Net;
using System.Security.Cryptography;
using System.Text.Json;

namespace Keyway.Sandbox.Widevine;

/// <summary>Errors on demand: each answer has the flaw that was asked for, and nothing else is wrong with it.</summary>
[Collection(WidevineSandbox.Collection)]
public sealed class FlawTests(WidevineSandbox sandbox)
{
    private static readonly byte[] Payload = WidevineSandbox.Payload(WidevineSandbox.OwnKid);

    [Theory]
    [InlineData("signature", "HMAC")]
    [InlineData("hmac_key", "HMAC")]
    [InlineData("policy", "HMAC")]
    [InlineData("core_uncovered", "HMAC")]
    [InlineData("session_key_length", "session key length")]
    [InlineData("session_key_type", "session key type 2")]
    [InlineData("type", "message type 6")]
    public async Task License_does_not_hold(string flaw, string why)
    {
        (byte[] answer, byte[] msg) = await AskAsync(flaw);
        sandbox.Client.Invoking(client => client.Open(answer, msg)).Should().Throw<CryptographicException>().WithMessage(why);
    }

    [Fact]
    public async Task License_with_a_flaw_is_right_otherwise()
    {
        // The signature is wrong in one bit; the right one stands beside it.
        (byte[] answer, byte[] msg) = await AskAsync("signature");
        WireMessage message = new(answer);
        byte[] signature = message.Bytes(3);
        signature[0] ^= 1;
        byte[] mended = new WireWriter().Number(1, 2).Bytes(2, message.Bytes(2)).Bytes(3, signature).Bytes(4, message.Bytes(4)).Done();
        sandbox.Client.Open(mended, msg).Keys.Should().ContainSingle();
    }

    [Fact]
    public async Task Session_key_does_not_open_or_is_missing()
    {
        (byte[] answer, byte[] msg) = await AskAsync("session_key");
        sandbox.Client.Invoking(client => client.Open(answer, msg)).Should().Throw<CryptographicException>();

        (answer, _) = await AskAsync("no_session_key");
        new WireMessage(answer).Fields.Should().Equal(1, 2, 3);
    }

    [Fact]
    public async Task Keys_are_missing_or_too_many()
    {
        (await LicenseAsync("no_signing_key")).SigningKey.Should().BeEmpty();
        TestLicense empty = await LicenseAsync("no_content_key");
        empty.SigningKey.Should().HaveCount(64);
        empty.Keys.Should().BeEmpty();

        (byte[] answer, _) = await AskAsync("two_signing_keys");
        new WireMessage(answer).Message(2).All(3).Select(key => new WireMessage(key).Number(4)).Should().Equal(1, 1, 2);
    }

    [Fact]
    public async Task Content_key_has_no_vector_wrong_padding_or_another_length()
    {
        (byte[] answer, byte[] msg) = await AskAsync("no_iv");
        new WireMessage(new WireMessage(answer).Message(2).All(3).Last()).Fields.Should().Equal(1, 3, 4, 12);

        (answer, msg) = await AskAsync("padding");
        sandbox.Client.Invoking(client => client.Open(answer, msg)).Should().Throw<CryptographicException>().WithMessage("*padding*");

        (await LicenseAsync("key_length")).Keys.Single().Key.Should().Be(WidevineSandbox.OwnKey[..16]);
    }

    [Fact]
    public async Task License_is_of_another_request_or_of_another_time()
    {
        TestRequest request = new();
        TestLicense other = await sandbox.LicenseAsync("?flaw=request_id", request: request);
        other.Id.Facts.Bytes(1).Should().HaveCount(16).And.NotEqual(request.RequestId);

        TestLicense expired = await sandbox.LicenseAsync("?flaw=expired");
        (expired.Facts.Number(4) + expired.Policy.Number(6)).Should().BeLessThan(TestClient.Now - 30);
        expired = await sandbox.LicenseAsync("?flaw=expired&license_duration_seconds=5");
        (expired.Facts.Number(4) + expired.Policy.Number(6)).Should().BeLessThan(TestClient.Now - 30);

        request = new();
        (await sandbox.LicenseAsync("?start_skew_seconds=-3600", request: request)).Facts.Number(4).Should().Be(request.Time - 3600);
    }

    [Fact]
    public async Task Previous_license_comes_once_more()
    {
        byte[] first = await sandbox.AskAsync(sandbox.Client.Sign(sandbox.Client.New(Payload)));
        (byte[] second, _) = await AskAsync("previous");
        second.Should().Equal(first);
    }

    [Fact]
    public async Task Answer_is_no_message_or_half_of_one()
    {
        (byte[] answer, _) = await AskAsync("malformed");
        answer.Invoking(bytes => new WireMessage(bytes)).Should().Throw<Exception>();
        (answer, _) = await AskAsync("truncated");
        answer.Invoking(bytes => new WireMessage(bytes)).Should().Throw<Exception>();
        byte[] request = sandbox.Client.Sign(sandbox.Client.New(Payload));
        Func<Task> ask = () => sandbox.PostAsync(request, "?fault=cut");
        (await ask.Should().ThrowAsync<HttpRequestException>()).WithInnerException<HttpIOException>().Which.HttpRequestError.Should().Be(HttpRequestError.ResponseEnded);
    }

    [Fact]
    public async Task Key_is_not_known_on_demand() =>
        await sandbox.RefusesAsync(sandbox.Client.Sign(sandbox.Client.New(Payload)), "unknown-key", HttpStatusCode.NotFound, "?flaw=unknown_key");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Error_message_can_be_asked_for(int code)
    {
        byte[] answer = await sandbox.AskAsync(sandbox.Client.Sign(sandbox.Client.New(Payload)), $"?error={code}");
        WireMessage message = new(answer);
        message.Fields.Should().Equal(1, 2);
        (message.Number(1), message.Message(2).Number(1)).Should().Be((3, code));
    }

    [Fact]
    public async Task Refusals_can_be_messages()
    {
        WireMessage message = new(await sandbox.AskAsync("not a message"u8.ToArray(), "?errors=message"));
        (message.Number(1), message.Message(2).Number(1)).Should().Be((3, 1));

        using TestClient over = await WidevineSandbox.CredentialAsync(sandbox.Http, "?expiration_time_seconds=1");
        message = new(await sandbox.AskAsync(over.Sign(over.New(Payload)), "?errors=message"));
        (message.Number(1), message.Message(2).Number(1)).Should().Be((3, 4));
    }

    [Theory]
    [InlineData("signature")]
    [InlineData("type")]
    [InlineData("expired")]
    [InlineData("provider_id")]
    public async Task Service_certificate_can_be_wrong(string flaw)
    {
        WireMessage certificate = new WireMessage(await sandbox.AskAsync([8, 4], "?flaw=" + flaw)).Message(2), facts = certificate.Message(1);
        using RSA root = RSA.Create();
        root.ImportRSAPublicKey(sandbox.Trust.GetProperty("rootPublicKey").GetBytesFromBase64(), out _);

        root.VerifyData(certificate.Bytes(1), certificate.Bytes(2), HashAlgorithmName.SHA1, RSASignaturePadding.Pss).Should().Be(flaw != "signature");
        facts.Number(1).Should().Be(flaw == "type" ? 2 : 3);
        facts.Has(7).Should().Be(flaw != "provider_id");
        (facts.Has(12) && facts.Number(12) < TestClient.Now).Should().Be(flaw == "expired");
    }

    [Fact]
    public async Task Front_page_names_every_flaw_and_every_parameter()
    {
        string page = await sandbox.Http.GetStringAsync("/", TestContext.Current.CancellationToken);
        page.Should().Contain("POST /widevine").And.Contain("/credential/SYSTEM").And.Contain("GET /trust").And.Contain("private_key.pem").And.Contain("client_id.bin")
            .And.Contain("flaw=NAME").And.Contain("license_duration_seconds").And.Contain("/widevine/entitlement");
        page.Should().ContainAll(Oddities.AllFlaws).And.ContainAll(Oddities.AllOdd).And.NotContain(WidevineSandbox.OwnKey);
    }

    [Fact]
    public async Task Credential_parameter_that_there_is_not_is_refused()
    {
        foreach (string query in new[] { "?bits=1024", "?flaw=none", "?expiration_time_seconds=-1", "?serial=1" })
        {
            using HttpResponseMessage response = await sandbox.Http.PostAsync("/credential/widevine" + query, null, TestContext.Current.CancellationToken);
            response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
            JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement.GetProperty("error").GetString().Should().Be("bad-parameter");
        }
    }

    private async Task<TestLicense> LicenseAsync(string flaw) => await sandbox.LicenseAsync("?flaw=" + flaw);

    private async Task<(byte[] Answer, byte[] Msg)> AskAsync(string flaw)
    {
        byte[] msg = sandbox.Client.New(Payload);
        return (await sandbox.AskAsync(sandbox.Client.Sign(msg), "?flaw=" + flaw), msg);
    }
}

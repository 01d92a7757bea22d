using System.Net;
using System.Security.Cryptography;

namespace Keyway.Sandbox.Widevine;

/// <summary>What gets no licence.</summary>
[Collection(WidevineSandbox.Collection)]
public sealed class RefusalTests(WidevineSandbox sandbox)
{
    private TestClient Client => sandbox.Client;

    private static byte[] Payload => WidevineSandbox.Payload(WidevineSandbox.OwnKid);

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("7b7d")]
    [InlineData("0801")]
    [InlineData("08011200")]
    [InlineData("0801 1202 ffff 1a00")]
    [InlineData("0801 1205 0801")]
    public async Task Body_that_is_no_message_is_refused(string hex) =>
        await sandbox.RefusesAsync(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), hex.Length == 0 ? "unsupported-message" : "bad-request");

    [Theory]
    [InlineData("0802")]
    [InlineData("0805")]
    [InlineData("0863")]
    public async Task Message_of_another_type_is_refused(string hex) => await sandbox.RefusesAsync(Convert.FromHexString(hex), "unsupported-message");

    [Fact]
    public async Task Request_that_is_not_signed_by_its_device_is_refused()
    {
        byte[] body = Client.Sign(Client.New(Payload));
        body[^1] ^= 1;
        await sandbox.RefusesAsync(body, "bad-signature");
        await sandbox.RefusesAsync(new WireWriter().Number(1, 1).Bytes(2, Client.New(Payload)).Done(), "bad-signature");

        using TestClient other = await WidevineSandbox.CredentialAsync(sandbox.Http, "?flaw=key");
        await sandbox.RefusesAsync(other.Sign(other.New(Payload)), "bad-signature");
    }

    [Fact]
    public async Task Device_of_another_root_and_one_that_is_over_are_refused()
    {
        using TestClient foreign = await WidevineSandbox.CredentialAsync(sandbox.Http, "?flaw=root");
        await sandbox.RefusesAsync(foreign.Sign(foreign.New(Payload)), "bad-chain");

        using TestClient over = await WidevineSandbox.CredentialAsync(sandbox.Http, $"?expiration_time_seconds={TestClient.Now - 1}");
        await sandbox.RefusesAsync(over.Sign(over.New(Payload)), "expired-certificate");
        (await sandbox.LicenseAsync($"?now={TestClient.Now - 10}", client: over)).Keys.Should().ContainSingle("it was not over then");
    }

    [Fact]
    public async Task Every_flipped_bit_of_certificates_and_signatures_is_refused()
    {
        // The parts, by their place in client_id.bin: what device and model certificate say, and their signatures.
        WireMessage leaf = new WireMessage(Client.ClientId).Message(2), model = leaf.Message(3);
        foreach (byte[] part in new[] { leaf.Bytes(1), leaf.Bytes(2), model.Bytes(1), model.Bytes(2) })
        {
            int start = Client.ClientId.AsSpan().IndexOf(part);
            for (int i = 0; i < 24; i++)
            {
                byte[] changed = [.. Client.ClientId];
                changed[start + RandomNumberGenerator.GetInt32(part.Length)] ^= (byte)(1 << RandomNumberGenerator.GetInt32(8));
                await sandbox.RefusesAsync(Client.Sign(Client.New(Payload, new() { ClientId = changed })), "bad-chain");
            }
        }
    }

    [Fact]
    public async Task Identification_that_is_missing_double_or_of_another_kind_is_refused()
    {
        byte[] certificate = sandbox.Trust.GetProperty("serviceCertificate").GetBytesFromBase64();
        byte[] encrypted = Client.Encrypt(certificate);
        await Refuses(new() { EncryptedClientId = encrypted, HasBothIds = true }, "bad-request");
        await Refuses(new() { ClientId = [] }, "unsupported-client");   // KEYBOX by default
        await Refuses(new() { ClientId = new WireWriter().Number(1, 3).Bytes(2, new WireMessage(Client.ClientId).Bytes(2)).Done() }, "unsupported-client");
        await Refuses(new() { ClientId = new WireWriter().Number(1, 1).Done() }, "bad-chain");
        await Refuses(new() { ClientId = new WireWriter().Number(1, 1).Bytes(2, [0xFF]).Done() }, "bad-chain");

        WireMessage leaf = new WireMessage(Client.ClientId).Message(2);
        await Refuses(new() { ClientId = new WireWriter().Number(1, 1).Bytes(2, new WireWriter().Bytes(1, leaf.Bytes(1)).Bytes(2, leaf.Bytes(2)).Done()).Done() }, "bad-chain");   // no model
        await Refuses(new() { ClientId = new WireWriter().Number(1, 1).Bytes(2, leaf.Bytes(3)).Done() }, "bad-chain");   // the model as device

        await Refuses(new() { EncryptedClientId = Client.Encrypt(Convert.FromBase64String(VectorTests.PublicServiceCertificate)) }, "unknown-service-certificate");
        encrypted[^1] ^= 1;
        await Refuses(new() { EncryptedClientId = encrypted }, "bad-request");

        byte[] without = new WireWriter().Number(3, 1).Number(4, TestClient.Now).Done();
        await sandbox.RefusesAsync(Client.Sign(without), "bad-request");

        async Task Refuses(TestRequest request, string error) => await sandbox.RefusesAsync(Client.Sign(Client.New(Payload, request)), error);
    }

    [Fact]
    public async Task Request_of_another_time_is_refused()
    {
        foreach (int seconds in new[] { -330, 330, int.MinValue, int.MaxValue })
            await sandbox.RefusesAsync(Client.Sign(Client.New(Payload, new() { Time = TestClient.Now + seconds })), "stale-request");
        await sandbox.RefusesAsync(Client.Sign(Client.New(Payload, new() { Time = long.MinValue })), "stale-request");

        (await sandbox.LicenseAsync(request: new() { Time = TestClient.Now - 270 })).Keys.Should().ContainSingle();
        (await sandbox.LicenseAsync("?window=any", request: new() { Time = 1 })).Facts.Number(4).Should().Be(1);
        (await sandbox.LicenseAsync("?now=1000&window=5", request: new() { Time = 996 })).Facts.Number(4).Should().Be(996);
        await sandbox.RefusesAsync(Client.Sign(Client.New(Payload, new() { Time = 994 })), "stale-request", query: "?now=1000&window=5");
    }

    [Fact]
    public async Task Request_that_was_made_before_is_refused()
    {
        TestRequest first = new();
        byte[] body = Client.Sign(Client.New(Payload, first));
        await sandbox.AskAsync(body);
        await sandbox.RefusesAsync(body, "replayed-request");
        await sandbox.RefusesAsync(Client.Sign(Client.New(Payload, first with { Nonce = first.Nonce + 1 })), "replayed-request");
        await sandbox.RefusesAsync(Client.Sign(Client.New(Payload, new() { Nonce = first.Nonce })), "replayed-request");

        using TestClient other = await WidevineSandbox.CredentialAsync(sandbox.Http);
        (await sandbox.LicenseAsync(client: other, request: new() { Nonce = first.Nonce })).Keys.Should().ContainSingle("a nonce is the device's own");
        (await sandbox.LicenseAsync(request: new() { Nonce = null })).Keys.Should().ContainSingle();
    }

    [Fact]
    public async Task Request_whose_answer_a_fault_took_away_can_be_sent_again()
    {
        foreach (string fault in new[] { "status:503", "body:no" })
        {
            byte[] msg = Client.New(Payload), body = Client.Sign(msg);
            string query = $"?run={Guid.NewGuid()}&fault={(fault.StartsWith("body", StringComparison.Ordinal) ? "once," + fault : fault + ",once")}";
            (await sandbox.PostRawAsync(body, query)).Length.Should().BeGreaterThan(0);
            Client.Open(await sandbox.AskAsync(body, query), msg).Keys.Should().ContainSingle();
            await sandbox.RefusesAsync(body, "replayed-request");
        }
    }

    [Fact]
    public async Task Content_that_is_not_known_is_refused()
    {
        await sandbox.RefusesAsync(Sign(WidevineSandbox.Payload(WidevineSandbox.OwnKid, "00000000000000000000000000000001")), "unknown-key", HttpStatusCode.NotFound);
        await sandbox.RefusesAsync(Sign(new WireWriter().Bytes(4, [1, 2, 3]).Done()), "unknown-key", HttpStatusCode.NotFound);
        await sandbox.RefusesAsync(Sign(WidevineSandbox.Payload("30")), "unknown-key", HttpStatusCode.NotFound);
        await sandbox.RefusesAsync(Sign(new WireWriter().Number(9, 1667591779).Done()), "bad-request");   // neither key nor content id
        await sandbox.RefusesAsync(Sign([0xFF, 0xFF]), "bad-request");
        await sandbox.RefusesAsync(Sign(new WireWriter().Number(11, 2).Done()), "bad-request");   // ENTITLED_KEY
        await sandbox.RefusesAsync(Sign(new WireWriter().Bytes(2, new byte[16]).Number(11, 1).Done()), "unknown-key", HttpStatusCode.NotFound);   // an entitlement of another
        await sandbox.RefusesAsync(Sign(Payload), "unknown-key", HttpStatusCode.NotFound, "?keys=00000000000000000000000000000002");

        byte[] Sign(byte[] payload) => Client.Sign(Client.New(payload));
    }

    [Fact]
    public async Task Request_that_contradicts_itself_is_refused()
    {
        await Refuses(new() { Type = 0 });
        await Refuses(new() { Type = 4 });
        await Refuses(new() { Type = 2 });
        await Refuses(new() { RequestId = [] });
        await Refuses(new() { RequestId = new byte[256] });
        await Refuses(new() { LicenseType = 9 });
        await Refuses(new() { ProtocolVersion = 19 });
        byte[] nothing = Client.Sign(Client.New(null, []));
        await sandbox.RefusesAsync(nothing, "bad-request");
        byte[] noPayload = Client.Sign(Client.New(null, new WireWriter().Bytes(1, new WireWriter().Bytes(3, [1]).Done()).Done()));
        await sandbox.RefusesAsync(noPayload, "bad-request");
        byte[] brokenBox = Client.Sign(Client.New(null, new WireWriter().Bytes(4, new WireWriter().Bytes(2, new byte[9]).Bytes(4, [1]).Done()).Done()));
        await sandbox.RefusesAsync(brokenBox, "bad-request");

        async Task Refuses(TestRequest request) => await sandbox.RefusesAsync(Client.Sign(Client.New(Payload, request)), "bad-request");
    }

    [Theory]
    [InlineData("?can_plai=1")]
    [InlineData("?can_play=yes")]
    [InlineData("?license_duration_seconds=1h")]
    [InlineData("?license_duration_seconds.own=1")]
    [InlineData("?hdcp=2.2")]
    [InlineData("?level=6")]
    [InlineData("?level.own=0")]
    [InlineData("?cgms_flags=1")]
    [InlineData("?video_resolution_constraints=1")]
    [InlineData("?video_resolution_constraints=1-x")]
    [InlineData("?keys=00")]
    [InlineData("?keys=none")]
    [InlineData("?protection_scheme=abcd")]
    [InlineData("?entitlement_key_size_bytes=24")]
    [InlineData("?flaw=signature,none")]
    [InlineData("?odd=signature")]
    [InlineData("?error=5")]
    [InlineData("?errors=1")]
    [InlineData("?now=soon")]
    [InlineData("?window=-1")]
    public async Task Parameter_that_there_is_not_is_refused(string query) => await sandbox.RefusesAsync(Client.Sign(Client.New(Payload)), "bad-parameter", query: query);

    [Fact]
    public async Task Method_and_length_of_requests_have_bounds()
    {
        using HttpResponseMessage get = await sandbox.Http.GetAsync("/widevine", TestContext.Current.CancellationToken);
        get.StatusCode.Should().Be(HttpStatusCode.MethodNotAllowed);

        using HttpRequestMessage request = new(HttpMethod.Post, "/widevine") { Content = new ByteArrayContent(new byte[2 << 20]) };
        request.Headers.ExpectContinue = true;   // so that the answer comes before the body goes
        using HttpResponseMessage length = await sandbox.Http.SendAsync(request, TestContext.Current.CancellationToken);
        length.StatusCode.Should().Be(HttpStatusCode.RequestEntityTooLarge);
    }
}

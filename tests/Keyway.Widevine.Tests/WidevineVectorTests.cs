using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Keyway.Widevine.Issuing;

namespace Keyway.Widevine;

/// <summary>The plugin alone against what others recorded.</summary>
public sealed class WidevineVectorTests
{
    private readonly Bench _bench = new();

    [Fact]
    public void Derivation_gives_the_published_keys()
    {
        JsonElement vector = Vectors.Read().GetProperty("self_generated").GetProperty("kdf");
        using WidevineDerivation derived = WidevineDerivation.Derive(vector.Hex("session_key"), vector.Hex("request"));
        derived.Encryption.ToArray().Should().Equal(vector.Hex("enc_key"));
        derived.ServerMac.ToArray().Should().Equal(vector.Hex("mac_server"));
        derived.ClientMac.ToArray().Should().Equal(vector.Hex("mac_client"));
    }

    [Theory]
    [InlineData("", "bb1d6929e95937287fa37d129b756746")]
    [InlineData("6bc1bee22e409f96e93d7e117393172a", "070a16b46b4d4144f79bdd9dd04a287c")]
    [InlineData("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411", "dfa66747de9ae63030ca32611497c827")]
    public void Issuers_own_cmac_is_that_of_RFC_4493(string message, string mac) =>
        Convert.ToHexStringLower(Derived.Cmac(Convert.FromHexString("2b7e151628aed2a6abf7158809cf4f3c"), Convert.FromHexString(message))).Should().Be(mac);

    [Fact]
    public void Derivation_agrees_with_the_issuers_own()
    {
        for (int length = 1; length < 70; length++)
        {
            byte[] key = RandomNumberGenerator.GetBytes(16), request = RandomNumberGenerator.GetBytes(length);
            using WidevineDerivation derived = WidevineDerivation.Derive(key, request);
            Derived other = Derived.From(key, request);
            derived.Encryption.ToArray().Should().Equal(other.Encryption);
            derived.ServerMac.ToArray().Should().Equal(other.ServerMac);
            derived.ClientMac.ToArray().Should().Equal(other.ClientMac);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Recorded_exchange_opens_to_the_recorded_keys(int index)
    {
        (JsonElement exchange, JsonElement recording) = Recording(index);
        await using WidevineKeySystem system = await StartAsync(exchange);
        byte[] message = Proto.Read(recording.Base64("challenge")).Data(2)!;
        ByteString requestId = Wire.LicenseRequest.Parser.ParseFrom(message).ContentId.WidevinePsshData.RequestId;

        Wire.SignedMessage answer = Wire.SignedMessage.Parser.ParseFrom(recording.Base64("response"));
        using WidevineLicense license = WidevineLicense.Open(
            answer, system.Credential, [new WidevineRequest(Licensing.ChallengeKind.License, requestId, message)], 1, _bench.Logger, out _);

        JsonElement[] keys = [.. recording.GetProperty("keys").EnumerateArray()];
        Convert.ToHexStringLower(SHA256.HashData(license.SigningKey)).Should().Be(keys.Single(key => key.Text("type") == "SIGNING").Text("sha256"));
        license.SigningKey.Should().Equal(exchange.Hex("signing_key_plain"));
        license.Keys.Select(key => (key.Id.ToString(), Convert.ToHexStringLower(SHA256.HashData(key.Bytes)), key.Bytes.Length)).Should().Equal(
            keys.Where(key => key.Text("type") == "CONTENT").Select(key => (key.Text("kid"), key.Text("sha256"), key.GetProperty("length").GetInt32())));
        license.Keys[0].Bytes.Should().Equal(exchange.GetProperty("content_key").Hex("key"));

        using WidevineDerivation derived = WidevineDerivation.Derive(exchange.Hex("session_key"), message);
        derived.Encryption.ToArray().Should().Equal(recording.GetProperty("derived").Hex("enc"));
        derived.ServerMac.ToArray().Should().Equal(recording.GetProperty("derived").Hex("mac_server"));
        derived.ClientMac.ToArray().Should().Equal(recording.GetProperty("derived").Hex("mac_client"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Our_challenge_has_the_fields_of_the_recorded_one(int index)
    {
        (JsonElement exchange, JsonElement recording) = Recording(index);
        if (index == 1) _bench.Settings["ServiceCertificate"] = exchange.Text("service_cert");
        await using WidevineKeySystem system = await StartAsync(exchange);
        byte[] pssh = exchange.Base64("pssh");
        (Licensing.ILicenseSession session, _) = await _bench.OpenAsync(Bench.Request(pssh), system);

        byte[] ours = (await session.AskAsync()).Bytes, theirs = recording.Base64("challenge");

        Shape(ours).Should().Equal(Shape(theirs));
        Proto.Read(Proto.Read(ours).Data(2)!).Message(2).Message(1).Data(1).Should().Equal(Proto.Read(Proto.Read(theirs).Data(2)!).Message(2).Message(1).Data(1));
        using RSA device = RSA.Create();
        device.ImportRSAPrivateKey(exchange.Base64("device_private_pkcs1"), out _);
        foreach (IReadOnlyList<Field> signed in new[] { Proto.Read(ours), Proto.Read(theirs) })
            device.VerifyData((byte[])[.. signed.Data(9) ?? [], .. signed.Data(2)!], signed.Data(3)!, HashAlgorithmName.SHA1, RSASignaturePadding.Pss).Should().BeTrue();
        if (index == 1)
        {
            Decrypt(exchange, ours).Should().Equal(exchange.Base64("client_id"));
            Decrypt(exchange, theirs).Should().Equal(exchange.Base64("client_id"));
        }
        else Proto.Read(Proto.Read(ours).Data(2)!).Data(1).Should().Equal(exchange.Base64("client_id"));
    }

    [Fact]
    public void Recorded_production_licence_parses_to_the_stated_contents()
    {
        JsonElement vector = Vectors.Read().GetProperty("recorded_public")[0], expected = vector.GetProperty("expect");
        Wire.SignedMessage answer = Wire.SignedMessage.Parser.ParseFrom(vector.Base64("response_base64"));
        Wire.License license = Wire.License.Parser.ParseFrom(answer.Msg);

        answer.Signature.Length.Should().Be(expected.GetProperty("signature_len").GetInt32());
        answer.SessionKey.Length.Should().Be(expected.GetProperty("session_key_len").GetInt32());
        ((int)answer.SessionKeyType).Should().Be(expected.GetProperty("session_key_type").GetInt32());
        answer.OemcryptoCoreMessage.Length.Should().Be(expected.GetProperty("core_message_len").GetInt32());
        answer.HasUsingSecondaryKey.Should().BeTrue();
        Encoding.ASCII.GetString(license.Id.RequestId.Span).Should().Be("2F9DCA50D1ED96910E00000000000000");
        license.Id.SessionId.Should().Equal(license.Id.RequestId);
        license.Id.HasPurchaseId.Should().BeTrue();
        (license.Id.OriginalRentalDurationSeconds, license.Id.OriginalPlaybackDurationSeconds, license.Id.OriginalStartTimeSeconds).Should().Be((30L, 30L, 1728203280L));
        license.LicenseStartTime.Should().Be(expected.GetProperty("license_start_time").GetInt64());
        (license.Policy.CanPlay, license.Policy.RentalDurationSeconds, license.Policy.PlaybackDurationSeconds, license.Policy.LicenseDurationSeconds).Should().Be((true, 30L, 30L, 30L));
        (license.Policy.SoftEnforcePlaybackDuration, license.Policy.SoftEnforceRentalDuration).Should().Be((false, false));
        license.Key.Select(key => ((int)key.Type, key.HasId ? Convert.ToHexStringLower(key.Id.Span) : null, key.Iv.Length, key.Key.Length, key.HasTrackLabel ? key.TrackLabel : null))
            .Should().Equal(expected.GetProperty("keys").EnumerateArray().Select(key => (key.GetProperty("type").GetInt32(), key.GetProperty("kid").GetString(),
                key.GetProperty("iv_len").GetInt32(), key.GetProperty("key_len").GetInt32(), key.GetProperty("label").GetString())));
        WidevinePayload.ToKeyId(license.Key[1].Id.Span).ToString().Should().Be("30303030303030303030303030303033");
    }

    [Fact]
    public async Task Recorded_production_licence_is_not_for_our_device()
    {
        byte[] answer = Vectors.Read().GetProperty("recorded_public")[0].Base64("response_base64");
        (Licensing.ILicenseSession session, RecordingHost host) = await _bench.OpenAsync();
        await session.AskAsync();
        (await session.RefusedAsync(answer)).Kind.Should().Be(Licensing.LicenseErrorKind.LicenseNotForThisDevice);
        host.Calls.Should().Be(0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Public_service_certificate_verifies_under_the_public_root_in_both_forms(int index)
    {
        JsonElement vectors = Vectors.Read(), vector = vectors.GetProperty("public_service_certificates")[index];
        WidevineRoot.TryRead("public", Encoding.ASCII.GetBytes(vectors.GetProperty("public_root").Text("pkcs1_der_base64")), development: false, out WidevineRoot? root, out _).Should().BeTrue();
        root!.KeySize.Should().Be(3072);
        byte[] message = vector.Base64("message_base64");

        foreach (byte[] form in new[] { message, [.. message, .. message], Proto.Read(message).Data(2)! })
        {
            WidevineServiceCertificate certificate = WidevineServiceCertificate.Verify(form, root, _bench.Clock.Now);
            certificate.ProviderId.Should().Be(vector.Text("provider_id"));
            Convert.ToHexStringLower(certificate.SerialNumber.Span).Should().Be(vector.Text("serial"));
        }
    }

    private static (JsonElement Exchange, JsonElement Recording) Recording(int index)
    {
        JsonElement exchange = Vectors.Read().GetProperty("self_generated").GetProperty("exchange");
        return (exchange, exchange.GetProperty("recordings")[index]);
    }

    private async Task<WidevineKeySystem> StartAsync(JsonElement exchange)
    {
        _bench.SecretValues["key"] = exchange.Base64("device_private_pkcs1");
        _bench.SecretValues["client"] = exchange.Base64("client_id");
        _bench.Settings["Roots:test:PublicKey"] = exchange.Text("root_public_pkcs1");
        return await _bench.StartAsync();
    }

    /// <summary>The numbers of the fields, in order. The core message is of another kind of client.</summary>
    private static IEnumerable<string> Shape(byte[] challenge)
    {
        IReadOnlyList<Field> signed = Proto.Read(challenge), request = Proto.Read(signed.Data(2)!);
        return
        [
            string.Join(' ', signed.Where(field => field.Id != 9).Select(field => field.Id)),
            string.Join(' ', request.Select(field => field.Id)),
            string.Join(' ', request.Message(2).Message(1).Select(field => field.Id)),
            $"{signed.Value(1)} {request.Value(3)} {request.Value(6)} {request.Message(2).Message(1).Value(2)} {request.Message(2).Message(1).Data(3)!.Length}",
        ];
    }

    private static byte[] Decrypt(JsonElement exchange, byte[] challenge)
    {
        IReadOnlyList<Field> encrypted = Proto.Read(Proto.Read(challenge).Data(2)!).Message(8);
        using RSA service = RSA.Create();
        service.ImportRSAPrivateKey(exchange.Base64("service_private_pkcs1"), out _);
        using Aes aes = Aes.Create();
        aes.Key = service.Decrypt(encrypted.Data(5)!, RSAEncryptionPadding.OaepSHA1);
        return aes.DecryptCbc(encrypted.Data(3)!, encrypted.Data(4)!);
    }
}

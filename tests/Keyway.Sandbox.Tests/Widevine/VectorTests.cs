using System.Security.Cryptography;
using System.Text.Json;
using Google.Protobuf;
using Keyway.Sandbox.Widevine.Wire;
using Keyway.Testing;

namespace Keyway.Sandbox.Widevine;

/// <summary>Recorded exchanges and derivations that others made, against the sandbox's code alone.</summary>
public sealed class VectorTests
{
    /// <summary>The service certificate that license.widevine.com hands to any client that asks, without its SignedMessage: a public message.</summary>
    internal const string PublicServiceCertificate = """
        CsECCAMSEBcFuRfMEgSGiwYzOi93KowYgrSCkgUijgIwggEKAoIBAQCZ7Vs7Mn2rXiTvw7YqlbWYUgrVvMs3UD4GRbgU2Ha430BRBEGtjOOtsRu4jE5yWl5KngeVKR1YWEAjp+Gv
        DjipEnk5MAhhC28VjIeMfiG/+/7qd+EBnh5XgeikX0YmPRTmDoBYqGB63OBPrIRXsTeo1nzN6zNwXZg6IftO7L1KEMpHSQykfqpdQ4IY3brxyt4zkvE9b/tkQv0x4b9AsMYE0cS6
        TJUgpL+X7r1gkpr87vVbuvVk4tDnbNfFXHOggrmWEguDWe3OJHBwgmgNb2fG2CxKxfMTRJCnTuw3r0svAQxZ6ChD4lgvC2ufXbD8Xm7fZPvTCLRxG88SUAGcn1oJAgMBAAE6FGxp
        Y2Vuc2Uud2lkZXZpbmUuY29tEoADrjRzFLWoNSl/JxOI+3u4y1J30kmCPN3R2jC5MzlRHrPMveoEuUS5J8EhNG79verJ1BORfm7BdqEEOEYKUDvBlSubpOTOD8S/wgqYCKqvS/zR
        nB3PzfV0zKwo0bQQQWz53ogEMBy9szTK/NDUCXhCOmQuVGE98K/PlspKkknYVeQrOnA+8XZ/apvTbWv4K+drvwy6T95Z0qvMdv62Qke4XEMfvKUiZrYZ/DaXlUP8qcu9u/r6DhpV
        51Wjx7zmVflkb1gquc9wqgi5efhn9joLK3/bNixbxOzVVdhbyqnFk8ODyFfUnaq3fkC3hR3f0kmYgI41sljnXXjqwMoW9wRzBMINk+3k6P8cbxfmJD4/Paj8FwmHDsRfuoI6Jj8M
        76H3CTsZCZKDJjM3BQQ6Kb2m+bQ0LMjfVDyxoRgvfF//M/EEkPrKWyU2C3YBXpxaBquO4C8A0ujVmGEEqsxN1HX9lu6c5OMm8huDxwWFd7OHMs3avGpr7RP7DUnTikXrh6X0
        """;

    private static readonly Lazy<JsonElement?> File = new(() =>
        Corpus.Shared is { } shared && System.IO.File.Exists(Path.Combine(shared, "vectors", "widevine.json"))
            ? JsonDocument.Parse(System.IO.File.ReadAllBytes(Path.Combine(shared, "vectors", "widevine.json"))).RootElement
            : null);

    private static JsonElement Exchange => Vectors.GetProperty("self_generated").GetProperty("exchange");

    private static JsonElement Vectors
    {
        get
        {
            if (File.Value is null) Assert.Skip(Corpus.Absent);
            return File.Value.Value;
        }
    }

    public static TheoryData<int> Recordings => [0, 1];

    [Fact]
    public void Derivation_is_the_recorded_one()
    {
        JsonElement kdf = Vectors.GetProperty("self_generated").GetProperty("kdf");
        SessionKeys keys = SessionKeys.Derive(Hex(kdf, "session_key"), Hex(kdf, "request"));
        keys.Encryption.Should().Equal(Hex(kdf, "enc_key"));
        keys.Server.Should().Equal(Hex(kdf, "mac_server"));
        keys.Client.Should().Equal(Hex(kdf, "mac_client"));
    }

    [Theory]
    [MemberData(nameof(Recordings))]
    public void Recorded_request_gets_a_license_that_its_device_opens(int index)
    {
        JsonElement recording = Exchange.GetProperty("recordings")[index];
        byte[] challenge = recording.GetProperty("challenge").GetBytesFromBase64(), msg = new WireMessage(challenge).Bytes(2);
        WidevineService service = Service(new WireMessage(msg).Number(4));

        byte[] answer = service.Answer(challenge, new Dictionary<string, string>(), new Oddities(), isKept: true);

        using TestClient client = new(DeviceKey(), []);
        (long type, string id, string key, _) = client.Open(answer, msg).Keys.Should().ContainSingle().Which;
        (type, id, key).Should().Be((2, Exchange.GetProperty("content_key").GetProperty("kid").GetString()!, Exchange.GetProperty("content_key").GetProperty("key").GetString()!));

        service.Invoking(one => one.Answer(challenge, new Dictionary<string, string>(), new Oddities(), isKept: true)).Should().Throw<RefusedException>().Which.Code.Should().Be("replayed-request");
    }

    [Theory]
    [MemberData(nameof(Recordings))]
    public void Recorded_request_is_refused_with_any_bit_of_it_changed(int index)
    {
        JsonElement recording = Exchange.GetProperty("recordings")[index];
        byte[] challenge = recording.GetProperty("challenge").GetBytesFromBase64();
        WidevineService service = Service(new WireMessage(new WireMessage(challenge).Bytes(2)).Number(4));
        service.Answer(challenge, new Dictionary<string, string>(), new Oddities(), isKept: false).Should().NotBeEmpty("as it was recorded it is answered");

        // What it is refused for depends on what the bit belongs to; most of it is signed.
        IReadOnlyList<(int Byte, int Bit)> bits = LongRun.Bits(0, challenge.Length, 150);
        Dictionary<string, int> codes = [];
        foreach ((int at, int bit) in bits)
        {
            byte[] changed = [.. challenge];
            changed[at] ^= (byte)(1 << bit);
            string code = service.Invoking(one => one.Answer(changed, new Dictionary<string, string>(), new Oddities(), isKept: false)).Should().Throw<RefusedException>($"bit {bit} of byte {at} was flipped").Which.Code;
            codes[code] = codes.GetValueOrDefault(code) + 1;
        }

        codes.Keys.Should().BeSubsetOf(["bad-chain", "bad-signature", "bad-request", "unknown-service-certificate"]);
        codes["bad-chain"].Should().BeGreaterThan(bits.Count / 3, "the client's certificates are the larger part");
        codes["bad-signature"].Should().BeGreaterThan(bits.Count / 20);
    }

    [Theory]
    [MemberData(nameof(Recordings))]
    public void Recorded_response_is_signed_and_wrapped_as_the_sandbox_does(int index)
    {
        JsonElement recording = Exchange.GetProperty("recordings")[index], derived = recording.GetProperty("derived");
        byte[] request = new WireMessage(recording.GetProperty("challenge").GetBytesFromBase64()).Bytes(2);
        SessionKeys keys = SessionKeys.Derive(Hex(Exchange, "session_key"), request);
        (Convert.ToHexStringLower(keys.Encryption), Convert.ToHexStringLower(keys.Server), Convert.ToHexStringLower(keys.Client))
            .Should().Be((derived.GetProperty("enc").GetString()!, derived.GetProperty("mac_server").GetString()!, derived.GetProperty("mac_client").GetString()!));

        SignedMessage response = SignedMessage.Parser.ParseFrom(recording.GetProperty("response").GetBytesFromBase64());
        response.Type.Should().Be(SignedMessage.Types.MessageType.License);
        HMACSHA256.HashData(keys.Server, (byte[])[.. response.OemcryptoCoreMessage.Span, .. response.Msg.Span]).Should().Equal(response.Signature.ToByteArray());
        License license = License.Parser.ParseFrom(response.Msg);
        using Aes aes = Aes.Create();
        aes.Key = keys.Encryption;
        license.Key.Select(container => (container.Type.ToString().ToUpperInvariant(), Digest(aes.DecryptCbc(container.Key.Span, container.Iv.Span))))
            .Should().Equal(recording.GetProperty("keys").EnumerateArray().Select(key => (key.GetProperty("type").GetString()!, key.GetProperty("sha256").GetString()!)));

        // The same licence, made here from the recorded session key: it opens with what was recorded.
        using Device device = RecordedDevice(request);
        LicenseGrant grant = new()
        {
            Request = request,
            RequestId = license.Id.RequestId.ToByteArray(),
            Type = license.Id.Type,
            Version = 0,
            Start = license.LicenseStartTime,
            Policy = license.Policy,
            Terms = LicenseTerms.Read([]),
            SigningKey = Hex(Exchange, "signing_key_plain"),
            Keys = [new GrantedKey(Hex(Exchange.GetProperty("content_key"), "kid"), Hex(Exchange.GetProperty("content_key"), "key"), KeyContainer.Types.KeyType.Content, "")],
        };
        WireMessage made = new(LicenseMaker.WithKeys(grant, Hex(Exchange, "session_key"), device, new Oddities()));
        TestLicense opened = TestLicense.Open(made, Hex(derived, "mac_server"), Hex(derived, "enc"));
        opened.SigningKey.Should().Equal(grant.SigningKey);
        opened.Keys.Should().ContainSingle().Which.Key.Should().Be(Exchange.GetProperty("content_key").GetProperty("key").GetString());
        using RSA key = DeviceKey();
        key.Decrypt(made.Bytes(4), RSAEncryptionPadding.OaepSHA1).Should().Equal(Hex(Exchange, "session_key"));
    }

    [Fact]
    public void License_of_a_public_service_reads_as_stated()
    {
        JsonElement recorded = Vectors.GetProperty("recorded_public")[0], expect = recorded.GetProperty("expect");
        byte[] bytes = recorded.GetProperty("response_base64").GetBytesFromBase64();
        SignedMessage message = SignedMessage.Parser.ParseFrom(bytes);
        message.ToByteArray().Should().Equal(bytes, "what is not known stays where it was");
        (message.Signature.Length, message.SessionKey.Length, (int)message.SessionKeyType, message.OemcryptoCoreMessage.Length).Should().Be((32, 256, 1, expect.GetProperty("core_message_len").GetInt32()));

        License license = License.Parser.ParseFrom(message.Msg);
        license.ToByteArray().Should().Equal(message.Msg.ToByteArray());
        JsonElement id = expect.GetProperty("license_id");
        license.Id.RequestId.ToStringUtf8().Should().Be(id.GetProperty("request_id").GetString()!.Split(' ')[0]);
        license.Id.SessionId.Should().BeEquivalentTo(license.Id.RequestId);
        (license.Id.OriginalRentalDurationSeconds, license.Id.OriginalPlaybackDurationSeconds, license.Id.OriginalStartTimeSeconds)
            .Should().Be((id.GetProperty("field7").GetInt64(), id.GetProperty("field8").GetInt64(), id.GetProperty("field9").GetInt64()));
        WireMessage policy = new(license.Policy.ToByteArray());
        policy.Fields.ToDictionary(field => field.ToString(System.Globalization.CultureInfo.InvariantCulture), policy.Number)
            .Should().Equal(expect.GetProperty("policy_fields").EnumerateObject().ToDictionary(field => field.Name, field => field.Value.GetInt64()));
        license.Key.Select(key => ((int)key.Type, key.HasId ? Convert.ToHexStringLower(key.Id.Span) : null, key.Iv.Length, key.Key.Length, key.HasTrackLabel ? key.TrackLabel : null))
            .Should().Equal(expect.GetProperty("keys").EnumerateArray().Select(key => (
                key.GetProperty("type").GetInt32(), key.GetProperty("kid").GetString(), key.GetProperty("iv_len").GetInt32(), key.GetProperty("key_len").GetInt32(), key.GetProperty("label").GetString())));
        license.LicenseStartTime.Should().Be(expect.GetProperty("license_start_time").GetInt64());
        Convert.ToHexStringLower(license.Key[1].KeyControl.KeyControlBlock.Span).Should().Be(expect.GetProperty("key_control_block").GetString()!.Split('(')[0].Replace(" ", "", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_recorded_pssh_reads_as_stated()
    {
        JsonElement.ArrayEnumerator all = Vectors.GetProperty("pssh").EnumerateArray();
        all.Should().HaveCount(17);
        foreach (JsonElement one in all)
        {
            JsonElement stated = one.GetProperty("boxes").EnumerateArray().Single(), expect = stated.GetProperty("widevine");
            PsshBox box = PsshBox.ReadAll(one.GetProperty("pssh_base64").GetBytesFromBase64()).Should().ContainSingle().Which;
            (box.Version, box.Data.Length).Should().Be((stated.GetProperty("version").GetInt32(), stated.GetProperty("data_size").GetInt32()));
            box.Kids.Should().Equal(stated.GetProperty("box_key_ids").EnumerateArray().Select(kid => kid.GetString()!));
            box.ToBytes().Should().Equal(one.GetProperty("pssh_base64").GetBytesFromBase64());

            WidevinePsshData data = WidevinePsshData.Parser.ParseFrom(box.Data);
            Dictionary<string, string> read = [];
            if (data.HasAlgorithm) read["algorithm"] = $"{(int)data.Algorithm}";
            if (data.KeyIds.Count > 0) read["key_ids"] = string.Join(',', data.KeyIds.Select(id => Convert.ToHexStringLower(id.Span)));
            if (data.HasProvider) read["provider"] = data.Provider;
            if (data.HasContentId) read["content_id"] = Convert.ToHexStringLower(data.ContentId.Span);
            if (data.HasTrackType) read["track_type"] = data.TrackType;
            if (data.HasPolicy) read["policy"] = data.Policy;
            if (data.HasCryptoPeriodIndex) read["crypto_period_index"] = $"{data.CryptoPeriodIndex}";
            if (data.HasProtectionScheme) read["protection_scheme"] = $"{data.ProtectionScheme}";
            read.Should().Equal(
                expect.EnumerateObject().Where(field => field.Name != "protection_scheme_fourcc").ToDictionary(
                    field => field.Name,
                    field => field.Value.ValueKind == JsonValueKind.Array ? string.Join(',', field.Value.EnumerateArray().Select(id => id.GetString())) : field.Value.ToString()),
                one.GetProperty("name").GetString());
        }
    }

    [Fact]
    public void Public_service_certificates_are_signed_by_the_public_root()
    {
        JsonElement.ArrayEnumerator all = Vectors.GetProperty("public_service_certificates").EnumerateArray();
        using RSA root = Certificates.PublicKey(Vectors.GetProperty("public_root").GetProperty("pkcs1_der_base64").GetBytesFromBase64())!;
        foreach (JsonElement one in all)
        {
            SignedMessage message = SignedMessage.Parser.ParseFrom(one.GetProperty("message_base64").GetBytesFromBase64());
            SignedDrmCertificate signed = SignedDrmCertificate.Parser.ParseFrom(message.Msg);
            message.Type.Should().Be(SignedMessage.Types.MessageType.ServiceCertificate);
            Certificates.IsSignedBy(signed, root).Should().BeTrue();
            DrmCertificate facts = Certificates.Read(signed)!;
            (facts.ProviderId, Convert.ToHexStringLower(facts.SerialNumber.Span), facts.CreationTimeSeconds)
                .Should().Be((one.GetProperty("provider_id").GetString()!, one.GetProperty("serial").GetString()!, one.GetProperty("creation_time").GetUInt32()));
            signed.Signature = ByteString.CopyFrom([.. signed.Signature.ToByteArray().Reverse()]);
            Certificates.IsSignedBy(signed, root).Should().BeFalse();
        }
    }

    private static WidevineService Service(long time)
    {
        using RSA service = RSA.Create();
        service.ImportRSAPrivateKey(Exchange.GetProperty("service_private_pkcs1").GetBytesFromBase64(), out _);
        AuthorityKeys authority = new()
        {
            RootPublicKey = Exchange.GetProperty("root_public_pkcs1").GetBytesFromBase64(),
            ServiceKey = service.ExportPkcs8PrivateKey(),
            ServiceCertificate = SignedDrmCertificate.Parser.ParseFrom(Exchange.GetProperty("service_cert").GetBytesFromBase64()),
            Secret = new byte[32],
        };
        string file = Path.GetTempFileName();
        try
        {
            JsonElement key = Exchange.GetProperty("content_key");
            System.IO.File.WriteAllText(file, $$"""{ "keys": [ { "kid": "{{key.GetProperty("kid").GetString()}}", "key": "{{key.GetProperty("key").GetString()}}" } ] }""");
            return new WidevineService(() => authority, ContentKeys.Load([file]), new Dictionary<string, string>(), new FixedClock(time));
        }
        finally
        {
            System.IO.File.Delete(file);
        }
    }

    private static Device RecordedDevice(byte[] request) => Device.Verify(
        ClientIdentification.Parser.ParseFrom(Exchange.GetProperty("client_id").GetBytesFromBase64()),
        Exchange.GetProperty("root_public_pkcs1").GetBytesFromBase64(),
        DateTimeOffset.FromUnixTimeSeconds(new WireMessage(request).Number(4)));

    private static RSA DeviceKey()
    {
        RSA key = RSA.Create();
        key.ImportRSAPrivateKey(Exchange.GetProperty("device_private_pkcs1").GetBytesFromBase64(), out _);
        return key;
    }

    private static byte[] Hex(JsonElement element, string name) => Convert.FromHexString(element.GetProperty(name).GetString()!);

    private static string Digest(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Keyway.Testing;

namespace Keyway.Sandbox.Widevine;

/// <summary>What licences say. Field numbers are those of the published messages.</summary>
[Collection(WidevineSandbox.Collection)]
public sealed class LicenseTests(WidevineSandbox sandbox)
{
    private const int Content = 2;

    [Fact]
    public async Task Key_that_is_asked_for_arrives_with_all_that_a_license_must_say()
    {
        TestRequest request = new() { RequestId = "2F9DCA50D1ED96910E00000000000000"u8.ToArray(), Time = TestClient.Now - 7 };

        TestLicense license = await sandbox.LicenseAsync(request: request);

        license.Keys.Select(key => (key.Type, key.Id, key.Key)).Should().Equal((Content, WidevineSandbox.OwnKid, WidevineSandbox.OwnKey));
        license.Keys[0].Container.Text(12).Should().Be("own");
        license.SigningKey.Should().HaveCount(64);
        license.Id.Facts.Bytes(1).Should().Equal(request.RequestId);
        license.Id.Facts.Bytes(2).Should().NotBeEmpty();
        license.Id.Facts.Number(4).Should().Be(1);
        license.Id.Version.Should().Be(0);
        license.Facts.Number(4).Should().Be(request.Time!.Value, "a licence starts at the request's time");
        license.Policy.Fields.Should().Equal(1, 2, 3);
        (license.Policy.Number(1), license.Policy.Number(2), license.Policy.Number(3)).Should().Be((1, 0, 0));
    }

    [Fact]
    public async Task Two_licenses_share_no_secret()
    {
        TestLicense first = await sandbox.LicenseAsync(), second = await sandbox.LicenseAsync();
        first.SigningKey.Should().NotEqual(second.SigningKey);
        first.Keys[0].Container.Bytes(2).Should().NotEqual(second.Keys[0].Container.Bytes(2));
    }

    [Fact]
    public async Task License_starts_now_when_the_request_has_no_time()
    {
        long before = TestClient.Now;
        TestLicense license = await sandbox.LicenseAsync(request: new() { Time = null });
        license.Facts.Number(4).Should().BeInRange(before, TestClient.Now);
    }

    [Fact]
    public async Task Every_key_of_the_sample_arrives_with_its_label()
    {
        System.Text.Json.JsonElement sample = System.Text.Json.JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(Corpus.Root, "samples", "keys.json"), TestContext.Current.CancellationToken)).RootElement;
        (string, string, string)[] expected = [.. sample.GetProperty("keys").EnumerateArray().Select(key => (key.GetProperty("kid").GetString()!, key.GetProperty("key").GetString()!, key.GetProperty("label").GetString()!))];

        TestLicense license = await sandbox.LicenseAsync(payload: WidevineSandbox.Payload([.. expected.Select(key => key.Item1)]));

        license.Keys.Select(key => (key.Id, key.Key, key.Container.Text(12))).Should().Equal(expected);
    }

    [Fact]
    public async Task Address_can_name_the_keys()
    {
        (await sandbox.LicenseAsync("?keys=all")).Keys.Should().HaveCount(5);
        TestLicense license = await sandbox.LicenseAsync($"?keys={new Guid(Convert.FromHexString(WidevineSandbox.OtherKid), bigEndian: true)}&track_labels=0", payload: [0xFF, 0xFF]);
        license.Keys.Select(key => key.Key).Should().Equal(WidevineSandbox.OtherKey);
        license.Keys[0].Container.Has(12).Should().BeFalse();
    }

    [Theory]
    [InlineData("2207 7469746c652d31", 2)]   // content_id "title-1"
    [InlineData("120130 2207 7469746c652d31", 2)]   // a key id of one byte beside it
    [InlineData("2210 ffeeddccbbaa99887766554433221100", 1)]   // a content id that is a key id, as for a payload made from a key id
    [InlineData("0801 1210 ffeeddccbbaa99887766554433221100 1a0d7769646576696e655f74657374 3200", 1)]   // algorithm, provider, empty policy
    [InlineData("1220 6666656564646363626261613939383837373636353534343333323231313030", 1)]   // the key id as text
    [InlineData("1210 ffeeddccbbaa99887766554433221100 1210 ffeeddccbbaa99887766554433221100", 1)]   // twice the same
    [InlineData("1210 ffeeddccbbaa99887766554433221100 5a03 616263 6203 646566", 1)]   // fields 11 and 12 in their form before 2018
    public async Task Every_form_of_payload_is_understood(string hex, int keys)
    {
        TestLicense license = await sandbox.LicenseAsync(payload: Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));
        license.Keys.Should().HaveCount(keys);
        license.Keys[^1].Key.Should().Be(WidevineSandbox.OtherKey);
    }

    [Fact]
    public async Task Several_payloads_and_their_scheme_are_answered_together()
    {
        byte[] first = WidevineSandbox.Payload(WidevineSandbox.OwnKid), second = [.. WidevineSandbox.Payload(WidevineSandbox.OtherKid), .. Convert.FromHexString("48F3C6899B06")];   // cbcs
        byte[] msg = sandbox.Client.New(null, new WireWriter().Bytes(1, new WireWriter().Bytes(1, first).Bytes(1, second).Number(2, 1).Bytes(3, RandomNumberGenerator.GetBytes(16)).Done()).Done());

        TestLicense license = sandbox.Client.Open(await sandbox.AskAsync(sandbox.Client.Sign(msg)), msg);

        license.Keys.Select(key => key.Id).Should().Equal(WidevineSandbox.OwnKid, WidevineSandbox.OtherKid);
        license.Facts.Number(7).Should().Be(1667392371);
    }

    [Theory]
    [InlineData("0000003470737368 00000000 edef8ba979d64acea3c827dcd51d21ed 00000014 08011210 ffeeddccbbaa99887766554433221100")]
    [InlineData("0000003470737368 01000000 edef8ba979d64acea3c827dcd51d21ed 00000001 ffeeddccbbaa99887766554433221100 00000000")]   // the key id is in the box alone
    [InlineData("00000008 66726565 0000002070737368 00000000 1077efecc0b24d02ace33c1e52e2fb4b 00000000 00000000 70737368 00000000 edef8ba979d64acea3c827dcd51d21ed 00000012 1210 ffeeddccbbaa99887766554433221100")]
    [InlineData("00000001 70737368 000000000000003a 00000000 edef8ba979d64acea3c827dcd51d21ed 00000012 1210 ffeeddccbbaa99887766554433221100")]
    public async Task Initialisation_data_is_understood(string hex)
    {
        byte[] boxes = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        byte[] msg = sandbox.Client.New(null, new WireWriter().Bytes(4, new WireWriter().Number(1, 1).Bytes(2, boxes).Number(3, 1).Bytes(4, RandomNumberGenerator.GetBytes(16)).Done()).Done());
        sandbox.Client.Open(await sandbox.AskAsync(sandbox.Client.Sign(msg)), msg).Keys.Select(key => key.Key).Should().Equal(WidevineSandbox.OtherKey);
    }

    [Fact]
    public async Task Webm_key_id_is_understood()
    {
        byte[] kid = Convert.FromHexString(WidevineSandbox.OtherKid);
        byte[] old = new WireWriter().Bytes(2, new WireWriter().Bytes(1, kid).Number(2, 1).Bytes(3, [1]).Done()).Done();
        byte[] init = new WireWriter().Bytes(4, new WireWriter().Number(1, 2).Bytes(2, kid).Number(3, 1).Bytes(4, [2, 2]).Done()).Done();
        foreach (byte[] content in new[] { old, init })
        {
            byte[] msg = sandbox.Client.New(null, content);
            sandbox.Client.Open(await sandbox.AskAsync(sandbox.Client.Sign(msg)), msg).Keys.Select(key => key.Key).Should().Equal(WidevineSandbox.OtherKey);
        }
    }

    [Theory]
    [InlineData(1, "", 1, 0)]
    [InlineData(2, "", 2, 1)]
    [InlineData(2, "?can_persist=0", 2, 0)]
    [InlineData(1, "?can_persist=1", 1, 1)]
    [InlineData(3, "", 1, 0)]
    [InlineData(3, "?can_persist=1", 2, 1)]
    public async Task License_is_stored_as_asked_and_as_the_terms_allow(int asked, string query, int type, int persist)
    {
        TestLicense license = await sandbox.LicenseAsync(query, request: new() { LicenseType = asked });
        (license.Id.Facts.Number(4), license.Policy.Number(2)).Should().Be((type, persist));
    }

    [Fact]
    public void Every_policy_arrives_exactly()
    {
        (string Name, int Field)[] numbers =
        [
            ("rental_duration_seconds", 4), ("playback_duration_seconds", 5), ("license_duration_seconds", 6), ("renewal_recovery_duration_seconds", 7),
            ("renewal_delay_seconds", 9), ("renewal_retry_interval_seconds", 10), ("play_start_grace_period_seconds", 13),
        ];
        (string Name, int Field)[] flags =
        [
            ("can_play", 1), ("can_persist", 2), ("can_renew", 3), ("renew_with_usage", 11), ("always_include_client_id", 12),
            ("soft_enforce_playback_duration", 14), ("soft_enforce_rental_duration", 15),
        ];
        Gen<long> number = Gen.OneOf(Gen.Long[0, 1 << 20], Gen.Const(-1L), Gen.Const(long.MaxValue), Gen.Const(0L));
        Gen<Dictionary<int, long>> policies =
            from values in number.Array[numbers.Length]
            from bits in Gen.Bool.Array[flags.Length]
            from present in Gen.Bool.Array[numbers.Length + flags.Length]
            select numbers.Select((one, i) => (one.Field, Value: values[i], Is: present[i]))
                .Concat(flags.Select((one, i) => (one.Field, Value: bits[i] ? 1L : 0, Is: i < 3 || present[numbers.Length + i])))
                .Where(one => one.Is).ToDictionary(one => one.Field, one => one.Value);

        policies.Sample(
            policy =>
            {
                string query = string.Join('&', numbers.Concat(flags).Where(one => policy.ContainsKey(one.Field)).Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Name}={policy[one.Field]}")));
                TestLicense license = sandbox.LicenseAsync("?" + query).GetAwaiter().GetResult();
                license.Policy.Fields.ToDictionary(field => field, license.Policy.Number).Should().Equal(policy);
            },
            iter: 30,
            threads: 1);
    }

    [Fact]
    public async Task Renewal_address_arrives_and_a_renewal_parameter_makes_the_license_renewable()
    {
        TestLicense license = await sandbox.LicenseAsync("?renewal_server_url=" + Uri.EscapeDataString("http://127.0.0.1:1/widevine?a=b&c=d"));
        license.Policy.Text(8).Should().Be("http://127.0.0.1:1/widevine?a=b&c=d");
        license.Policy.Number(3).Should().Be(1);
    }

    [Fact]
    public async Task Terms_of_keys_arrive_for_all_and_for_a_label()
    {
        TestLicense license = await sandbox.LicenseAsync(
            "?keys=all&level=2&level.own=5&hdcp.other=V2_2&requested_hdcp=V1&cgms_flags.own=COPY_NEVER&disable_analog_output.own=1&disable_digital_output.own=0&hdcp_srm_rule.own=1"
            + "&video_resolution_constraints.own=0-921600,921601-8847360:V2_3&protection_scheme=cens");

        WireMessage own = license.Keys.Single(key => key.Id == WidevineSandbox.OwnKid).Container, other = license.Keys.Single(key => key.Id == WidevineSandbox.OtherKid).Container;
        license.Keys.Select(key => key.Container.Number(5)).Should().BeEquivalentTo([2, 2, 2, 5, 2]);
        own.Number(5).Should().Be(5);
        own.Message(6).Fields.Should().Equal(2, 3, 4, 5);
        (own.Message(6).Number(2), own.Message(6).Number(3), own.Message(6).Number(4), own.Message(6).Number(5)).Should().Be((3, 1, 1, 0));
        other.Message(6).Fields.Should().Equal(1);
        other.Message(6).Number(1).Should().Be(4);
        license.Keys.Select(key => key.Container.Message(7).Number(1)).Should().AllBeEquivalentTo(1);
        WireMessage[] ranges = [.. own.All(10).Select(bytes => new WireMessage(bytes))];
        ranges.Select(range => (range.Number(1), range.Number(2), range.Has(3) ? range.Message(3).Number(1) : 0)).Should().Equal((0, 921600, 0), (921601, 8847360, 5));
        other.Has(10).Should().BeFalse();
        license.Facts.Number(7).Should().Be(1667591795);
    }

    [Theory]
    [InlineData("NONE", 0)]
    [InlineData("V1", 1)]
    [InlineData("V2", 2)]
    [InlineData("V2_1", 3)]
    [InlineData("V2_2", 4)]
    [InlineData("V2_3", 5)]
    [InlineData("NO_DIGITAL_OUTPUT", 255)]
    public async Task Every_level_of_hdcp_arrives(string name, int number)
    {
        (await sandbox.LicenseAsync("?hdcp=" + name)).Keys[0].Container.Message(6).Number(1).Should().Be(number);
    }

    [Fact]
    public async Task Encrypted_identification_is_opened_and_can_be_demanded()
    {
        TestClient client = sandbox.Client;
        TestLicense license = await sandbox.LicenseAsync("?privacy=1", request: new() { EncryptedClientId = client.Encrypt(await ServiceCertificateAsync()) });
        license.Keys.Should().ContainSingle();

        await sandbox.RefusesAsync(client.Sign(client.New(WidevineSandbox.Payload(WidevineSandbox.OwnKid))), "privacy", query: "?privacy=1");
    }

    [Fact]
    public async Task Service_certificate_is_signed_by_the_root_that_is_to_be_trusted()
    {
        byte[] certificate = await ServiceCertificateAsync();

        certificate.Should().Equal(sandbox.Trust.GetProperty("serviceCertificate").GetBytesFromBase64());
        WireMessage signed = new(certificate), facts = signed.Message(1), root = new(sandbox.Trust.GetProperty("rootCertificate").GetBytesFromBase64());
        root.Message(1).Number(1).Should().Be(0);
        root.Message(1).Bytes(4).Should().Equal(sandbox.Trust.GetProperty("rootPublicKey").GetBytesFromBase64());
        using RSA key = RSA.Create();
        key.ImportRSAPublicKey(root.Message(1).Bytes(4), out _);
        key.KeySize.Should().Be(3072);
        key.VerifyData(signed.Bytes(1), signed.Bytes(2), HashAlgorithmName.SHA1, RSASignaturePadding.Pss).Should().BeTrue();
        key.VerifyData(root.Bytes(1), root.Bytes(2), HashAlgorithmName.SHA1, RSASignaturePadding.Pss).Should().BeTrue();
        facts.Number(1).Should().Be(3);
        facts.Bytes(2).Should().HaveCount(16);
        facts.Text(7).Should().NotBeEmpty();
        (signed.Has(3), facts.Has(5)).Should().Be((false, false), "a service certificate has neither signer nor system id");
    }

    [Fact]
    public async Task Core_message_of_a_request_is_signed_with_it()
    {
        TestClient client = sandbox.Client;
        byte[] core = Encoding.ASCII.GetBytes("opaque"), payload = WidevineSandbox.Payload(WidevineSandbox.OwnKid), msg = client.New(payload);
        client.Open(await sandbox.AskAsync(client.Sign(msg, core)), msg).Keys.Should().ContainSingle();

        byte[] uncovered = [.. client.Sign(client.New(payload)), .. new WireWriter().Bytes(9, core).Done()];
        await sandbox.RefusesAsync(uncovered, "bad-signature");
    }

    [Fact]
    public async Task Device_may_have_3072_bits()
    {
        using TestClient client = await WidevineSandbox.CredentialAsync(sandbox.Http, "?bits=3072");
        (await sandbox.LicenseAsync(client: client)).Keys.Should().ContainSingle();
    }

    [Fact]
    public async Task Unusual_and_right_answers_can_be_asked_for()
    {
        byte[] msg = sandbox.Client.New(WidevineSandbox.Payload(WidevineSandbox.OwnKid)), answer = await sandbox.AskAsync(sandbox.Client.Sign(msg), "?odd=core,unknown_fields,key_control,short_kid,long_kid");
        WireMessage message = new(answer);
        TestLicense license = sandbox.Client.Open(answer, msg);

        message.Bytes(9).Should().NotBeEmpty();
        message.Number(11).Should().Be(0);
        license.Facts.Has(100).Should().BeTrue();
        license.Id.Facts.Fields.Should().Contain([7, 8, 9]);
        license.Keys.Select(key => key.Id.Length / 2).Should().Equal(16, 1, 32);
        byte[] block = license.Keys[0].Container.Message(8).Bytes(1);
        block.Should().HaveCount(16);
        Encoding.ASCII.GetString(block, 0, 4).Should().Be("kc18");
        block[8..12].Should().Equal(BitConverter.GetBytes(System.Buffers.Binary.BinaryPrimitives.ReverseEndianness((uint)new WireMessage(msg).Number(7))), "it has the request's nonce");

        byte[] repeated = await sandbox.AskAsync([0x08, 0x04], "?odd=repeat");
        repeated[..(repeated.Length / 2)].Should().Equal(repeated[(repeated.Length / 2)..]);
    }

    private async Task<byte[]> ServiceCertificateAsync()
    {
        WireMessage message = new(await sandbox.AskAsync([0x08, 0x04]));
        message.Fields.Should().Equal(1, 2);
        message.Number(1).Should().Be(5);
        return message.Bytes(2);
    }
}

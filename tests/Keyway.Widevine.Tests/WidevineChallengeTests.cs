using System.Text;
using Keyway.Licensing;
using Keyway.Widevine.Issuing;

namespace Keyway.Widevine;

public sealed class WidevineChallengeTests
{
    private readonly Bench _bench = new();

    [Fact]
    public async Task New_challenge_says_what_it_must()
    {
        (ILicenseSession session, _) = await _bench.OpenAsync();
        Challenge challenge = _bench.Issuer.Read((await session.AskAsync()).Bytes);   // checks signature, order and version

        challenge.Type.Should().Be(1);
        challenge.Pssh.Should().ContainSingle().Which.Should().Equal(Bench.Pssh);
        challenge.Content.Message(1).Value(2).Should().Be(1, "a temporary session asks for STREAMING");
        challenge.Request.Value(4).Should().Be(_bench.Clock.Now.ToUnixTimeSeconds());
        challenge.Request.Value(7).Should().BeInRange(1, int.MaxValue);
        challenge.ClientId.Should().Equal(TestPki.ClientId);
        challenge.Encrypted.Should().BeFalse();
    }

    [Fact]
    public async Task Persistent_session_asks_for_an_offline_licence()
    {
        (ILicenseSession session, _) = await _bench.OpenAsync(Bench.Request(Bench.Pssh) with { Kind = SessionKind.PersistentLicense });
        _bench.Issuer.Read((await session.AskAsync()).Bytes).Content.Message(1).Value(2).Should().Be(2);
    }

    [Fact]
    public async Task Request_ids_and_nonces_are_fresh()
    {
        (ILicenseSession session, _) = await _bench.OpenAsync();
        Challenge one = _bench.Issuer.Read((await session.AskAsync()).Bytes), two = _bench.Issuer.Read((await session.AskAsync()).Bytes);
        one.RequestId.Should().HaveCount(16).And.NotEqual(two.RequestId);
        one.Request.Value(7).Should().NotBe(two.Request.Value(7));
    }

    [Fact]
    public async Task Other_form_of_request_id_is_hexadecimal_with_a_counter()
    {
        _bench.Settings["RequestId"] = "HexCounter";
        await using WidevineKeySystem system = await _bench.StartAsync();
        for (int count = 1; count <= 2; count++)
        {
            (ILicenseSession session, _) = await _bench.OpenAsync(system: system);
            string id = Encoding.ASCII.GetString(_bench.Issuer.Read((await session.AskAsync()).Bytes).RequestId);
            id.Should().MatchRegex("^[0-9A-F]{32}$").And.EndWith($"0{count}00000000000000");
        }
    }

    [Fact]
    public async Task Several_headers_go_together_or_the_first_alone()
    {
        byte[] second = new Proto().Bytes(4, "second"u8), entitled = new Proto().Bytes(4, "channel"u8).Number(11, 2);
        (ILicenseSession session, _) = await _bench.OpenAsync(Bench.Request(entitled, Bench.Pssh, second, Bench.Pssh));
        _bench.Issuer.Read((await session.AskAsync()).Bytes).Pssh.Should().SatisfyRespectively(a => a.Should().Equal(Bench.Pssh), b => b.Should().Equal(second));

        _bench.Settings["SeveralHeaders"] = "First";
        (session, _) = await _bench.OpenAsync(Bench.Request(entitled, Bench.Pssh, second));
        _bench.Issuer.Read((await session.AskAsync()).Bytes).Pssh.Should().ContainSingle().Which.Should().Equal(Bench.Pssh);
    }

    [Fact]
    public async Task Keys_alone_make_a_payload()
    {
        (ILicenseSession session, _) = await _bench.OpenAsync(new SessionRequest { Keys = [new WantedKey { Id = new KeyId(5), Scheme = Decryption.ProtectionScheme.Cenc }] });
        _bench.Issuer.Read((await session.AskAsync()).Bytes).Pssh.Should().ContainSingle().Which.Should().Equal([0x12, 0x10, .. new byte[15], 5]);
    }

    [Fact]
    public async Task Nothing_to_ask_for_is_refused() =>
        (await FluentActions.Awaiting(() => _bench.OpenAsync(new SessionRequest())).Should().ThrowAsync<LicenseServiceException>())
            .Which.Kind.Should().Be(LicenseErrorKind.HeaderUnsupported);

    [Fact]
    public async Task Payload_of_a_services_own_goes_on_unchanged()
    {
        byte[] blob = [0xFF, 0xFE, 1, 2, 3];
        (ILicenseSession session, _) = await _bench.OpenAsync(Bench.Request(blob));
        _bench.Issuer.Read((await session.AskAsync()).Bytes).Pssh.Should().ContainSingle().Which.Should().Equal(blob);
    }

    [Theory]
    [InlineData(ChallengeKind.Renewal)]
    [InlineData(ChallengeKind.Release)]
    public async Task Existing_licence_is_needed_for_what_is_about_one(ChallengeKind kind)
    {
        (ILicenseSession session, _) = await _bench.OpenAsync();
        (await FluentActions.Awaiting(() => session.AskAsync(kind)).Should().ThrowAsync<LicenseServiceException>()).Which.Kind.Should().Be(LicenseErrorKind.PolicyInvalid);
    }

    [Fact]
    public void Descriptor_says_whether_the_device_is_identified()
    {
        _bench.Create().Descriptor.ChallengeIdentifiesDevice.Should().BeTrue();
        _bench.Settings["Privacy"] = "Required";
        _bench.Create().Descriptor.ChallengeIdentifiesDevice.Should().BeFalse();
        _bench.Create().Descriptor.IdentifiesDeviceToServer.Should().BeTrue("the server sends the certificate that the identity is encrypted for");
        _bench.Settings["IdentifyToContentUrls"] = "true";
        _bench.Create().Descriptor.IdentifiesDeviceToServer.Should().BeFalse();
        _bench.Settings.Remove("IdentifyToContentUrls");
        _bench.Settings["Privacy"] = "Auto";
        _bench.Settings["ServiceCertificate"] = Convert.ToBase64String(TestPki.ServiceCertificate);
        _bench.Create().Descriptor.ChallengeIdentifiesDevice.Should().BeFalse();
        _bench.Create().Descriptor.IdentifiesDeviceToServer.Should().BeFalse("it is encrypted for a service that configuration names");
        _bench.Settings["IdentifyToContentUrls"] = "true";
        FluentActions.Invoking(() => _bench.Create()).Should().Throw<LicenseServiceException>().WithMessage("*IdentifyToContentUrls*");
    }
}

using System.Security.Cryptography;
using Keyway.Licensing;
using Keyway.Widevine.Issuing;

namespace Keyway.Widevine;

public sealed class WidevinePrivacyTests
{
    private readonly Bench _bench = new();

    [Fact]
    public async Task Configured_certificate_hides_the_device()
    {
        _bench.Settings["ServiceCertificate"] = Convert.ToBase64String(TestPki.ServiceCertificate);
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync();
        byte[] bytes = (await session.AskAsync()).Bytes;
        Challenge challenge = _bench.Issuer.Read(bytes);

        challenge.Encrypted.Should().BeTrue();
        challenge.Request.Should().NotContain(field => field.Id == 1);
        challenge.ClientId.Should().Equal(TestPki.ClientId);
        challenge.Request.Message(8).Data(1).Should().Equal("license.test"u8.ToArray());
        challenge.Request.Message(8).Data(2).Should().Equal(Proto.Read(Proto.Read(TestPki.ServiceCertificate).Data(1)!).Data(2));
        bytes.AsSpan().IndexOf("throw-away"u8).Should().Be(-1);

        await session.GiveAsync(_bench.Issuer.Issue(challenge, new IssuedLicense()));
        host.Keys.Should().HaveCount(1);
    }

    [Fact]
    public async Task Certificate_of_the_host_comes_before_the_configured_one()
    {
        byte[] other = TestPki.Sign(TestPki.Root, TestPki.Certificate(3, TestPki.Service, provider: "other.test"));
        _bench.Settings["ServiceCertificate"] = Convert.ToBase64String(TestPki.ServiceCertificate);
        (ILicenseSession session, _) = await _bench.OpenAsync(Bench.Request(Bench.Pssh) with { ServerCertificate = Message(other) });
        _bench.Issuer.Read((await session.AskAsync()).Bytes).Request.Message(8).Data(1).Should().Equal("other.test"u8.ToArray());
    }

    [Fact]
    public async Task Required_privacy_fetches_the_certificate_first()
    {
        _bench.Settings["Privacy"] = "Required";
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync();

        (byte[] first, ChallengeInfo info) = await session.AskAsync();
        first.Should().Equal(0x08, 0x04);
        info.Kind.Should().Be(ChallengeKind.ServerCertificate);
        (await session.GiveAsync(Message(TestPki.ServiceCertificate))).Should().Be(LicenseOutcome.AnotherExchangeNeeded);
        host.Calls.Should().Be(0);

        (byte[] second, info) = await session.AskAsync();
        info.Kind.Should().Be(ChallengeKind.License);
        Challenge challenge = _bench.Issuer.Read(second);
        challenge.Encrypted.Should().BeTrue();
        (await session.GiveAsync(_bench.Issuer.Issue(challenge, new IssuedLicense()))).Should().Be(LicenseOutcome.Complete);
        host.Keys.Should().HaveCount(1);
    }

    [Fact]
    public async Task Resumed_licence_fetches_the_certificate_before_a_renewal_that_names_the_device()
    {
        Dictionary<int, long> policy = new() { [1] = 1, [2] = 1, [3] = 1, [12] = 1 };
        SessionRequest request = Bench.Request(Bench.Pssh) with { Kind = SessionKind.PersistentLicense };
        (ILicenseSession session, _) = await _bench.OpenAsync(request);
        await session.LicenseAsync(_bench.Issuer, new IssuedLicense { Policy = policy, Type = 2 });
        byte[] stored = (await session.SavedAsync())!;

        _bench.Settings["Privacy"] = "Required";
        (session, _) = await _bench.OpenAsync(request with { Stored = stored });
        (await session.AskAsync(ChallengeKind.Renewal)).Info.Kind.Should().Be(ChallengeKind.ServerCertificate);
        await session.GiveAsync(Message(TestPki.ServiceCertificate));
        Challenge challenge = _bench.Issuer.Read((await session.AskAsync(ChallengeKind.Renewal)).Bytes);
        (challenge.Type, challenge.Encrypted).Should().Be((2, true));
    }

    [Fact]
    public async Task Privacy_that_is_off_ignores_the_hosts_certificate()
    {
        _bench.Settings["Privacy"] = "Off";
        (ILicenseSession session, _) = await _bench.OpenAsync(Bench.Request(Bench.Pssh) with { ServerCertificate = TestPki.ServiceCertificate });
        _bench.Issuer.Read((await session.AskAsync()).Bytes).Encrypted.Should().BeFalse();
    }

    public static TheoryData<string, string> BadCertificates => new()
    {
        { "bare", "cannot be read" },
        { "other root", "not signed by the root 'test'" },
        { "device", "not a certificate of a service" },
        { "no provider", "no provider id" },
        { "expired", "expired" },
        { "small", "2048 or 3072" },
        { "garbage", "cannot be read" },
        { "unsigned", "not signed" },
        { "licence", "of another type" },
        { "second root", "not signed by the root 'test'" },
        { "elliptic", "ECC" },
    };

    [Theory]
    [MemberData(nameof(BadCertificates))]
    public async Task Bad_certificate_is_not_trusted(string how, string reason)
    {
        using RSA small = RSA.Create(1024);
        byte[] bad = how switch
        {
            "bare" => TestPki.Certificate(3, TestPki.Service, provider: "x"),
            "other root" => TestPki.Sign(TestPki.OtherRoot, TestPki.Certificate(3, TestPki.Service, provider: "x")),
            "second root" => TestPki.Sign(TestPki.OtherRoot, TestPki.Certificate(3, TestPki.Service, provider: "x")),
            "device" => TestPki.Sign(TestPki.Root, TestPki.Certificate(2, TestPki.Service, provider: "x")),
            "no provider" => TestPki.Sign(TestPki.Root, TestPki.Certificate(3, TestPki.Service)),
            "expired" => TestPki.Sign(TestPki.Root, TestPki.Certificate(3, TestPki.Service, provider: "x", expires: _bench.Clock.Now.ToUnixTimeSeconds())),
            "small" => TestPki.Sign(TestPki.Root, TestPki.Certificate(3, small, provider: "x")),
            "elliptic" => TestPki.Sign(TestPki.Root, TestPki.Certificate(3, TestPki.Service, provider: "x", algorithm: 2)),
            "unsigned" => new Proto().Bytes(1, TestPki.Certificate(3, TestPki.Service, provider: "x")),
            "licence" => new Proto().Number(1, 2).Bytes(2, new byte[40].AsSpan()),
            _ => [0x0A, 0xFF, 0xFF, 0x01],
        };
        if (how == "second root") _bench.Settings["Roots:second:PublicKey"] = Convert.ToBase64String(TestPki.OtherRoot.ExportRSAPublicKey());

        _bench.Settings["ServiceCertificate"] = Convert.ToBase64String(bad);
        LicenseServiceException atStart = (await FluentActions.Awaiting(_bench.StartAsync).Should().ThrowAsync<LicenseServiceException>()).Which;
        _bench.Settings.Remove("ServiceCertificate");
        atStart.Kind.Should().Be(LicenseErrorKind.CertificateNotTrusted);
        atStart.Message.Should().Contain(reason);

        (await FluentActions.Awaiting(() => _bench.OpenAsync(Bench.Request(Bench.Pssh) with { ServerCertificate = bad })).Should().ThrowAsync<LicenseServiceException>())
            .Which.Kind.Should().Be(LicenseErrorKind.CertificateNotTrusted);

        if (how is "licence") return;
        _bench.Settings["Privacy"] = "Required";
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync();
        await session.AskAsync();
        (await session.RefusedAsync(Message(bad))).Kind.Should().Be(LicenseErrorKind.CertificateNotTrusted);
        (await session.GiveAsync(Message(TestPki.ServiceCertificate))).Should().Be(LicenseOutcome.AnotherExchangeNeeded, "the state is as it was");
        host.Calls.Should().Be(0);
    }

    [Fact]
    public async Task Certificate_that_nobody_asked_for_is_refused()
    {
        (ILicenseSession session, _) = await _bench.OpenAsync();
        await session.AskAsync();
        (await session.RefusedAsync(Message(TestPki.ServiceCertificate))).Kind.Should().Be(LicenseErrorKind.LicenseMalformed);
    }

    internal static byte[] Message(byte[] certificate) => new Proto().Number(1, 5).Bytes(2, certificate);
}

using Keyway.Licensing;
using Keyway.Widevine.Issuing;

namespace Keyway.Widevine;

public sealed class WidevineRenewalTests
{
    private static readonly Dictionary<int, long> Renewable = new() { [1] = 1, [3] = 1, [6] = 60, [9] = 30 };

    private readonly Bench _bench = new();

    [Fact]
    public async Task Renewal_is_signed_with_the_licences_own_key_and_brings_a_new_policy()
    {
        (ILicenseSession session, RecordingHost host) = await LicensedAsync(new IssuedLicense { Policy = Renewable, RenewalUrl = "https://renew.test/x" });
        string keys = string.Join(' ', host.Keys.Values);

        for (int version = 1; version <= 2; version++)
        {
            _bench.Clock.Now = _bench.Clock.Now.AddSeconds(30);
            (byte[] bytes, ChallengeInfo info) = await session.AskAsync(ChallengeKind.Renewal);
            info.Kind.Should().Be(ChallengeKind.Renewal);
            info.Url.Should().Be(new Uri("https://renew.test/x"));
            Challenge challenge = _bench.Issuer.Read(bytes);   // checks the HMAC
            challenge.Type.Should().Be(2);
            challenge.ClientId.Should().BeNull();
            IReadOnlyList<Field> existing = challenge.Content.Message(3);
            if (version == 1) existing.Data(1).Should().Equal(_bench.Issuer.LicenseId);
            Proto.Read(existing.Data(1)!).Value(5).Should().Be(version - 1);
            (existing.Value(2), existing.Value(3)).Should().Be((0, 0));

            (await session.GiveAsync(_bench.Issuer.Renew(challenge, new IssuedLicense { Version = version, Policy = Renewable, RenewalUrl = "https://renew.test/x" }))).Should().Be(LicenseOutcome.Complete);
            host.Policies.Values.Single().NotAfter.Should().Be(_bench.Clock.Now.AddSeconds(60));
            host.Policies.Values.Single().RenewAt.Should().Be(_bench.Clock.Now.AddSeconds(30));
        }

        string.Join(' ', host.Keys.Values).Should().Be(keys);
    }

    [Theory]
    [InlineData("not a url")]
    [InlineData("ftp://renew.test/")]
    [InlineData("/relative")]
    public async Task Renewal_url_that_is_none_is_left_out(string url)
    {
        (ILicenseSession session, _) = await LicensedAsync(new IssuedLicense { Policy = Renewable, RenewalUrl = url });
        (await session.AskAsync(ChallengeKind.Renewal)).Info.Url.Should().BeNull();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Client_id_is_in_a_renewal_when_the_policy_says_so(bool privacy)
    {
        if (privacy) _bench.Settings["ServiceCertificate"] = Convert.ToBase64String(TestPki.ServiceCertificate);
        (ILicenseSession session, _) = await LicensedAsync(new IssuedLicense { Policy = new Dictionary<int, long>(Renewable) { [12] = 1 } });
        Challenge challenge = _bench.Issuer.Read((await session.AskAsync(ChallengeKind.Renewal)).Bytes);
        challenge.ClientId.Should().Equal(TestPki.ClientId);
        challenge.Encrypted.Should().Be(privacy);
    }

    [Fact]
    public async Task Licence_that_may_not_be_renewed_is_not()
    {
        (ILicenseSession session, _) = await LicensedAsync(new IssuedLicense());
        (await FluentActions.Awaiting(() => session.AskAsync(ChallengeKind.Renewal)).Should().ThrowAsync<LicenseServiceException>()).Which.Kind.Should().Be(LicenseErrorKind.PolicyInvalid);
    }

    public static TheoryData<string, LicenseErrorKind> Faults => new()
    {
        { "other key", LicenseErrorKind.LicenseNotAuthentic },
        { "changed policy", LicenseErrorKind.LicenseNotAuthentic },
        { "same version", LicenseErrorKind.LicenseNotAuthentic },
        { "other licence", LicenseErrorKind.LicenseNotAuthentic },
        { "no policy", LicenseErrorKind.LicenseMalformed },
        { "no start", LicenseErrorKind.LicenseMalformed },
        { "negative", LicenseErrorKind.LicenseMalformed },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Faulty_renewal_leaves_the_licence_as_it_was(string fault, LicenseErrorKind kind)
    {
        (ILicenseSession session, RecordingHost host) = await LicensedAsync(new IssuedLicense { Policy = Renewable });
        string before = host.ToString();
        Challenge challenge = _bench.Issuer.Read((await session.AskAsync(ChallengeKind.Renewal)).Bytes);
        IssuedLicense good = new() { Version = 1, Policy = Renewable };
        byte[] bad = fault switch
        {
            "other key" => await OtherAsync(challenge, good),
            "same version" => _bench.Issuer.Renew(challenge, good with { Version = 0 }),
            "other licence" => _bench.Issuer.Renew(challenge, good with { RequestId = new byte[16] }),
            "no policy" => _bench.Issuer.Renew(challenge, good with { Policy = new Dictionary<int, long>() }),
            "no start" => _bench.Issuer.Renew(challenge, good with { WithoutStart = true }),
            "negative" => _bench.Issuer.Renew(challenge, good with { Policy = new Dictionary<int, long> { [1] = 1, [6] = -5 } }),
            _ => _bench.Issuer.Renew(challenge, good),
        };
        if (fault == "changed policy") bad[Array.IndexOf(bad, (byte)60, 40)]++;

        (await session.RefusedAsync(bad)).Kind.Should().Be(kind);
        host.ToString().Should().Be(before);
        await session.GiveAsync(_bench.Issuer.Renew(challenge, good));
        host.ToString().Should().NotBe("");
    }

    [Fact]
    public async Task Renewal_that_was_played_before_is_refused()
    {
        (ILicenseSession session, RecordingHost host) = await LicensedAsync(new IssuedLicense { Policy = Renewable });
        byte[] generous = _bench.Issuer.Renew(_bench.Issuer.Read((await session.AskAsync(ChallengeKind.Renewal)).Bytes), new IssuedLicense { Version = 1, Policy = new Dictionary<int, long>(Renewable) { [6] = 9999 } });
        await session.GiveAsync(generous);
        await session.GiveAsync(_bench.Issuer.Renew(_bench.Issuer.Read((await session.AskAsync(ChallengeKind.Renewal)).Bytes), new IssuedLicense { Version = 2, Policy = Renewable }));
        await session.AskAsync(ChallengeKind.Renewal);
        string before = host.ToString();
        (await session.RefusedAsync(generous)).Kind.Should().Be(LicenseErrorKind.LicenseNotAuthentic);
        host.ToString().Should().Be(before);
    }

    [Fact]
    public async Task Renewal_that_nobody_asked_for_is_refused()
    {
        (ILicenseSession session, RecordingHost host) = await LicensedAsync(new IssuedLicense { Policy = Renewable });
        Challenge challenge = _bench.Issuer.Read((await session.AskAsync(ChallengeKind.Renewal)).Bytes);
        byte[] answer = _bench.Issuer.Renew(challenge, new IssuedLicense { Version = 1, Policy = Renewable });
        await session.GiveAsync(answer);
        string before = host.ToString();
        (await session.RefusedAsync(answer)).Kind.Should().Be(LicenseErrorKind.LicenseNotAuthentic);
        host.ToString().Should().Be(before);
    }

    [Fact]
    public async Task Renewal_answered_with_keys_is_a_new_licence()
    {
        (ILicenseSession session, RecordingHost host) = await LicensedAsync(new IssuedLicense { Policy = Renewable });
        Challenge challenge = _bench.Issuer.Read((await session.AskAsync(ChallengeKind.Renewal)).Bytes);
        IssuedKey fresh = new();
        await session.GiveAsync(_bench.Issuer.Issue(challenge, new IssuedLicense { Version = 1, Policy = Renewable, Keys = [fresh] }));
        host.Keys[KeyId.FromOpaque(fresh.Id!)].Should().Be(Convert.ToHexStringLower(fresh.Key!));
        _bench.Issuer.Read((await session.AskAsync(ChallengeKind.Renewal)).Bytes).Type.Should().Be(2, "the new licence's key signs now");
    }

    [Fact]
    public async Task Renewal_can_forbid_playing_and_allow_it_again()
    {
        (ILicenseSession session, RecordingHost host) = await LicensedAsync(new IssuedLicense { Policy = Renewable });
        Challenge challenge = _bench.Issuer.Read((await session.AskAsync(ChallengeKind.Renewal)).Bytes);
        await session.GiveAsync(_bench.Issuer.Renew(challenge, new IssuedLicense { Version = 1, Policy = new Dictionary<int, long> { [3] = 1 } }));
        host.Policies.Values.Single().NotAfter.Should().Be(DateTimeOffset.UnixEpoch);
        challenge = _bench.Issuer.Read((await session.AskAsync(ChallengeKind.Renewal)).Bytes);
        await session.GiveAsync(_bench.Issuer.Renew(challenge, new IssuedLicense { Version = 2, Policy = Renewable }));
        host.Policies.Values.Single().NotAfter.Should().Be(_bench.Clock.Now.AddSeconds(60));
    }

    [Fact]
    public async Task Release_gives_the_keys_back_after_it_was_acknowledged()
    {
        (ILicenseSession session, RecordingHost host) = await LicensedAsync(new IssuedLicense { Policy = new Dictionary<int, long> { [1] = 1, [2] = 1 }, Type = 2 }, SessionKind.PersistentLicense);
        (byte[] bytes, ChallengeInfo info) = await session.AskAsync(ChallengeKind.Release);
        info.Kind.Should().Be(ChallengeKind.Release);
        Challenge challenge = _bench.Issuer.Read(bytes);
        challenge.Type.Should().Be(3);
        host.Statuses.Should().BeEmpty();
        (await session.SavedAsync()).Should().NotBeNull("an unacknowledged release must survive");

        byte[] answer = _bench.Issuer.Renew(challenge, new IssuedLicense { Policy = new Dictionary<int, long>() });
        answer[^1] ^= 1;
        (await session.RefusedAsync(answer)).Kind.Should().Be(LicenseErrorKind.LicenseNotAuthentic);
        host.Statuses.Should().BeEmpty();
        answer[^1] ^= 1;
        await session.GiveAsync(answer);
        host.Statuses.Values.Should().Equal(KeyStatus.Released);
        (await session.SavedAsync()).Should().BeNull();
    }

    [Fact]
    public async Task Release_is_not_answered_with_new_keys()
    {
        (ILicenseSession session, RecordingHost host) = await LicensedAsync(new IssuedLicense { Policy = Renewable });
        string before = host.ToString();
        Challenge challenge = _bench.Issuer.Read((await session.AskAsync(ChallengeKind.Release)).Bytes);
        (await session.RefusedAsync(_bench.Issuer.Issue(challenge, new IssuedLicense { Version = 1 }))).Kind.Should().Be(LicenseErrorKind.LicenseNotAuthentic);
        host.ToString().Should().Be(before);
    }

    private async Task<byte[]> OtherAsync(Challenge challenge, IssuedLicense license)
    {
        Issuer other = new();
        (ILicenseSession session, _) = await _bench.OpenAsync();
        other.Issue((await session.AskAsync()).Bytes, new IssuedLicense());
        return other.Renew(challenge, license);
    }

    private async Task<(ILicenseSession Session, RecordingHost Host)> LicensedAsync(IssuedLicense license, SessionKind kind = SessionKind.Temporary)
    {
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync(Bench.Request(Bench.Pssh) with { Kind = kind });
        await session.LicenseAsync(_bench.Issuer, license);
        return (session, host);
    }
}

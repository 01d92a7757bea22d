using System.Security.Cryptography;
using Keyway.Licensing;
using Keyway.Widevine.Issuing;

namespace Keyway.Widevine;

public sealed class WidevineStoredTests
{
    private static readonly Dictionary<int, long> Offline = new() { [1] = 1, [2] = 1, [3] = 1, [4] = 1000, [6] = 3600, [9] = 1800 };

    private readonly Bench _bench = new();

    [Fact]
    public async Task Stored_licence_plays_again_without_a_service()
    {
        IssuedLicense license = new() { Policy = Offline, Type = 2, Keys = [new IssuedKey(), new IssuedKey()] };
        (byte[] stored, string granted) = await StoreAsync(license);
        foreach (IssuedKey key in license.Keys) stored.AsSpan().IndexOf(key.Key).Should().Be(-1, "what is stored has the keys wrapped");

        (_, RecordingHost host) = await ResumeAsync(stored);
        host.ToString().Should().Be(granted);
    }

    [Fact]
    public async Task Renewal_is_stored_with_the_licence_and_renewed_on()
    {
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync(Bench.Request(Bench.Pssh) with { Kind = SessionKind.PersistentLicense });
        await session.LicenseAsync(_bench.Issuer, new IssuedLicense { Policy = Offline, Type = 2 });
        _bench.Clock.Now = _bench.Clock.Now.AddSeconds(500);
        await session.GiveAsync(_bench.Issuer.Renew(_bench.Issuer.Read((await session.AskAsync(ChallengeKind.Renewal)).Bytes), new IssuedLicense { Version = 1, Policy = Offline, Type = 2 }));
        byte[] stored = (await session.SavedAsync())!;

        (ILicenseSession resumed, RecordingHost again) = await ResumeAsync(stored);
        again.ToString().Should().Be(host.ToString());
        Challenge challenge = _bench.Issuer.Read((await resumed.AskAsync(ChallengeKind.Renewal)).Bytes);   // needs no header
        Proto.Read(challenge.Content.Message(3).Data(1)!).Value(5).Should().Be(1);
        await resumed.GiveAsync(_bench.Issuer.Renew(challenge, new IssuedLicense { Version = 2, Policy = Offline, Type = 2 }));
        (await resumed.SavedAsync()).Should().NotEqual(stored);
    }

    [Fact]
    public async Task Licence_that_came_with_a_renewal_is_stored_too()
    {
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync(Bench.Request(Bench.Pssh) with { Kind = SessionKind.PersistentLicense });
        await session.LicenseAsync(_bench.Issuer, new IssuedLicense { Policy = Offline, Type = 2, Keys = [new IssuedKey { Id = Bench.Kid }] });
        await session.GiveAsync(_bench.Issuer.Issue(_bench.Issuer.Read((await session.AskAsync(ChallengeKind.Renewal)).Bytes),
            new IssuedLicense { Version = 1, Policy = Offline, Type = 2, Keys = [new IssuedKey { Id = Bench.Kid }] }));
        (_, RecordingHost again) = await ResumeAsync((await session.SavedAsync())!);
        again.ToString().Should().Be(host.ToString());
    }

    [Fact]
    public async Task Release_of_a_stored_licence_needs_nothing_else()
    {
        (byte[] stored, _) = await StoreAsync(new IssuedLicense { Policy = Offline, Type = 2 });
        (ILicenseSession session, RecordingHost host) = await ResumeAsync(stored);
        Challenge challenge = _bench.Issuer.Read((await session.AskAsync(ChallengeKind.Release)).Bytes);
        await session.GiveAsync(_bench.Issuer.Renew(challenge, new IssuedLicense()));
        host.Statuses.Values.Should().Equal(KeyStatus.Released);
    }

    [Fact]
    public async Task Second_start_after_the_rental_is_over()
    {
        (byte[] stored, _) = await StoreAsync(new IssuedLicense { Policy = new Dictionary<int, long> { [1] = 1, [2] = 1, [4] = 1000, [5] = 99999 }, Type = 2 });
        DateTimeOffset start = _bench.Clock.Now;
        _bench.Clock.Now = start.AddSeconds(999);
        (await ResumeAsync(stored)).Host.Policies.Values.Single().NotAfter.Should().BeNull();
        _bench.Clock.Now = start.AddSeconds(1000);
        (await ResumeAsync(stored)).Host.Policies.Values.Single().NotAfter.Should().Be(start.AddSeconds(1000));
    }

    [Theory]
    [InlineData(SessionKind.Temporary, true)]
    [InlineData(SessionKind.PersistentLicense, false)]
    public async Task Nothing_is_kept_unless_both_session_and_licence_say_so(SessionKind kind, bool mayPersist)
    {
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync(Bench.Request(Bench.Pssh) with { Kind = kind });
        (await session.SavedAsync()).Should().BeNull();
        await session.LicenseAsync(_bench.Issuer, new IssuedLicense { Policy = new Dictionary<int, long> { [1] = 1, [2] = mayPersist ? 1 : 0 } });
        (await session.SavedAsync()).Should().BeNull();
        host.Policies.Values.Single().MayPersist.Should().Be(mayPersist);
    }

    [Fact]
    public async Task Resumed_session_without_a_header_cannot_ask_for_a_new_licence()
    {
        (byte[] stored, _) = await StoreAsync(new IssuedLicense { Policy = Offline, Type = 2 });
        (ILicenseSession session, _) = await ResumeAsync(stored);
        (await FluentActions.Awaiting(() => session.AskAsync()).Should().ThrowAsync<LicenseServiceException>()).Which.Kind.Should().Be(LicenseErrorKind.HeaderUnsupported);
    }

    [Fact]
    public async Task Stored_licence_is_checked_like_one_that_has_just_come()
    {
        (byte[] stored, string granted) = await StoreAsync(new IssuedLicense { Policy = Offline, Type = 2 });
        for (int at = 0; at < stored.Length; at += 11)
        {
            byte[] damaged = [.. stored];
            damaged[at] ^= 0x10;
            RecordingHost host = new();
            try
            {
                (_, host) = await ResumeAsync(damaged);
                host.ToString().Should().Be(granted);
            }
            catch (LicenseServiceException refused)
            {
                refused.Kind.Should().BeOneOf(LicenseErrorKind.LicenseMalformed, LicenseErrorKind.LicenseNotAuthentic, LicenseErrorKind.LicenseNotForThisDevice);
                host.Calls.Should().Be(0);
            }
        }
    }

    [Fact]
    public async Task Stored_licence_of_another_device_is_refused()
    {
        (byte[] stored, _) = await StoreAsync(new IssuedLicense { Policy = Offline, Type = 2 });
        using RSA other = RSA.Create(2048);
        _bench.SecretValues["key"] = other.ExportPkcs8PrivateKey();
        _bench.SecretValues["client"] = TestPki.Client(TestPki.Sign(TestPki.Model, TestPki.Certificate(2, other, TestPki.SystemId), TestPki.ModelCertificate));
        (await FluentActions.Awaiting(() => ResumeAsync(stored)).Should().ThrowAsync<LicenseServiceException>()).Which.Kind.Should().Be(LicenseErrorKind.LicenseNotForThisDevice);
    }

    private async Task<(byte[] Stored, string Granted)> StoreAsync(IssuedLicense license)
    {
        (ILicenseSession session, RecordingHost host) = await _bench.OpenAsync(Bench.Request(Bench.Pssh) with { Kind = SessionKind.PersistentLicense });
        await session.LicenseAsync(_bench.Issuer, license);
        return ((await session.SavedAsync())!, host.ToString());
    }

    private Task<(ILicenseSession Session, RecordingHost Host)> ResumeAsync(byte[] stored) =>
        _bench.OpenAsync(new SessionRequest { Kind = SessionKind.PersistentLicense, Stored = stored });
}

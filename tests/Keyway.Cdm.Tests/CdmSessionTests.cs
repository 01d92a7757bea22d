using System.Buffers;
using System.Text;
using Keyway.Cdm.Child;
using Keyway.Licensing;
using Keyway.Testing;

namespace Keyway.Cdm;

/// <summary>What a module says, as the framework hears it: in whatever order it comes.</summary>
public sealed class CdmSessionTests
{
    [Theory]
    [InlineData("")]
    [InlineData("early")]
    [InlineData("keys-first")]
    [InlineData("keys-late")]
    public async Task A_licence_comes_whatever_the_module_says_first(string order)
    {
        await using CdmKeySystem system = LyingModule.Make($"{LyingModule.HasKey},{order}");
        RecordingSessionHost host = new();
        await using CdmSession session = await OpenedSession.OpenAsync(system, host, answer: false);
        (await WrittenAsync(session)).Should().Be((ChallengeKind.License, "ask"));
        (await WrittenAsync(session)).Should().Be((ChallengeKind.License, "ask"), "a service that failed is asked once more, with what the module says once");
        (await session.AcceptAsync(OpenedSession.Answer("license"), CancellationToken.None)).Should().Be(LicenseOutcome.Complete);
        host.Statuses.Should().Contain(LyingModule.Id, KeyStatus.Usable);
        host.Keys.Should().BeEmpty("no key comes out of a module");
        Func<Task> again = async () => await WrittenAsync(session);
        await again.Should().ThrowAsync<LicenseServiceException>("what was answered is forgotten");
    }

    [Fact]
    public async Task A_request_for_the_certificate_of_the_service_is_told_as_one_and_followed_by_the_licence_s()
    {
        await using CdmKeySystem system = LyingModule.Make($"{LyingModule.HasKey},certificate");
        RecordingSessionHost host = new();
        await using CdmSession session = await OpenedSession.OpenAsync(system, host, answer: false);
        (await WrittenAsync(session)).Should().Be((ChallengeKind.ServerCertificate, "\b\u0004"));
        (await session.AcceptAsync(OpenedSession.Answer("certificate"), CancellationToken.None)).Should().Be(LicenseOutcome.AnotherExchangeNeeded);
        (await WrittenAsync(session)).Should().Be((ChallengeKind.License, "ask again"));
        (await session.AcceptAsync(OpenedSession.Answer("license"), CancellationToken.None)).Should().Be(LicenseOutcome.Complete);
        host.Statuses.Should().Contain(LyingModule.Id, KeyStatus.Usable);
    }

    [Fact]
    public async Task A_renewal_by_the_module_s_own_time_and_an_expiry_are_told()
    {
        await using CdmKeySystem system = LyingModule.Make($"{LyingModule.HasKey},expires,renews");
        RecordingSessionHost host = new();
        await using CdmSession session = await OpenedSession.OpenAsync(system, host);
        await Eventually.Is(() => host.Requested.Contains(ChallengeKind.Renewal));
        host.Policies[LyingModule.Id].NotAfter.Should().Be(new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero));
        (await WrittenAsync(session, ChallengeKind.Renewal)).Should().Be((ChallengeKind.Renewal, "more"));
        (await session.AcceptAsync(OpenedSession.Answer("renewed"), CancellationToken.None)).Should().Be(LicenseOutcome.Complete);
    }

    [Fact]
    public async Task A_licence_is_given_back_with_what_the_module_says_then()
    {
        await using CdmKeySystem system = LyingModule.Make(LyingModule.HasKey);
        await using CdmSession session = await OpenedSession.OpenAsync(system);
        (await WrittenAsync(session, ChallengeKind.Release)).Should().Be((ChallengeKind.Release, "done"));
    }

    [Fact]
    public async Task A_session_that_the_module_closes_is_closed()
    {
        await using CdmKeySystem system = LyingModule.Make($"{LyingModule.HasKey},closes");
        RecordingSessionHost host = new();
        await using CdmSession session = await OpenedSession.OpenAsync(system, host);
        await Eventually.Is(() => host.Closed == LicenseErrorKind.InternalFault);
    }

    [Fact]
    public async Task Two_sessions_of_one_name_are_one_too_many()
    {
        await using CdmKeySystem system = LyingModule.Make($"{LyingModule.HasKey},one-name");
        await using CdmSession first = await OpenedSession.OpenAsync(system, answer: false);
        Func<Task> second = async () => await OpenedSession.OpenAsync(system, answer: false);
        (await second.Should().ThrowAsync<LicenseServiceException>()).Which.Message.Should().Contain("under that of another");
        (await WrittenAsync(first)).Item1.Should().Be(ChallengeKind.License, "the first is untouched");
    }

    [Fact]
    public async Task A_licence_that_is_to_be_kept_needs_leave_to_keep()
    {
        await using CdmKeySystem system = LyingModule.Make(LyingModule.HasKey);
        Func<Task> open = async () => await system.OpenSessionAsync(OpenedSession.Request(system) with { Kind = SessionKind.PersistentLicense }, new RecordingSessionHost(), CancellationToken.None);
        (await open.Should().ThrowAsync<LicenseServiceException>()).Which.Kind.Should().Be(LicenseErrorKind.PolicyInvalid);

        await using CdmKeySystem keeps = LyingModule.Make(LyingModule.HasKey, LyingModule.Options with { PersistentState = true });
        CdmSession session = (CdmSession)await keeps.OpenSessionAsync(OpenedSession.Request(keeps) with { Kind = SessionKind.PersistentLicense }, new RecordingSessionHost(), CancellationToken.None);
        await WrittenAsync(session);
        await session.AcceptAsync(OpenedSession.Answer("license"), CancellationToken.None);
        ArrayBufferWriter<byte> kept = new();
        (await session.SaveAsync(kept, CancellationToken.None)).Should().BeTrue();
        await session.DisposeAsync();
        StoredSession.TryRead(kept.WrittenSpan, out byte[] id, out List<KeyId> open2).Should().BeTrue();
        Encoding.ASCII.GetString(id).Should().Be("1");
        open2.Should().BeEmpty();
        for (int i = 0; i < kept.WrittenCount; i++) StoredSession.TryRead(kept.WrittenSpan[..i], out _, out _).Should().BeFalse();
    }

    [Fact]
    public async Task A_header_whose_keys_are_there_is_absorbed_and_another_is_not()
    {
        await using CdmKeySystem system = LyingModule.Make(LyingModule.HasKey);
        await using CdmSession session = await OpenedSession.OpenAsync(system);
        ProtectionHeader known = OpenedSession.Request(system).Headers[0];
        (await session.OfferHeaderAsync(known, CancellationToken.None)).Should().Be(HeaderOutcome.Absorbed);
        (await session.OfferHeaderAsync(known with { KeyIds = [LyingModule.Id, new KeyId(1)] }, CancellationToken.None)).Should().Be(HeaderOutcome.NotMine);
        (await session.OfferHeaderAsync(known with { KeyIds = [] }, CancellationToken.None)).Should().Be(HeaderOutcome.NotMine);
    }

    private static async Task<(ChallengeKind, string)> WrittenAsync(CdmSession session, ChallengeKind kind = ChallengeKind.License)
    {
        ArrayBufferWriter<byte> challenge = new();
        ChallengeInfo info = await session.WriteChallengeAsync(new ChallengeRequest { Kind = kind }, challenge, CancellationToken.None);
        return (info.Kind, Encoding.UTF8.GetString(challenge.WrittenSpan));
    }
}

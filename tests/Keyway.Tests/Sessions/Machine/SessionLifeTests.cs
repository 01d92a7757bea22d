using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.Testing;

namespace Keyway.Sessions;

/// <summary>Whole lives of sessions, in virtual time.</summary>
public class SessionLifeTests
{
    private static readonly OutputRequirement Export = new() { ClearExport = true };

    [Fact]
    public async Task Licence_makes_keys_usable_and_every_fact_is_said_once_in_order()
    {
        await using Bench bench = new();
        await using KeyRingSession ring = await bench.PlayAsync(1, 2);
        await Bench.WaitAsync(ring, 1, 2);

        SessionReport report = ring.Reports.Should().ContainSingle().Subject;
        report.State.Should().Be(SessionState.Usable);
        report.Keys.Select(key => (key.Id, key.Status)).Should().Equal((Bench.Kid(1), KeyStatus.Usable), (Bench.Kid(2), KeyStatus.Usable));
        report.Should().BeEquivalentTo(new { KeySystem = "fake", Provider = "acme", Exchanges = 1, LicenseUrl = "https://license.example/acquire" });
        report.RoundTrip.Should().NotBeNull();
        ring.Ring.Sessions.Should().Equal(report.Id);

        await Eventually.Is(() => bench.Facts<KeysChanged>().Any());
        bench.Facts<ProtectionDetected>().Should().ContainSingle().Which.Keys.Should().Be(2);
        bench.Facts<LicenseNeeded>().Should().ContainSingle().Which.Should().Be(new LicenseNeeded { Session = report.Id, Exchange = 1, Kind = ChallengeKind.License });
        bench.Facts<ChallengeReady>().Should().ContainSingle().Which.Length.Should().Be(bench.Server.Received[0].Body.Length);
        bench.Facts<LicenseReceived>().Should().ContainSingle().Which.Exchange.Should().Be(1);
        bench.Facts<KeysChanged>().Should().ContainSingle().Which.Should().Be(new KeysChanged { Session = report.Id, Keys = 2, Usable = 2 });
        bench.Facts<SessionStateChanged>().Select(fact => fact.To).Should().Equal(SessionState.Acquiring, SessionState.Usable);
    }

    [Fact]
    public async Task Session_whose_wanted_keys_are_there_after_open_needs_no_exchange()
    {
        await using Bench bench = new();
        bench.System.Opening = (request, host) =>
        {
            foreach (WantedKey key in request.Keys) host.Import(key.Id, new byte[16], bench.System.Policy);
        };
        await using KeyRingSession ring = await bench.PlayAsync(1);
        await Bench.WaitAsync(ring, 1);
        Bench.StateOf(ring).Should().Be(SessionState.Usable);
        bench.Server.Received.Should().BeEmpty();
        bench.Facts<LicenseNeeded>().Should().BeEmpty();
    }

    [Fact]
    public async Task Keys_that_are_there_after_open_stay_usable_when_the_licence_for_the_others_fails()
    {
        await using Bench bench = new();
        bench.System.Opening = (_, host) => host.Import(Bench.Kid(1), new byte[16], bench.System.Policy);
        bench.Server.Next(FakeLicenseServer.Text("", 404));
        await using KeyRingSession ring = await bench.PlayAsync(1, 2);
        await Bench.WaitAsync(ring, 1);
        Func<Task> other = async () => await Bench.WaitAsync(ring, 2);
        (await other.Should().ThrowAsync<KeyUnavailableException>()).Which.Reason.Should().Be(KeyUnavailableReason.LicenseFailed);
        Bench.StateOf(ring).Should().Be(SessionState.Usable);
        await Bench.WaitAsync(ring, 1);
    }

    [Fact]
    public async Task Another_exchange_is_made_until_the_key_system_is_content()
    {
        await using Bench bench = new();
        bench.Server.Next(FakeLicenseServer.Text("more"));
        bench.Server.Next(FakeLicenseServer.Text("more"));
        await using KeyRingSession ring = await bench.PlayAsync(1);
        await Bench.WaitAsync(ring, 1);
        bench.Server.Received.Should().HaveCount(3);
        bench.Facts<LicenseNeeded>().Select(fact => fact.Exchange).Should().Equal(1, 2, 3);
        bench.Facts<SessionStateChanged>().Select(fact => fact.To).Should().Equal(SessionState.Acquiring, SessionState.Usable);
    }

    [Fact]
    public async Task Key_system_that_asks_for_exchange_after_exchange_is_told_no()
    {
        await using Bench bench = new();
        bench.System.Accepting = (_, _, _) => new ValueTask<LicenseOutcome>(LicenseOutcome.AnotherExchangeNeeded);
        await using KeyRingSession ring = await bench.PlayAsync(1);
        await FailsAsync(ring, 1, LicenseErrorKind.InternalFault);
        bench.Server.Received.Should().HaveCount(8);
    }

    [Fact]
    public async Task Key_system_that_forgets_to_say_what_became_of_an_answer_does_not_succeed()
    {
        await using Bench bench = new();
        bench.System.Accepting = (_, _, _) => default;
        await using KeyRingSession ring = await bench.PlayAsync(1);
        await FailsAsync(ring, 1, LicenseErrorKind.InternalFault);
    }

    [Fact]
    public async Task Refusal_fails_the_session_and_readers_learn_its_cause()
    {
        await using Bench bench = new();
        bench.System.Refused = answer => new LicenseServiceException(LicenseErrorKind.DeviceRevoked, "revoked") { ProviderCode = "7", Status = answer.Status };
        await using KeyRingSession ring = await bench.PlayAsync(1);
        LicenseServiceException cause = await FailsAsync(ring, 1, LicenseErrorKind.DeviceRevoked);
        cause.ProviderCode.Should().Be("7");
        Bench.StateOf(ring).Should().Be(SessionState.Failed);
        bench.Facts<SessionFailed>().Should().ContainSingle().Which.Should().Match<SessionFailed>(fact => fact.Terminal && fact.Kind == LicenseErrorKind.DeviceRevoked);
        bench.System.Sessions[0].IsDisposed.Should().BeTrue();
    }

    [Fact]
    public async Task Plugin_that_throws_is_named_but_not_quoted()
    {
        await using Bench bench = new();
        bench.System.Accepting = (_, _, _) => throw new InvalidOperationException("key 00112233445566778899aabbccddeeff");
        await using KeyRingSession ring = await bench.PlayAsync(1);
        LicenseServiceException cause = await FailsAsync(ring, 1, LicenseErrorKind.InternalFault);
        cause.Message.Should().Contain("fake").And.Contain("InvalidOperationException").And.NotContain("0011");
    }

    [Fact]
    public async Task Renewal_brings_a_new_policy_and_no_keys()
    {
        await using Bench bench = new();
        DateTimeOffset start = bench.Clock.GetUtcNow();
        bench.System.Policy = new KeyPolicy { Output = Export, RenewAt = start.AddMinutes(10), NotAfter = start.AddMinutes(20) };
        await using KeyRingSession ring = await bench.PlayAsync(1);
        await Bench.WaitAsync(ring, 1);
        await Eventually.Is(() => bench.Clock.NextDue == start.AddMinutes(10));
        bench.System.Accepting = (_, host, _) =>
        {
            host.UpdatePolicy(Bench.Kid(1), new KeyPolicy { Output = Export, RenewAt = start.AddMinutes(30), NotAfter = start.AddMinutes(40) });
            return new ValueTask<LicenseOutcome>(LicenseOutcome.Complete);
        };

        bench.Clock.Advance(TimeSpan.FromMinutes(10));
        await Eventually.Is(() => bench.Clock.NextDue == start.AddMinutes(30));
        ring.Reports[0].Exchanges.Should().Be(2);
        bench.System.Sessions[0].Challenges.Select(challenge => challenge.Kind).Should().Equal(ChallengeKind.License, ChallengeKind.Renewal);
        bench.Facts<SessionStateChanged>().Select(fact => fact.To)
            .Should().Equal(SessionState.Acquiring, SessionState.Usable, SessionState.Renewing, SessionState.Usable);
        bench.Clock.Advance(TimeSpan.FromMinutes(11));
        await Bench.WaitAsync(ring, 1);
    }

    [Fact]
    public async Task Failed_renewal_leaves_usable_keys_usable_says_so_and_is_tried_again()
    {
        await using Bench bench = new();
        DateTimeOffset start = bench.Clock.GetUtcNow();
        bench.System.Policy = new KeyPolicy { Output = Export, RenewAt = start.AddMinutes(1), RenewEvery = TimeSpan.FromMinutes(2), NotAfter = start.AddHours(1) };
        await using KeyRingSession ring = await bench.PlayAsync(1);
        await Bench.WaitAsync(ring, 1);
        await Eventually.Is(() => bench.Clock.NextDue == start.AddMinutes(1));

        bench.Server.Next(FakeLicenseServer.Text("", 500));
        bench.Clock.Advance(TimeSpan.FromMinutes(1));
        await Eventually.Is(() => bench.Clock.NextDue == start.AddMinutes(3));
        Bench.StateOf(ring).Should().Be(SessionState.Usable);
        ring.Reports[0].Error!.Kind.Should().Be(LicenseErrorKind.ServerFault);
        bench.Facts<SessionFailed>().Should().ContainSingle().Which.Terminal.Should().BeFalse();
        await Bench.WaitAsync(ring, 1);

        bench.Clock.Advance(TimeSpan.FromMinutes(2));
        await Eventually.Is(() => ring.Reports[0].Exchanges == 3 && Bench.StateOf(ring) == SessionState.Usable && ring.Reports[0].Error is null);
    }

    [Fact]
    public async Task Grace_counts_while_the_service_is_away_and_ends_when_it_says_no()
    {
        await using Bench bench = new();
        DateTimeOffset start = bench.Clock.GetUtcNow();
        bench.System.Policy = new KeyPolicy
        {
            Output = Export,
            RenewAt = start.AddMinutes(1),
            RenewEvery = TimeSpan.FromMinutes(5),
            NotAfter = start.AddMinutes(2),
            RenewalGrace = TimeSpan.FromMinutes(30),
        };
        await using KeyRingSession ring = await bench.PlayAsync(1);
        await Bench.WaitAsync(ring, 1);
        await Eventually.Is(() => bench.Clock.NextDue == start.AddMinutes(1));
        bench.Server.Next(FakeLicenseServer.Text("", 503));
        bench.Clock.Advance(TimeSpan.FromMinutes(1));
        await Eventually.Is(() => bench.Clock.NextDue == start.AddMinutes(6));
        bench.Clock.Advance(TimeSpan.FromMinutes(3));
        ring.Reports[0].Keys[0].Status.Should().Be(KeyStatus.Usable, "the service is away, and the licence allows for that");

        bench.Server.Next(FakeLicenseServer.Text("", 403));
        bench.Clock.Advance(TimeSpan.FromMinutes(2));
        await Eventually.Is(() => ring.Reports[0].Keys.Count == 1 && ring.Reports[0].Keys[0].Status == KeyStatus.Expired);
    }

    [Fact]
    public async Task Time_that_runs_out_expires_the_session_and_a_reader_makes_it_ask_again()
    {
        await using Bench bench = new();
        DateTimeOffset start = bench.Clock.GetUtcNow();
        bench.System.Policy = new KeyPolicy { Output = Export, NotAfter = start.AddMinutes(5) };
        await using KeyRingSession ring = await bench.PlayAsync(1);
        await Bench.WaitAsync(ring, 1);
        await Eventually.Is(() => bench.Clock.NextDue == start.AddMinutes(5));
        bench.Clock.Advance(TimeSpan.FromMinutes(5));
        await Eventually.Is(() => Bench.StateOf(ring) == SessionState.Expired);
        bench.Facts<KeysChanged>().Last().Should().Match<KeysChanged>(fact => fact.Keys == 1 && fact.Usable == 0);

        bench.System.Policy = new KeyPolicy { Output = Export, NotAfter = start.AddMinutes(10) };
        await Bench.WaitAsync(ring, 1);
        Bench.StateOf(ring).Should().Be(SessionState.Usable);
        bench.Server.Received.Should().HaveCount(2);
    }

    [Fact]
    public async Task Expired_session_whose_service_says_no_fails_and_its_keys_are_gone()
    {
        await using Bench bench = new();
        bench.System.Policy = new KeyPolicy { Output = Export, NotAfter = bench.Clock.GetUtcNow().AddMinutes(5) };
        await using KeyRingSession ring = await bench.PlayAsync(1);
        await Bench.WaitAsync(ring, 1);
        await Eventually.Is(() => bench.Clock.NextDue is not null);
        bench.Clock.Advance(TimeSpan.FromMinutes(5));
        await Eventually.Is(() => Bench.StateOf(ring) == SessionState.Expired);
        bench.Server.Next(FakeLicenseServer.Text("", 403));
        await FailsAsync(ring, 1, LicenseErrorKind.Unknown);
        ring.Reports[0].Keys.Should().BeEmpty();
    }

    [Fact]
    public async Task First_use_starts_the_playback_window_and_asks_for_a_renewal_where_the_licence_wants_one()
    {
        await using Bench bench = new();
        DateTimeOffset start = bench.Clock.GetUtcNow();
        bench.System.Policy = new KeyPolicy { Output = Export, AfterFirstUse = TimeSpan.FromHours(48), RenewOnFirstUse = true };
        await using KeyRingSession ring = await bench.PlayAsync(1);
        await Bench.WaitAsync(ring, 1);
        bench.Clock.NextDue.Should().BeNull();
        Lease(bench, ring, 1).Should().Be(DecryptStatus.Decrypted);
        await Eventually.Is(() => bench.Server.Received.Count == 2 && Bench.StateOf(ring) == SessionState.Usable);
        bench.Server.Received[1].Body.Should().StartWith("Renewal");
        await Eventually.Is(() => bench.Clock.NextDue == start.AddHours(48));
    }

    [Fact]
    public async Task Late_answer_is_dropped()
    {
        await using Bench bench = new();
        TaskCompletionSource<LicenseAnswer?> first = bench.Server.Hold();
        bench.Server.Next((_, cancellationToken) => new ValueTask<LicenseAnswer>(Task.Delay(Timeout.Infinite, cancellationToken)
            .ContinueWith<LicenseAnswer>(_ => throw new OperationCanceledException(cancellationToken), TaskScheduler.Default)));
        await using KeyRingSession ring = await bench.PlayAsync(1);
        await Eventually.Is(() => bench.Server.Received.Count == 1);

        // The key system asks anew: exchange 2 counts, and whatever 1 brings is late.
        bench.System.Sessions[0].Host.RequestExchange(ChallengeKind.License);
        await Eventually.Is(() => bench.Server.Received.Count == 2);
        first.SetResult(null);
        bench.System.Sessions[0].Host.RequestExchange(ChallengeKind.License);
        await Bench.WaitAsync(ring, 1);
        ring.Reports[0].Exchanges.Should().Be(3);
        bench.Facts<LicenseReceived>().Select(fact => fact.Exchange).Should().Equal(3);
    }

    [Fact]
    public async Task Answer_that_comes_although_its_exchange_was_broken_off_is_dropped()
    {
        // A service that does not listen to cancellation: its answer arrives, and has the wrong number.
        await using Bench bench = new();
        TaskCompletionSource stubborn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bench.Server.Next(async (_, _) =>
        {
            await stubborn.Task;
            return FakeLicenseServer.Text($"{Bench.Kid(9)} {new string('0', 32)}\n");
        });
        TaskCompletionSource<LicenseAnswer?> second = bench.Server.Hold();
        await using KeyRingSession ring = await bench.PlayAsync(1);
        await Eventually.Is(() => bench.Server.Received.Count == 1);
        bench.System.Sessions[0].Host.RequestExchange(ChallengeKind.License);
        await Eventually.Is(() => bench.Server.Received.Count == 2);
        stubborn.SetResult();
        second.SetResult(null);
        await Bench.WaitAsync(ring, 1);
        ring.Reports[0].Keys.Select(key => key.Id).Should().Equal(Bench.Kid(1));
    }

    [Fact]
    public async Task Close_takes_the_keys_and_waits_for_no_licence_service()
    {
        await using Bench bench = new();
        KeyRingSession ring = await bench.PlayAsync(1);
        await Bench.WaitAsync(ring, 1);
        SessionId id = ring.Reports[0].Id;
        bench.Server.Hold();
        bench.System.Sessions[0].Host.RequestExchange(ChallengeKind.License);
        await Eventually.Is(() => bench.Server.Received.Count == 2);
        await ring.DisposeAsync();
        bench.Vault.Keys(id).Should().BeEmpty();
        bench.System.Sessions[0].IsDisposed.Should().BeTrue();
        bench.Facts<SessionStateChanged>().Last().To.Should().Be(SessionState.Closed);
        bench.Facts<SessionFailed>().Should().BeEmpty();
        bench.Engine.Reports().Should().BeEmpty();

        // Late callbacks of a native module.
        bench.System.Sessions[0].Host.Import(Bench.Kid(1), new byte[16], new KeyPolicy());
        bench.System.Sessions[0].Host.SetStatus(Bench.Kid(1), KeyStatus.Usable);
        bench.Vault.Keys(id).Should().BeEmpty();
    }

    [Fact]
    public async Task Key_system_that_ends_its_session_fails_it()
    {
        await using Bench bench = new();
        await using KeyRingSession ring = await bench.PlayAsync(1);
        await Bench.WaitAsync(ring, 1);
        bench.System.Sessions[0].Host.Close(LicenseErrorKind.DeviceRevoked);
        await Eventually.Is(() => Bench.StateOf(ring) == SessionState.Failed);
        await FailsAsync(ring, 1, LicenseErrorKind.DeviceRevoked);
        ring.Reports[0].Keys.Should().BeEmpty();
    }

    [Fact]
    public async Task Key_that_comes_outside_an_exchange_wakes_its_reader()
    {
        await using Bench bench = new();
        bench.Server.Hold();
        await using KeyRingSession ring = await bench.PlayAsync(1);
        await Eventually.Is(() => bench.Server.Received.Count == 1);
        Task waiting = Bench.WaitAsync(ring, 1).AsTask();
        waiting.IsCompleted.Should().BeFalse();
        bench.System.Sessions[0].Host.Import(Bench.Kid(1), new byte[16], bench.System.Policy);
        await waiting;
        Bench.StateOf(ring).Should().Be(SessionState.Renewing, "the exchange is still under way");
    }

    [Fact]
    public async Task Keys_that_live_elsewhere_are_pending_until_their_own_system_says_more()
    {
        await using Bench bench = new();
        bench.System.Accepting = (_, host, _) =>
        {
            host.SetStatus(Bench.Kid(1), KeyStatus.StatusPending);
            return new ValueTask<LicenseOutcome>(LicenseOutcome.Complete);
        };
        await using KeyRingSession ring = await bench.PlayAsync(1);
        Task waiting = Bench.WaitAsync(ring, 1).AsTask();
        await Eventually.Is(() => Bench.StateOf(ring) == SessionState.Usable);
        waiting.IsCompleted.Should().BeFalse();
        bench.System.Sessions[0].Host.UpdatePolicy(Bench.Kid(1), bench.System.Policy);
        bench.System.Sessions[0].Host.SetStatus(Bench.Kid(1), KeyStatus.Usable);
        await waiting;
        bench.System.Sessions[0].Host.SetStatus(Bench.Kid(1), KeyStatus.Expired);
        await Eventually.Is(() => Bench.StateOf(ring) == SessionState.Expired);
    }

    [Fact]
    public async Task Header_that_a_session_chokes_on_leaves_it_as_it_was()
    {
        await using Bench bench = new();
        await using KeyRingSession ring = await bench.PlayAsync(1);
        await Bench.WaitAsync(ring, 1);
        bench.System.Offered = (_, _) => throw new InvalidOperationException();
        bench.Server.Add(Bench.Kid(2));
        await ring.NeedAsync([FakeKeySystem.Header(Bench.Kid(2))], [Bench.Want(2)], CancellationToken.None);
        await Bench.WaitAsync(ring, 1, 2);
        ring.Reports.Should().HaveCount(2).And.OnlyContain(report => report.State == SessionState.Usable && report.Error == null);
    }

    private static DecryptStatus Lease(Bench bench, KeyRingSession ring, int kid)
    {
        using IFragmentDecryptor lease = new SampleDecryptor(bench.Vault, ring.Ring, OutputCapabilities.None).LeaseFragment();
        return lease.Decrypt(new byte[16], new SampleProtection { Scheme = ProtectionScheme.Cenc, KeyId = Bench.Kid(kid), InitializationVector = new byte[8] });
    }

    private static async Task<LicenseServiceException> FailsAsync(KeyRingSession ring, int kid, LicenseErrorKind kind)
    {
        Func<Task> wait = async () => await Bench.WaitAsync(ring, kid);
        KeyUnavailableException refusal = (await wait.Should().ThrowAsync<KeyUnavailableException>()).Which;
        refusal.Reason.Should().Be(KeyUnavailableReason.LicenseFailed);
        LicenseServiceException cause = refusal.InnerException.Should().BeOfType<LicenseServiceException>().Subject;
        cause.Kind.Should().Be(kind);
        return cause;
    }
}

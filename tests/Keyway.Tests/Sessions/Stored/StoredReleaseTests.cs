using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.Testing;

namespace Keyway.Sessions;

/// <summary>Giving stored licences back: that it is wanted is stored first, and stays so until the service has acknowledged it.</summary>
public sealed class StoredReleaseTests : StoredScenario
{
    [Fact]
    public async Task Release_needs_no_media_and_removes_what_is_stored()
    {
        await AcquireAsync(Forever, 1, 2);
        await using Bench bench = Start(Forever);
        StoredLicenseId id = Store.Licenses[0].Id;
        List<bool> markedBefore = [];
        bench.Server.Next((exchange, _) =>
        {
            markedBefore.Add(Store.Licenses[0].ReleaseAsked == Now);
            return new ValueTask<LicenseAnswer>(bench.Server.Grant(exchange.Body));
        });
        await LicensesOf(bench).ReleaseAsync(id, cancellationToken: CancellationToken.None);
        Store.Licenses.Should().BeEmpty();
        bench.Server.Received.Should().ContainSingle().Which.Body.Should().Be($"Release {Bench.Kid(1)},{Bench.Kid(2)}");
        markedBefore.Should().Equal([true], "it is stored before it is sent");
        bench.Facts<SessionStateChanged>().Select(fact => fact.To)
            .Should().Equal(SessionState.Usable, SessionState.Releasing, SessionState.Released, SessionState.Closed);
        bench.Engine.Reports().Should().BeEmpty();
    }

    [Fact]
    public async Task Release_that_was_cut_off_between_store_and_service_is_sent_again_by_the_next_engine()
    {
        await AcquireAsync(Forever, 1);
        StoredLicenseId id = Store.Licenses[0].Id;
        Bench dropped = Start(Forever);
        dropped.Server.Hold();
        Task release = LicensesOf(dropped).ReleaseAsync(id, cancellationToken: CancellationToken.None).AsTask();
        await Eventually.Is(() => dropped.Server.Received.Count == 1);
        await dropped.DisposeAsync();
        Func<Task> end = () => release;
        await end.Should().ThrowAsync<OperationCanceledException>();
        Store.Licenses.Should().ContainSingle().Which.ReleaseAsked.Should().Be(Now);

        // Until then it serves nobody.
        await using Bench bench = Start(Forever);
        await using (KeyRingSession ring = await AcquireAsync(bench, 1)) await Bench.WaitAsync(ring, 1);
        bench.Server.Received.Should().ContainSingle("a new licence was asked for");
        Store.Licenses.Should().HaveCount(2);

        (await LicensesOf(bench).ReleasePendingAsync(CancellationToken.None)).Should().Be(1);
        Store.Licenses.Should().ContainSingle().Which.Id.Should().NotBe(id);
        bench.Server.Received[1].Body.Should().StartWith("Release ");
    }

    [Fact]
    public async Task Release_whose_acknowledgement_was_lost_is_sent_again()
    {
        await AcquireAsync(Forever, 1);
        StoredLicenseId id = Store.Licenses[0].Id;
        await using (Bench first = Start(Forever))
        {
            // Acknowledged, and the process ends before it can forget the licence.
            Store.Before = (call, _) => call == "Remove" ? throw new LicenseStoreException("the process is gone") : Task.CompletedTask;
            Func<Task> release = async () => await LicensesOf(first).ReleaseAsync(id, cancellationToken: CancellationToken.None);
            await release.Should().ThrowAsync<LicenseStoreException>();
            Store.Before = null;
        }

        Store.Licenses[0].ReleaseAsked.Should().NotBeNull();
        await using Bench bench = Start(Forever);
        (await LicensesOf(bench).ReleasePendingAsync(CancellationToken.None)).Should().Be(1);
        Store.Licenses.Should().BeEmpty();
    }

    [Fact]
    public async Task Release_that_the_service_refuses_stays_pending_and_fails_with_the_reason()
    {
        await AcquireAsync(Forever, 1);
        await using Bench bench = Start(Forever);
        bench.Server.Next(FakeLicenseServer.Text("", 403));
        StoredLicenses licenses = LicensesOf(bench);
        Func<Task> release = async () => await licenses.ReleaseAsync(Store.Licenses[0].Id, cancellationToken: CancellationToken.None);
        (await release.Should().ThrowAsync<LicenseServiceException>()).Which.Status.Should().Be(403);
        StoredLicense pending = Store.Licenses.Should().ContainSingle().Subject;
        pending.ReleaseAsked.Should().NotBeNull();
        pending.StatusOf(pending.Keys[0], Now).Should().Be(KeyStatus.Released);

        Stop(bench);
        (await licenses.ReleasePendingAsync(CancellationToken.None)).Should().Be(0);
        Store.Licenses.Should().ContainSingle();
    }

    [Fact]
    public async Task Release_for_which_the_key_system_has_no_words_leaves_the_licence_usable()
    {
        await AcquireAsync(Forever, 1);
        await using Bench bench = Start(Forever);
        bench.System.Writing = request =>
        {
            if (request.Kind == ChallengeKind.Release) throw new LicenseServiceException(LicenseErrorKind.Unknown, "there is no giving back");
        };
        Func<Task> release = async () => await LicensesOf(bench).ReleaseAsync(Store.Licenses[0].Id, cancellationToken: CancellationToken.None);
        (await release.Should().ThrowAsync<LicenseServiceException>()).Which.Message.Should().Contain("no giving back");
        Store.Licenses.Should().ContainSingle().Which.ReleaseAsked.Should().BeNull();
        bench.Server.Received.Should().BeEmpty();
        await using KeyRingSession ring = await NeedAsync(bench, 1);
        await Bench.WaitAsync(ring, 1);
    }

    [Fact]
    public async Task Licence_whose_time_is_over_can_be_given_back()
    {
        await AcquireAsync(Forever with { NotAfter = Now.AddHours(1) }, 1);
        Clock.Advance(TimeSpan.FromHours(2));
        await using Bench bench = Start(Forever with { NotAfter = Now.AddHours(-1) });
        await LicensesOf(bench).ReleaseAsync(Store.Licenses[0].Id, cancellationToken: CancellationToken.None);
        Store.Licenses.Should().BeEmpty();
        bench.Facts<SessionStateChanged>().Select(fact => fact.To)
            .Should().Equal(SessionState.Expired, SessionState.Releasing, SessionState.Released, SessionState.Closed);
    }

    [Fact]
    public async Task Release_takes_as_many_exchanges_as_the_key_system_needs()
    {
        await AcquireAsync(Forever, 1);
        await using Bench bench = Start(Forever);
        bench.Server.Next(FakeLicenseServer.Text("more"));
        await LicensesOf(bench).ReleaseAsync(Store.Licenses[0].Id, cancellationToken: CancellationToken.None);
        bench.Server.Received.Should().HaveCount(2);
        Store.Licenses.Should().BeEmpty();
    }

    [Fact]
    public async Task Licence_that_is_playing_is_given_back_by_its_own_session_and_its_keys_are_gone_at_once()
    {
        await using Bench bench = Start(Forever);
        await using KeyRingSession ring = await AcquireAsync(bench, 1);
        (await PlayAsync(bench, ring, 1)).Should().Be(DecryptStatus.Decrypted);
        TaskCompletionSource<LicenseAnswer?> held = bench.Server.Hold();
        Task release = LicensesOf(bench).ReleaseAsync(Store.Licenses[0].Id, cancellationToken: CancellationToken.None).AsTask();
        await Eventually.Is(() => bench.Server.Received.Count == 2);
        Bench.StateOf(ring).Should().Be(SessionState.Releasing);
        bench.Use(ring, 1).Should().Be(DecryptStatus.KeyNotFound);
        held.SetResult(null);
        await release;
        Bench.StateOf(ring).Should().Be(SessionState.Released);
        bench.System.Sessions.Should().ContainSingle();
        Store.Licenses.Should().BeEmpty();

        // The next read opens a session of its own.
        await ring.NeedAsync([FakeKeySystem.Header(Bench.Kid(1))], [Bench.Want(1)], CancellationToken.None);
        await Bench.WaitAsync(ring, 1);
        Store.Licenses.Should().ContainSingle();
    }

    [Fact]
    public async Task Playback_elsewhere_ends_when_a_licence_is_given_back()
    {
        await using Bench one = Start(Forever);
        await using KeyRingSession playing = await AcquireAsync(one, 1);
        await PlayAsync(one, playing, 1);
        await using Bench two = Start(Forever);
        await LicensesOf(two).ReleaseAsync(Store.Licenses[0].Id, cancellationToken: CancellationToken.None);
        Clock.Advance(TimeSpan.FromMinutes(2));
        Func<Task> play = async () => await BeginAsync(playing, 1);
        await play.Should().ThrowAsync<KeyUnavailableException>();
        one.Use(playing, 1).Should().NotBe(DecryptStatus.Decrypted);
    }

    [Fact]
    public async Task Release_of_a_licence_that_is_not_there_says_so()
    {
        await using Bench bench = Start(Forever);
        Func<Task> release = async () => await LicensesOf(bench).ReleaseAsync(StoredLicenseId.Create(), cancellationToken: CancellationToken.None);
        (await release.Should().ThrowAsync<LicenseStoreException>()).Which.Message.Should().Contain("there is no licence");
    }

    private async Task AcquireAsync(KeyPolicy policy, params int[] kids)
    {
        await using Bench bench = Start(policy);
        await using KeyRingSession ring = await AcquireAsync(bench, kids);
        await Bench.WaitAsync(ring, kids);
    }
}

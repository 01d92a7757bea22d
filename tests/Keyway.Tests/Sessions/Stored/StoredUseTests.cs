using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.Testing;

namespace Keyway.Sessions;

/// <summary>The first use of a stored licence, and the clock that it runs by.</summary>
public sealed class StoredUseTests : StoredScenario
{
    [Fact]
    public async Task First_use_is_stored_before_the_first_sample_and_outlives_the_engine()
    {
        KeyPolicy rental = Forever with { AfterFirstUse = TimeSpan.FromHours(48), FirstUseBefore = Now.AddDays(30) };
        DateTimeOffset used;
        await using (Bench first = Start(rental))
        {
            await using KeyRingSession ring = await AcquireAsync(first, 1, 2);
            await Bench.WaitAsync(ring, 1, 2);
            Clock.Advance(TimeSpan.FromDays(3));
            used = Now;

            // The store is slow: until it has written, nothing is clear.
            TaskCompletionSource written = new();
            Store.Before = (call, _) => call == "Change" ? written.Task : Task.CompletedTask;
            Task begun = BeginAsync(ring, 1).AsTask();
            await Eventually.Is(() => Store.Calls[^1] == "Change");
            first.Use(ring, 1).Should().Be(DecryptStatus.KeyNotFound);
            begun.IsCompleted.Should().BeFalse();
            written.SetResult();
            await begun;
            first.Use(ring, 1).Should().Be(DecryptStatus.Decrypted);
            first.Use(ring, 2).Should().Be(DecryptStatus.KeyNotFound, "its own first use was not noted");
            Store.Licenses[0].Keys.Select(key => key.FirstUse).Should().Equal(used, null);
            Store.Before = null;

            // Dropped as a crash would: the engine below does not wait for it to end.
            Store.Before = (_, _) => throw new LicenseStoreException("the process is gone");
        }

        Store.Before = null;
        Clock.Advance(TimeSpan.FromHours(47));
        await using (Bench second = Start(rental))
        {
            Stop(second);
            await using KeyRingSession ring = await NeedAsync(second, 1);
            (await PlayAsync(second, ring, 1)).Should().Be(DecryptStatus.Decrypted);
            ring.Reports[0].Keys.Single(key => key.Id == Bench.Kid(1)).FirstUse.Should().Be(used);
        }

        Clock.Advance(TimeSpan.FromHours(1));
        await using Bench third = Start(rental);
        Stop(third);
        await using KeyRingSession over = await NeedAsync(third, 1);
        (await RefusalAsync(over, 1)).Message.Should().Contain("is over");
        StoredLicense stored = Store.Licenses[0];
        stored.Keys.Select(key => stored.StatusOf(key, Now)).Should().Equal(KeyStatus.Expired, KeyStatus.Usable);
    }

    [Fact]
    public async Task Store_that_fails_lets_no_sample_become_clear()
    {
        await using Bench bench = Start(Forever);
        await using KeyRingSession ring = await AcquireAsync(bench, 1);
        await Bench.WaitAsync(ring, 1);
        Store.Before = (_, _) => throw new LicenseStoreException("the disk is full");
        Func<Task> play = async () => await BeginAsync(ring, 1);
        (await play.Should().ThrowAsync<LicenseStoreException>()).Which.Message.Should().Contain("the disk is full");
        bench.Use(ring, 1).Should().Be(DecryptStatus.KeyNotFound);
        Store.Before = null;
        (await PlayAsync(bench, ring, 1)).Should().Be(DecryptStatus.Decrypted);
    }

    [Fact]
    public async Task First_use_of_another_process_counts()
    {
        KeyPolicy rental = Forever with { AfterFirstUse = TimeSpan.FromHours(48) };
        await using Bench one = Start(rental);
        await using KeyRingSession first = await AcquireAsync(one, 1);
        await Bench.WaitAsync(first, 1);
        await using Bench two = Start(rental);
        await using KeyRingSession second = await NeedAsync(two, 1);
        await Bench.WaitAsync(second, 1);
        DateTimeOffset used = Now;
        (await PlayAsync(one, first, 1)).Should().Be(DecryptStatus.Decrypted);
        Clock.Advance(TimeSpan.FromHours(1));
        (await PlayAsync(two, second, 1)).Should().Be(DecryptStatus.Decrypted);
        second.Reports[0].Keys[0].FirstUse.Should().Be(used);
        Store.Licenses[0].Keys[0].FirstUse.Should().Be(used);
    }

    [Fact]
    public async Task Window_that_another_process_has_used_up_is_found_over_before_the_first_sample()
    {
        KeyPolicy rental = Forever with { AfterFirstUse = TimeSpan.FromHours(48) };
        await using Bench one = Start(rental);
        await using KeyRingSession first = await AcquireAsync(one, 1);
        await Bench.WaitAsync(first, 1);
        await using Bench two = Start(rental);
        Stop(two);
        await using KeyRingSession second = await NeedAsync(two, 1);
        await Bench.WaitAsync(second, 1);
        await PlayAsync(one, first, 1);
        Clock.Advance(TimeSpan.FromHours(49));
        Func<Task> play = async () => await BeginAsync(second, 1);
        (await play.Should().ThrowAsync<KeyUnavailableException>()).Which.Status.Should().Be(KeyStatus.Expired);
        two.Use(second, 1).Should().NotBe(DecryptStatus.Decrypted);
    }

    [Fact]
    public async Task Clock_that_went_backwards_refuses_keys_that_time_limits()
    {
        DateTimeOffset start = Now;
        await using (Bench first = Start(Forever with { NotAfter = start.AddHours(10) }))
        {
            await using KeyRingSession ring = await AcquireAsync(first, 1);
            await Bench.WaitAsync(ring, 1);
            Clock.Advance(TimeSpan.FromHours(5));
        }

        Store.Licenses[0].LastSeen.Should().Be(start.AddHours(5), "the end of a session is noted");
        ManualClock back = new(start.AddHours(4));
        await using Bench bench = Start(Forever with { NotAfter = start.AddHours(10) }, back);
        bench.Server.Add(Bench.Kid(1));
        await using KeyRingSession again = await NeedAsync(bench, 1);
        Func<Task> wait = async () => await Bench.WaitAsync(again, 1);
        KeyUnavailableException refusal = (await wait.Should().ThrowAsync<KeyUnavailableException>()).Which;
        refusal.Reason.Should().Be(KeyUnavailableReason.NotYet);
        refusal.InnerException.Should().BeOfType<LicenseServiceException>().Which.Should().Match<LicenseServiceException>(
            e => e.Kind == LicenseErrorKind.LicenseExpired && e.Message.Contains("the clock shows") && e.Advice != null);
        bench.Use(again, 1).Should().NotBe(DecryptStatus.Decrypted);
        bench.Server.Received.Should().BeEmpty("a clock that is wrong is no reason to spend a licence");
        Store.Licenses[0].LastSeen.Should().Be(start.AddHours(5), "what was seen stays seen");
        Store.Licenses[0].StatusOf(Store.Licenses[0].Keys[0], back.GetUtcNow()).Should().Be(KeyStatus.UsableInFuture);
    }

    [Fact]
    public async Task Clock_that_is_a_little_behind_or_limits_nothing_does_no_harm()
    {
        await using (Bench first = Start(Forever))
        await using (KeyRingSession ring = await AcquireAsync(first, 1)) await Bench.WaitAsync(ring, 1);
        await using (Bench wayBack = Start(Forever, new ManualClock(Now.AddYears(-1))))
        {
            Stop(wayBack);
            await using KeyRingSession ring = await NeedAsync(wayBack, 1);
            (await PlayAsync(wayBack, ring, 1)).Should().Be(DecryptStatus.Decrypted);
        }

        StoredLicense stored = Store.Licenses[0];
        await Store.ChangeAsync(stored.Id, license => license with { Keys = [license.Keys[0] with { Policy = Forever with { NotAfter = Now.AddHours(1) } }] }, default, CancellationToken.None);
        await using Bench bench = Start(Forever with { NotAfter = Now.AddHours(1) }, new ManualClock(Now.AddMinutes(-4)));
        Stop(bench);
        await using KeyRingSession again = await NeedAsync(bench, 1);
        (await PlayAsync(bench, again, 1)).Should().Be(DecryptStatus.Decrypted);
    }

    [Fact]
    public async Task Clock_that_goes_backwards_while_it_plays_is_found_out_at_the_next_fragment()
    {
        await using Bench bench = Start(Forever with { NotAfter = Now.AddHours(10) });
        await using KeyRingSession ring = await AcquireAsync(bench, 1);
        (await PlayAsync(bench, ring, 1)).Should().Be(DecryptStatus.Decrypted);
        // Another process has seen a later time than this one's clock shows.
        await Store.ChangeAsync(Store.Licenses[0].Id, license => license.Seen(Now.AddHours(3)), default, CancellationToken.None);
        Clock.Advance(TimeSpan.FromMinutes(2));
        Func<Task> play = async () => await BeginAsync(ring, 1);
        (await play.Should().ThrowAsync<KeyUnavailableException>()).Which.Reason.Should().Be(KeyUnavailableReason.NotYet);
        bench.Use(ring, 1).Should().Be(DecryptStatus.KeyNotUsable);
        Bench.StateOf(ring).Should().Be(SessionState.Expired);
    }

    [Fact]
    public async Task Use_is_noted_now_and_then_while_it_goes_on()
    {
        await using Bench bench = Start(Forever);
        await using KeyRingSession ring = await AcquireAsync(bench, 1);
        await PlayAsync(bench, ring, 1);
        int calls = Store.Calls.Count;
        Clock.Advance(TimeSpan.FromSeconds(30));
        await BeginAsync(ring, 1);
        Store.Calls.Should().HaveCount(calls, "once a minute is enough");
        Clock.Advance(TimeSpan.FromSeconds(40));
        await BeginAsync(ring, 1);
        Store.Licenses[0].LastSeen.Should().Be(Now);
    }
}

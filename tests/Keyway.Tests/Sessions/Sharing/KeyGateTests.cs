using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Testing;

namespace Keyway.Sessions;

public class KeyGateTests
{
    [Fact]
    public async Task Reader_waits_while_a_session_is_fetching_and_no_longer_than_half_a_minute()
    {
        await using Bench bench = new();
        bench.Server.Hold();
        await using KeyRingSession ring = await bench.PlayAsync(1);
        await Eventually.Is(() => bench.Server.Received.Count == 1);
        Task waiting = Bench.WaitAsync(ring, 1).AsTask();
        bench.Clock.Advance(TimeSpan.FromSeconds(29));
        waiting.IsCompleted.Should().BeFalse();
        bench.Clock.Advance(TimeSpan.FromSeconds(1));
        Func<Task> wait = () => waiting;
        (await wait.Should().ThrowAsync<KeyUnavailableException>()).Which.Should()
            .Match<KeyUnavailableException>(refusal => refusal.Reason == KeyUnavailableReason.TimedOut && refusal.Id == Bench.Kid(1));
    }

    [Fact]
    public async Task Reader_whose_patience_ends_is_told_what_was_waited_for()
    {
        await using Bench bench = new();
        bench.Server.Hold();
        await using KeyRingSession ring = await bench.PlayAsync(1);
        await Eventually.Is(() => bench.Server.Received.Count == 1 && ring.Reports[0].LicenseUrl is not null);
        Task waiting = Bench.WaitAsync(ring, 1).AsTask();
        bench.Clock.Advance(TimeSpan.FromSeconds(30));
        KeyUnavailableException late = (await waiting.Awaiting(static task => task).Should().ThrowAsync<KeyUnavailableException>()).Which;
        late.Kind.Should().Be(LicenseErrorKind.Network);
        late.InnerException!.Message.Should().Be("no answer of https://license.example within 30 s");
    }

    [Fact]
    public async Task Reader_waits_while_the_session_that_will_bring_its_key_is_only_about_to_be_opened()
    {
        MemoryLicenseStore store = new();
        await using Bench bench = new(new ManualClock(), store) { System = new FakeKeySystem { Policy = new KeyPolicy { MayPersist = true, Output = new OutputRequirement { ClearExport = true } }, Saves = true } };
        bench.Server.Next(FakeLicenseServer.Text("", 404));
        await using KeyRingSession ring = bench.Join(change: static options => options with { Kind = SessionKind.PersistentLicense });
        ProtectionHeader header = FakeKeySystem.Header([Bench.Kid(1)]);
        await ring.NeedAsync([header], [Bench.Want(1)], CancellationToken.None);
        await bench.Awaiting(_ => Bench.WaitAsync(ring, 1).AsTask()).Should().ThrowAsync<KeyUnavailableException>();

        // Somebody needs the key again: the session that failed is forgotten, and the store is asked before another one is opened.
        TaskCompletionSource asked = new(), answered = new();
        store.Before = async (call, _) =>
        {
            if (call != "List") return;
            asked.TrySetResult();
            await answered.Task;
        };
        bench.Server.Add(Bench.Kid(1));
        Task needed = ring.NeedAsync([header], [Bench.Want(1)], CancellationToken.None).AsTask();
        await asked.Task;
        ring.Reports.Should().BeEmpty();
        Task waiting = Bench.WaitAsync(ring, 1).AsTask();
        waiting.IsCompleted.Should().BeFalse();
        answered.SetResult();
        await needed;
        await waiting;
    }

    [Fact]
    public async Task Reader_is_told_when_what_was_about_to_be_opened_was_not()
    {
        MemoryLicenseStore store = new();
        TaskCompletionSource asked = new(), answered = new();
        store.Before = async (call, _) =>
        {
            asked.TrySetResult();
            await answered.Task;
            throw new LicenseStoreException($"no {call} today");
        };
        await using Bench bench = new(new ManualClock(), store) { System = new FakeKeySystem { Policy = new KeyPolicy { MayPersist = true, Output = new OutputRequirement { ClearExport = true } }, Saves = true } };
        await using KeyRingSession ring = bench.Join(change: static options => options with { Kind = SessionKind.PersistentLicense });
        Task needed = ring.NeedAsync([FakeKeySystem.Header([Bench.Kid(1)])], [Bench.Want(1)], CancellationToken.None).AsTask();
        await asked.Task;
        Task waiting = Bench.WaitAsync(ring, 1).AsTask();
        answered.SetResult();
        await needed.Awaiting(static task => task).Should().ThrowAsync<LicenseStoreException>();
        (await waiting.Awaiting(static task => task).Should().ThrowAsync<KeyUnavailableException>()).Which.Reason.Should().Be(KeyUnavailableReason.NotInLicense);
    }

    [Fact]
    public async Task Reader_whose_patience_ends_between_attempts_is_told_why_the_last_one_failed()
    {
        await using Bench bench = new(provider: [("Endpoints:fake", Bench.LicenseUrl.AbsoluteUri), ("Pipeline:0:Use", "retry"), ("Pipeline:1:Use", "challenge"), ("Pipeline:2:Use", "timeout")]);
        for (int i = 0; i < 3; i++) bench.Server.Hold();
        await using KeyRingSession ring = await bench.PlayAsync(1);
        await Eventually.Is(() => bench.Server.Received.Count == 1);
        Task waiting = Bench.WaitAsync(ring, 1).AsTask();
        for (int i = 0; i < 40 && !waiting.IsCompleted; i++)
        {
            int received = bench.Server.Received.Count;
            bench.Clock.Advance(TimeSpan.FromSeconds(1));
            // Time stands while what it has set off runs.
            if (i is 9 or 10 or 20 or 21 or 22) await Eventually.Is(() => waiting.IsCompleted || bench.Server.Received.Count > received || bench.Clock.Armed >= 2);
            else await Task.Yield();
        }

        KeyUnavailableException late = (await waiting.Awaiting(static task => task).Should().ThrowAsync<KeyUnavailableException>()).Which;
        late.Kind.Should().Be(LicenseErrorKind.Network);
        late.InnerException!.Message.Should().Be("no answer of https://license.example within 10 s");
    }

    [Theory]
    [InlineData(429, LicenseErrorKind.Throttled)]
    [InlineData(503, LicenseErrorKind.ServerFault)]
    public async Task Service_that_names_a_time_is_left_alone_until_then_by_whoever_asks_next_with_the_same_credentials(int status, LicenseErrorKind kind)
    {
        await using Bench bench = new(provider: [("Endpoints:fake", Bench.LicenseUrl.AbsoluteUri), ("Pipeline:0:Use", "retry"), ("Pipeline:1:Use", "challenge")]);
        bench.Server.Next(FakeLicenseServer.Text("", status, new Dictionary<string, string> { ["Retry-After"] = "3600" }));
        for (int i = 0; i < 2; i++)
        {
            await using KeyRingSession ring = await bench.PlayAsync(1);
            Func<Task> wait = async () => await Bench.WaitAsync(ring, 1);
            KeyUnavailableException refused = (await wait.Should().ThrowAsync<KeyUnavailableException>()).Which;
            refused.Reason.Should().Be(KeyUnavailableReason.LicenseFailed);
            LicenseServiceException cause = refused.InnerException.Should().BeOfType<LicenseServiceException>().Subject;
            cause.Kind.Should().Be(kind);
            cause.RetryAfter.Should().Be(TimeSpan.FromSeconds(3600 - (i * 600)));
            bench.Clock.Advance(TimeSpan.FromSeconds(600));
        }

        bench.Server.Received.Should().ContainSingle();
        await using (KeyRingSession other = bench.Join(change: static options => options with { CustomData = "another viewer" }))
        {
            await other.NeedAsync([FakeKeySystem.Header(Bench.Kid(1))], [Bench.Want(1)], CancellationToken.None);
            await Bench.WaitAsync(other, 1);
        }

        bench.Clock.Advance(TimeSpan.FromSeconds(2400));
        await using KeyRingSession later = await bench.PlayAsync(1);
        await Bench.WaitAsync(later, 1);
        bench.Server.Received.Should().HaveCount(3);
    }

    [Fact]
    public async Task Key_that_the_licence_does_not_hold_is_told_from_a_licence_that_failed()
    {
        await using Bench bench = new();
        await using KeyRingSession ring = bench.Join();
        bench.Server.Add(Bench.Kid(1));
        await ring.NeedAsync([], [Bench.Want(1), Bench.Want(2)], CancellationToken.None);
        await Bench.WaitAsync(ring, 1);
        (await RefusalAsync(ring, 2)).Should().Be((KeyStatus.StatusPending, KeyUnavailableReason.NotInLicense));
    }

    [Fact]
    public async Task Key_that_no_session_was_asked_for_is_not_waited_for()
    {
        await using Bench bench = new();
        await using KeyRingSession ring = bench.Join();
        (await RefusalAsync(ring, 7)).Reason.Should().Be(KeyUnavailableReason.NotInLicense);
    }

    [Fact]
    public async Task Key_without_clear_export_is_refused_by_policy_for_an_export_sink_and_given_to_another()
    {
        await using Bench bench = new();
        bench.System.Policy = new KeyPolicy();
        await using KeyRingSession ring = await bench.PlayAsync(1);
        (await RefusalAsync(ring, 1)).Should().Be((KeyStatus.OutputRestricted, KeyUnavailableReason.RefusedByPolicy));
        await ring.WaitAsync([Bench.Kid(1)], new OutputCapabilities { Kind = SinkKind.Render }, null, CancellationToken.None);
    }

    [Fact]
    public async Task Key_for_lower_resolutions_only_is_refused_by_policy()
    {
        await using Bench bench = new();
        bench.System.Policy = new KeyPolicy
        {
            Output = new OutputRequirement
            {
                Resolutions = [new ResolutionRule { MaxPixels = 640 * 360 }, new ResolutionRule { MinPixels = 640 * 360, MaxPixels = 4096 * 2160, Hdcp = HdcpLevel.V2_2 }],
            },
        };
        await using KeyRingSession ring = await bench.PlayAsync(1);
        OutputCapabilities screen = new() { Kind = SinkKind.Render };
        await ring.WaitAsync([Bench.Kid(1)], screen, 320 * 180, CancellationToken.None);
        (await RefusalAsync(ring, 1, screen, 1920 * 1080)).Should().Be((KeyStatus.OutputDownscaled, KeyUnavailableReason.RefusedByPolicy));
    }

    [Fact]
    public async Task Key_whose_time_comes_soon_is_waited_for_and_one_whose_time_is_far_is_not()
    {
        await using Bench bench = new();
        DateTimeOffset now = bench.Clock.GetUtcNow();
        OutputRequirement export = new() { ClearExport = true };
        bench.System.Policy = new KeyPolicy { NotBefore = now.AddDays(3), Output = export };
        await using KeyRingSession far = await bench.PlayAsync(1);
        (await RefusalAsync(far, 1)).Should().Be((KeyStatus.UsableInFuture, KeyUnavailableReason.NotYet));

        bench.System.Policy = new KeyPolicy { NotBefore = now.AddSeconds(5), Output = export };
        await using KeyRingSession soon = await bench.PlayAsync(2);
        Task waiting = Bench.WaitAsync(soon, 2).AsTask();
        await Eventually.Is(() => bench.Clock.NextDue == now.AddSeconds(5));
        bench.Clock.Advance(TimeSpan.FromSeconds(5));
        await waiting;
    }

    [Fact]
    public async Task Any_session_of_the_ring_that_may_serve_the_sink_serves_it()
    {
        await using Bench bench = new();
        bench.System.Policy = new KeyPolicy();
        await using KeyRingSession ring = await bench.PlayAsync(1);
        await ring.WaitAsync([Bench.Kid(1)], new OutputCapabilities { Kind = SinkKind.Render }, null, CancellationToken.None);
        bench.System.Policy = new KeyPolicy { Output = new OutputRequirement { ClearExport = true } };
        bench.System.Accepting = (_, host, _) =>
        {
            host.Import(Bench.Kid(1), new byte[16], bench.System.Policy);
            host.Import(Bench.Kid(2), new byte[16], bench.System.Policy);
            return new ValueTask<LicenseOutcome>(LicenseOutcome.Complete);
        };
        await ring.NeedAsync([FakeKeySystem.Header(Bench.Kid(2))], [Bench.Want(2)], CancellationToken.None);
        await Bench.WaitAsync(ring, 2);
        await Bench.WaitAsync(ring, 1);
    }

    [Fact]
    public async Task Caller_who_gives_up_is_told_so()
    {
        await using Bench bench = new();
        bench.Server.Hold();
        await using KeyRingSession ring = await bench.PlayAsync(1);
        using CancellationTokenSource patience = new();
        Func<Task> wait = async () => await ring.WaitAsync([Bench.Kid(1)], OutputCapabilities.None, null, patience.Token);
        Task waiting = wait.Should().ThrowAsync<OperationCanceledException>();
        await patience.CancelAsync();
        await waiting;
    }

    private static async Task<(KeyStatus Status, KeyUnavailableReason Reason)> RefusalAsync(KeyRingSession ring, int kid, OutputCapabilities? sink = null, long? pixels = null)
    {
        Func<Task> wait = async () => await ring.WaitAsync([Bench.Kid(kid)], sink ?? OutputCapabilities.None, pixels, CancellationToken.None);
        KeyUnavailableException refusal = (await wait.Should().ThrowAsync<KeyUnavailableException>()).Which;
        return (refusal.Status, refusal.Reason);
    }
}

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
        await ring.WaitAsync([Bench.Kid(1)], new OutputCapabilities { Exports = false }, null, CancellationToken.None);
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
        OutputCapabilities screen = new() { Exports = false };
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
        await ring.WaitAsync([Bench.Kid(1)], new OutputCapabilities { Exports = false }, null, CancellationToken.None);
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

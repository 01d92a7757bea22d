using Keyway.Messaging;
using Keyway.Testing;

namespace Keyway.Sessions;

public class WiringTests
{
    [Fact]
    public async Task Handler_that_sleeps_delays_no_licence()
    {
        await using Bench bench = new();
        using MirrorBus mirror = new(bench.Bus);
        using ManualResetEventSlim awake = new();
        int heard = 0;
        // It sleeps until the licence is there: if it held up the engine, the test would never end.
        using IDisposable sleeper = mirror.Subscriber<LicenseNeeded>().Subscribe(_ =>
        {
            awake.Wait();
            Interlocked.Increment(ref heard);
        });
        await using KeyRingSession ring = await bench.PlayAsync(1);
        await Bench.WaitAsync(ring, 1);
        heard.Should().Be(0);
        awake.Set();
        await Eventually.Is(() => Volatile.Read(ref heard) == 1);
    }

    [Fact]
    public async Task Facts_about_strangers_are_heard_by_nobody()
    {
        await using Bench bench = new();
        await using KeyRingSession ring = await bench.PlayAsync(1);
        await Bench.WaitAsync(ring, 1);
        SessionId session = ring.Reports[0].Id;
        bench.Bus.Publisher<LicenseNeeded>().Publish(new LicenseNeeded { Session = SessionId.Create(), Exchange = 1, Kind = Licensing.ChallengeKind.License });
        bench.Bus.Publisher<LicenseNeeded>().Publish(new LicenseNeeded { Session = session, Exchange = 7, Kind = Licensing.ChallengeKind.License });
        bench.Bus.Publisher<LicenseReceived>().Publish(new LicenseReceived { Session = session, Exchange = 1, Length = 1, RoundTrip = TimeSpan.Zero });
        bench.Bus.Publisher<ProtectionDetected>().Publish(new ProtectionDetected { Presentation = PresentationId.Create(), KeySystem = "x", Keys = 1 });
        await Bench.WaitAsync(ring, 1);
        bench.Server.Received.Should().ContainSingle();
        bench.Bus.Faults.Should().Be(0);
    }

    [Fact]
    public async Task Facts_reach_those_whom_they_are_about_and_nobody_else()
    {
        await using Bench bench = new();
        await using KeyRingSession other = await bench.PlayAsync(1);
        await Bench.WaitAsync(other, 1);
        await Eventually.Is(() => bench.Facts<KeysChanged>().Any());
        Task quiet = other.Changed;
        await using KeyRingSession ring = await bench.PlayAsync(2);
        Task woken = ring.Changed;
        await Bench.WaitAsync(ring, 2);
        await woken.WaitAsync(TestContext.Current.CancellationToken);
        quiet.IsCompleted.Should().BeFalse("the keys are another's");
        ring.HasNeighbours.Should().BeTrue();
        await other.DisposeAsync();
        ring.HasNeighbours.Should().BeFalse();
    }

    [Fact]
    public async Task Engine_that_is_disposed_closes_every_session_and_listens_no_more()
    {
        Bench bench = new();
        KeyRingSession ring = await bench.PlayAsync(1);
        await Bench.WaitAsync(ring, 1);
        SessionId session = ring.Reports[0].Id;
        await bench.Engine.DisposeAsync();
        bench.Vault.Keys(session).Should().BeEmpty();
        Func<Task> wait = async () => await Bench.WaitAsync(ring, 1);
        await wait.Should().ThrowAsync<ObjectDisposedException>();
        Action join = () => bench.Join();
        join.Should().Throw<ObjectDisposedException>();
        await bench.DisposeAsync();
    }
}

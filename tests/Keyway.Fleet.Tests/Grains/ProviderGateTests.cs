using Keyway.Fleet.Configuration;
using Keyway.Testing;

namespace Keyway.Fleet.Grains;

public sealed class ProviderGateTests
{
    private static readonly ProviderLimit Limit = new() { RequestsPerSecond = 10, Burst = 20, Failures = 3, OpenFor = TimeSpan.FromSeconds(20) };

    private readonly ManualClock _clock = new();
    private readonly ProviderGate _gate;

    public ProviderGateTests() => _gate = new ProviderGate(_clock);

    [Fact]
    public void Permits_come_in_lots_and_by_so_many_a_second()
    {
        _gate.Lease(50, Limit).Permits.Should().Be(20, "so many may go at once");
        PermitLot none = _gate.Lease(50, Limit);
        (none.Permits, none.IsOpen).Should().Be((0, false));
        none.Wait.Should().BeCloseTo(TimeSpan.FromSeconds(0.1), TimeSpan.FromMilliseconds(1));
        _clock.Advance(TimeSpan.FromSeconds(1));
        _gate.Lease(50, Limit).Permits.Should().Be(10);
        _clock.Advance(TimeSpan.FromMinutes(1));
        _gate.Lease(50, Limit).Permits.Should().Be(20, "what nobody took is not saved up");
    }

    [Fact]
    public void A_service_that_does_not_answer_is_left_alone_and_tried_with_one()
    {
        _gate.Tell(0, 2, Limit);
        _gate.Lease(1, Limit).IsOpen.Should().BeFalse();
        _gate.Tell(1, 0, Limit);
        _gate.Tell(0, 2, Limit);
        _gate.Lease(1, Limit).IsOpen.Should().BeFalse("an answer in between counts");
        _gate.Tell(0, 1, Limit);
        _gate.Lease(1, Limit).Should().Match<PermitLot>(static lot => lot.IsOpen && lot.Wait == TimeSpan.FromSeconds(20));
        _clock.Advance(TimeSpan.FromSeconds(20));
        _gate.Lease(50, Limit).Permits.Should().Be(1);
        _gate.Lease(50, Limit).IsOpen.Should().BeTrue("one is enough");
        _gate.Tell(0, 1, Limit);
        _clock.Advance(TimeSpan.FromSeconds(19));
        _gate.Lease(1, Limit).IsOpen.Should().BeTrue();
        _clock.Advance(TimeSpan.FromSeconds(1));
        _gate.Lease(50, Limit).Permits.Should().Be(1);
        _gate.Tell(1, 0, Limit);
        _gate.Lease(50, Limit).Permits.Should().BeGreaterThan(1);
    }

    [Fact]
    public void A_trial_of_which_nobody_heard_again_is_made_again()
    {
        _gate.Tell(0, 3, Limit);
        _clock.Advance(TimeSpan.FromSeconds(20));
        _gate.Lease(1, Limit).Permits.Should().Be(1);
        _clock.Advance(TimeSpan.FromSeconds(20));
        _gate.Lease(1, Limit).Permits.Should().Be(1);
    }
}

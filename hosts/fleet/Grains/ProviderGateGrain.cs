using Keyway.Fleet.Configuration;
using Orleans.Concurrency;

namespace Keyway.Fleet.Grains;

/// <summary>One provider's permits: a bucket that fills by so many a second, and a circuit that opens when nobody answers.</summary>
[Reentrant]
internal sealed class ProviderGateGrain(FleetOptions options, TimeProvider clock) : Grain, IProviderGateGrain
{
    private readonly ProviderGate _gate = new(clock);

    private ProviderLimit Limit => options.Providers.GetValueOrDefault(this.GetPrimaryKeyString()) ?? Usual;

    private static ProviderLimit Usual { get; } = new();

    public Task<PermitLot> LeaseAsync(int wanted) => Task.FromResult(_gate.Lease(wanted, Limit));

    public Task TellAsync(int succeeded, int failed)
    {
        _gate.Tell(succeeded, failed, Limit);
        return Task.CompletedTask;
    }
}

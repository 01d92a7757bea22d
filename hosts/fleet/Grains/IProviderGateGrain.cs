using Orleans.CodeGeneration;

namespace Keyway.Fleet.Grains;

/// <summary>How much one provider is asked, by all silos together, and whether it is asked at all.</summary>
/// <remarks>Key: the provider's name.</remarks>
[Version(1), Alias("keyway.fleet.IProviderGateGrain")]
internal interface IProviderGateGrain : IGrainWithStringKey
{
    /// <summary>Gives out permits for requests.</summary>
    /// <param name="wanted">How many at most.</param>
    [Alias("Lease")]
    Task<PermitLot> LeaseAsync(int wanted);

    /// <summary>Takes how requests went.</summary>
    [Alias("Tell")]
    Task TellAsync(int succeeded, int failed);
}

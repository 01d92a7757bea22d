using Orleans.CodeGeneration;

namespace Keyway.Fleet.Grains;

/// <summary>A share of the alerts: those of some origins.</summary>
/// <remarks>Key: the number of the shard. Nothing is stored: streams say again what is wrong, every minute.</remarks>
[Version(1), Alias("keyway.fleet.IAlertGrain")]
internal interface IAlertGrain : IGrainWithIntegerKey
{
    /// <summary>Takes what the checks of a stream say.</summary>
    [Alias("Signal")]
    Task SignalAsync(IReadOnlyList<AlertSignal> signals);

    /// <summary>The alerts of now.</summary>
    [Alias("List")]
    Task<IReadOnlyList<AlertReport>> ListAsync();
}

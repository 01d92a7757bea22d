using Orleans.CodeGeneration;

namespace Keyway.Fleet.Grains;

/// <summary>
/// Where the licence of one key set is. Keys do not move, work does: whoever wants to know something of these keys asks here and is told facts. That there is one activation in the
/// cluster is why a licence is asked for once.
/// </summary>
/// <remarks>Key: provider, scope and a digest of the keys. What it holds ends with it.</remarks>
[Version(1), Alias("keyway.fleet.IKeyHolderGrain")]
internal interface IKeyHolderGrain : IGrainWithStringKey
{
    /// <summary>Sees to it that the licence is there. Whoever asks meanwhile gets the same answer.</summary>
    [Alias("Acquire")]
    Task<KeyFacts> AcquireAsync(KeyOrder order);

    /// <summary>Decrypts a segment of now, and throws its samples away.</summary>
    [Alias("Check")]
    Task<CheckFacts> CheckAsync(KeyOrder order);

    /// <summary>Says what there is, asks nobody, and keeps it for as long as somebody wants to know.</summary>
    [Alias("Report")]
    Task<KeyFacts> ReportAsync();
}

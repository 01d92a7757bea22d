namespace Keyway.Testing;

/// <summary>A promise of the contract is not kept.</summary>
/// <param name="promise">The promise, as the suite names it.</param>
/// <param name="finding">What was seen instead.</param>
public sealed class ConformanceException(string promise, string finding)
    : KeywayException($"{promise}: {finding}")
{
    /// <summary>The promise that is not kept.</summary>
    public string Promise { get; } = promise;

    /// <summary>What was seen instead.</summary>
    public string Finding { get; } = finding;
}

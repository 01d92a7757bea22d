namespace Keyway.Testing;

/// <summary>A bus does not keep a promise.</summary>
/// <param name="promise">The promise, as <see cref="BusConformance.Promises"/> names it.</param>
/// <param name="finding">What happened instead.</param>
public sealed class BusConformanceException(string promise, string finding)
    : KeywayException($"{promise}: {finding}")
{
    /// <summary>The promise that is not kept.</summary>
    public string Promise { get; } = promise;
}

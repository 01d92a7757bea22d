namespace Keyway.Fleet.Configuration;

/// <summary>How much one provider is asked, by the whole cluster.</summary>
internal sealed record ProviderLimit
{
    public int RequestsPerSecond { get; init; } = 50;

    public int Burst { get; init; } = 100;

    /// <summary>How many failures in a row open the circuit.</summary>
    public int Failures { get; init; } = 10;

    /// <summary>How long it stays open.</summary>
    public TimeSpan OpenFor { get; init; } = TimeSpan.FromSeconds(20);
}

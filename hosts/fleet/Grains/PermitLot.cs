namespace Keyway.Fleet.Grains;

/// <summary>Permits for requests to a provider.</summary>
[GenerateSerializer, Immutable, Alias("keyway.fleet.PermitLot")]
internal sealed record PermitLot
{
    [Id(0)]
    public int Permits { get; init; }

    /// <summary>When there may be more, where there are none; how long those that were given are good for, where there are some.</summary>
    [Id(1)]
    public TimeSpan Wait { get; init; }

    /// <summary>Whether the provider is left alone, because it did not answer.</summary>
    [Id(2)]
    public bool IsOpen { get; init; }
}

namespace Keyway.Fleet.Configuration;

/// <summary>How much load the fleet may be. Of one silo.</summary>
internal sealed record BudgetOptions
{
    public int RequestsPerOrigin { get; init; } = 2_000;

    public long BytesPerSecond { get; init; } = 32 << 20;
}

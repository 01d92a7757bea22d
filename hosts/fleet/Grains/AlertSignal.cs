using Keyway.Fleet.Checks;

namespace Keyway.Fleet.Grains;

/// <summary>What one check says of one stream.</summary>
[GenerateSerializer, Immutable, Alias("keyway.fleet.AlertSignal")]
internal sealed record AlertSignal
{
    [Id(0)]
    public required string Stream { get; init; }

    [Id(1)]
    public required string Check { get; init; }

    [Id(2)]
    public Severity Severity { get; init; }

    [Id(3)]
    public required string Origin { get; init; }

    [Id(4)]
    public string? Provider { get; init; }

    [Id(5)]
    public bool IsFailing { get; init; }

    [Id(6)]
    public string Text { get; init; } = "";
}

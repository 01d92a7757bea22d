using Keyway.Fleet.Checks;

namespace Keyway.Fleet.Grains;

/// <summary>What one check says.</summary>
[GenerateSerializer, Immutable, Alias("keyway.fleet.CheckReport")]
internal sealed record CheckReport
{
    [Id(0)]
    public required string Name { get; init; }

    [Id(1)]
    public Severity Severity { get; init; }

    [Id(2)]
    public CheckState State { get; init; }

    [Id(3)]
    public string Text { get; init; } = "";

    /// <summary>Since when it says so.</summary>
    [Id(4)]
    public DateTimeOffset? Since { get; init; }
}

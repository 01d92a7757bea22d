using Keyway.Fleet.Checks;

namespace Keyway.Fleet.Grains;

/// <summary>A row of the table.</summary>
[GenerateSerializer, Immutable, Alias("keyway.fleet.StreamSummary")]
internal sealed record StreamSummary
{
    [Id(0)]
    public required string Name { get; init; }

    /// <summary>Where its manifest is, without the query.</summary>
    [Id(1)]
    public required string Address { get; init; }

    [Id(2)]
    public required string Origin { get; init; }

    [Id(3)]
    public string? Provider { get; init; }

    [Id(4)]
    public string? KeySystem { get; init; }

    /// <summary>What the worst check says; <see langword="null"/>: none fails.</summary>
    [Id(5)]
    public Severity? Worst { get; init; }

    /// <summary>The checks that fail.</summary>
    [Id(6)]
    public IReadOnlyList<string> Failing { get; init; } = [];

    /// <summary>When it was last looked at.</summary>
    [Id(7)]
    public DateTimeOffset? SeenAt { get; init; }

    /// <summary>What it is: <c>Dash live</c>.</summary>
    [Id(8)]
    public string Kind { get; init; } = "";

    [Id(9)]
    public string Silo { get; init; } = "";

    /// <summary>How many looks came too late or not at all since it is watched here.</summary>
    [Id(10)]
    public long MissedTicks { get; init; }

    [Id(11)]
    public long Ticks { get; init; }

    /// <summary>How many licences are held for it.</summary>
    [Id(12)]
    public int Licenses { get; init; }
}

using Keyway.Fleet.Checks;

namespace Keyway.Fleet.Grains;

/// <summary>One alert: of a stream, or of all streams of an origin or a provider that have the same fault.</summary>
[GenerateSerializer, Immutable, Alias("keyway.fleet.AlertReport")]
internal sealed record AlertReport
{
    /// <summary>What it is about: <c>stream</c>, <c>origin</c> or <c>provider</c>.</summary>
    [Id(0)]
    public required string Subject { get; init; }

    /// <summary>Which.</summary>
    [Id(1)]
    public required string Name { get; init; }

    [Id(2)]
    public required string Check { get; init; }

    [Id(3)]
    public Severity Severity { get; init; }

    [Id(4)]
    public required string Origin { get; init; }

    [Id(5)]
    public string? Provider { get; init; }

    /// <summary>Whether it has been told: <c>pending</c>, <c>firing</c>, <c>resolved</c>.</summary>
    [Id(6)]
    public required string State { get; init; }

    [Id(7)]
    public required DateTimeOffset Since { get; init; }

    [Id(8)]
    public DateTimeOffset? Until { get; init; }

    [Id(9)]
    public string Text { get; init; } = "";

    /// <summary>How many streams.</summary>
    [Id(10)]
    public int Streams { get; init; } = 1;

    /// <summary>Some of them.</summary>
    [Id(11)]
    public IReadOnlyList<string> Examples { get; init; } = [];

    /// <summary>Whether it came back too often, and stays for that.</summary>
    [Id(12)]
    public bool IsFlapping { get; init; }
}

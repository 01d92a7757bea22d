namespace Keyway.Fleet.Grains;

/// <summary>A stream's page.</summary>
[GenerateSerializer, Immutable, Alias("keyway.fleet.StreamReport")]
internal sealed record StreamReport
{
    [Id(0)]
    public required StreamSummary Summary { get; init; }

    [Id(1)]
    public required StreamSpec Spec { get; init; }

    [Id(2)]
    public IReadOnlyList<CheckReport> Checks { get; init; } = [];

    [Id(3)]
    public IReadOnlyList<KeyReport> Keys { get; init; } = [];

    /// <summary>What happened, the newest last.</summary>
    [Id(4)]
    public IReadOnlyList<StoryEntry> Story { get; init; } = [];

    [Id(5)]
    public double PeriodSeconds { get; init; }

    /// <summary>How long the manifest took the last time.</summary>
    [Id(6)]
    public TimeSpan? ManifestTook { get; init; }

    /// <summary>What it offers, in words.</summary>
    [Id(7)]
    public string Offer { get; init; } = "";

    /// <summary>The headers of protection that it has, in words.</summary>
    [Id(8)]
    public IReadOnlyList<string> Protection { get; init; } = [];

    [Id(9)]
    public double? SegmentSpeed { get; init; }

    [Id(10)]
    public TimeSpan? ManifestAge { get; init; }
}

namespace Keyway.Fleet.Grains;

/// <summary>How the streams of a shard are.</summary>
[GenerateSerializer, Immutable, Alias("keyway.fleet.FleetCounts")]
internal sealed record FleetCounts
{
    [Id(0)]
    public int Streams { get; init; }

    [Id(1)]
    public int Ok { get; init; }

    [Id(2)]
    public int Warning { get; init; }

    [Id(3)]
    public int Critical { get; init; }

    /// <summary>Those of which nothing is known, or nothing new.</summary>
    [Id(4)]
    public int Unknown { get; init; }

    [Id(5)]
    public long Ticks { get; init; }

    [Id(6)]
    public long MissedTicks { get; init; }

    /// <summary>When the one was last looked at that has waited longest.</summary>
    [Id(7)]
    public DateTimeOffset? Oldest { get; init; }

    /// <summary>How many streams each silo watches.</summary>
    [Id(8)]
    public IReadOnlyDictionary<string, int> Silos { get; init; } = new Dictionary<string, int>();

    public FleetCounts With(FleetCounts other) => new()
    {
        Streams = Streams + other.Streams,
        Ok = Ok + other.Ok,
        Warning = Warning + other.Warning,
        Critical = Critical + other.Critical,
        Unknown = Unknown + other.Unknown,
        Ticks = Ticks + other.Ticks,
        MissedTicks = MissedTicks + other.MissedTicks,
        Oldest = Oldest is null || other.Oldest < Oldest ? other.Oldest ?? Oldest : Oldest,
        Silos = Silos.Concat(other.Silos).GroupBy(static each => each.Key).ToDictionary(static same => same.Key, static same => same.Sum(static each => each.Value)),
    };
}

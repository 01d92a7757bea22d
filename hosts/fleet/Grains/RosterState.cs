namespace Keyway.Fleet.Grains;

/// <summary>What is stored of a shard.</summary>
[GenerateSerializer, Alias("keyway.fleet.RosterState")]
internal sealed class RosterState
{
    [Id(0)]
    public Dictionary<string, StreamSpec> Streams { get; set; } = [];
}

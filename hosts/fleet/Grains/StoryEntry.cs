namespace Keyway.Fleet.Grains;

/// <summary>Something that happened.</summary>
[GenerateSerializer, Immutable, Alias("keyway.fleet.StoryEntry")]
internal sealed record StoryEntry
{
    [Id(0)]
    public required DateTimeOffset At { get; init; }

    /// <summary>What it is about: <c>manifest</c>, <c>licence</c>, <c>check</c>, …</summary>
    [Id(1)]
    public required string About { get; init; }

    [Id(2)]
    public required string Text { get; init; }
}

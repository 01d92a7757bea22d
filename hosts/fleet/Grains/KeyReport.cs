namespace Keyway.Fleet.Grains;

/// <summary>What is known of one key set.</summary>
[GenerateSerializer, Immutable, Alias("keyway.fleet.KeyReport")]
internal sealed record KeyReport
{
    /// <summary>The identifiers.</summary>
    [Id(0)]
    public required IReadOnlyList<string> KeyIds { get; init; }

    [Id(1)]
    public DateTimeOffset AnnouncedAt { get; init; }

    [Id(2)]
    public DateTimeOffset? NeededAt { get; init; }

    [Id(3)]
    public bool IsCurrent { get; init; }

    [Id(4)]
    public KeyFacts? License { get; init; }

    [Id(5)]
    public DecryptOutcome Decrypt { get; init; }

    [Id(6)]
    public string DecryptText { get; init; } = "";

    [Id(7)]
    public DateTimeOffset? DecryptedAt { get; init; }
}

namespace Keyway.Fleet.Grains;

/// <summary>What came of decrypting a segment where its licence is.</summary>
[GenerateSerializer, Immutable, Alias("keyway.fleet.CheckFacts")]
internal sealed record CheckFacts
{
    [Id(0)]
    public required KeyFacts License { get; init; }

    [Id(1)]
    public DecryptOutcome Outcome { get; init; }

    [Id(2)]
    public string Text { get; init; } = "";

    [Id(3)]
    public long Samples { get; init; }

    [Id(4)]
    public long ProtectedSamples { get; init; }

    /// <summary>What the clear bytes say of the key: <c>Fits</c>, <c>TooLittle</c>, …</summary>
    [Id(5)]
    public string KeyCheck { get; init; } = "";

    /// <summary>Of <see cref="DecryptOutcome.OtherKey"/>: which key.</summary>
    [Id(6)]
    public string? NeededKey { get; init; }

    /// <summary>The rendition.</summary>
    [Id(7)]
    public string? Rendition { get; init; }
}

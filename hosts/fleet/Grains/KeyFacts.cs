namespace Keyway.Fleet.Grains;

/// <summary>What may be said of a licence. No bytes of any kind.</summary>
[GenerateSerializer, Immutable, Alias("keyway.fleet.KeyFacts")]
internal sealed record KeyFacts
{
    [Id(0)]
    public required LicenseState State { get; init; }

    /// <summary>Why there is none, or why it could not be renewed.</summary>
    [Id(1)]
    public string? Failure { get; init; }

    /// <summary>The kind of that, in the words of all providers.</summary>
    [Id(2)]
    public string? FailureKind { get; init; }

    [Id(3)]
    public DateTimeOffset? Expires { get; init; }

    [Id(4)]
    public bool IsRenewalFailing { get; init; }

    [Id(5)]
    public TimeSpan? RoundTrip { get; init; }

    /// <summary>How many exchanges its sessions have begun.</summary>
    [Id(6)]
    public int Exchanges { get; init; }

    [Id(7)]
    public string? KeySystem { get; init; }

    [Id(8)]
    public string? Provider { get; init; }

    /// <summary>The silo that holds it.</summary>
    [Id(9)]
    public string? Silo { get; init; }

    /// <summary>Before when asking again makes no sense.</summary>
    [Id(10)]
    public DateTimeOffset? NotBefore { get; init; }
}

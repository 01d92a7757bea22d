using Keyway.Fleet.Grains;

namespace Keyway.Fleet.Checks;

/// <summary>What is known of the licence of one key set.</summary>
internal readonly record struct KeyView
{
    /// <summary>The keys, for people.</summary>
    public required string Name { get; init; }

    /// <summary>When the manifest first named it.</summary>
    public required DateTimeOffset AnnouncedAt { get; init; }

    /// <summary>When it is needed; <see langword="null"/>: nobody says.</summary>
    public DateTimeOffset? NeededAt { get; init; }

    /// <summary>Whether it is needed now.</summary>
    public bool IsCurrent { get; init; }

    public LicenseState License { get; init; }

    /// <summary>Why there is no licence, or why it could not be renewed.</summary>
    public string? Failure { get; init; }

    public DateTimeOffset? AskedAt { get; init; }

    /// <summary>When it ends; <see langword="null"/>: it does not.</summary>
    public DateTimeOffset? Expires { get; init; }

    public bool IsRenewalFailing { get; init; }

    /// <summary>How long the service took.</summary>
    public TimeSpan? RoundTrip { get; init; }

    public DecryptOutcome Decrypt { get; init; }

    public string? DecryptText { get; init; }

    public DateTimeOffset? DecryptedAt { get; init; }
}

namespace Keyway.Fleet.Checks;

/// <summary>What is known of what protects a stream.</summary>
internal readonly record struct ProtectionView
{
    public bool IsProtected { get; init; }

    /// <summary>When its places were last compared; <see langword="null"/>: never yet.</summary>
    public DateTimeOffset? ComparedAt { get; init; }

    /// <summary>What does not agree; <see langword="null"/>: it does.</summary>
    public string? Conflict { get; init; }

    /// <summary>What became another, besides keys that rotate.</summary>
    public string? Change { get; init; }

    public DateTimeOffset? ChangedAt { get; init; }
}

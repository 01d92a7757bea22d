using Keyway.Licensing;

namespace Keyway.Decryption;

/// <summary>What may be said about a key in the vault. Never its bytes.</summary>
public sealed record KeyEntry
{
    /// <summary>The key's identifier.</summary>
    public required KeyId Id { get; init; }

    /// <summary>Its status for the sink that was asked about.</summary>
    public required KeyStatus Status { get; init; }

    /// <summary>When time alone changes the status; <see langword="null"/>: it does not.</summary>
    public DateTimeOffset? ChangesAt { get; init; }

    /// <summary>What the licence allows.</summary>
    public required KeyPolicy Policy { get; init; }

    /// <summary>When the key was first used; <see langword="null"/>: never.</summary>
    public DateTimeOffset? FirstUse { get; init; }

    /// <summary>Whether the key lives elsewhere (in a native CDM) and only its status is known.</summary>
    public bool LivesElsewhere { get; init; }

    /// <summary>Why its key system said that it may not be used, where it did.</summary>
    public LicenseServiceException? Reason { get; init; }
}

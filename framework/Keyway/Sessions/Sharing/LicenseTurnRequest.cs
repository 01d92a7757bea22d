using Keyway.Licensing;

namespace Keyway.Sessions;

/// <summary>One exchange that wants to begin. No secrets.</summary>
public sealed record LicenseTurnRequest
{
    /// <summary>The session.</summary>
    public required SessionId Session { get; init; }

    /// <summary>The provider's name.</summary>
    public required string Provider { get; init; }

    /// <summary>The key system's name.</summary>
    public required string KeySystem { get; init; }

    /// <summary>With whom its session is shared (<see cref="PresentationOptions.SharingScope"/>); <see langword="null"/>: with nobody.</summary>
    public string? Scope { get; init; }

    /// <summary>The keys that are asked for. Empty where only headers know.</summary>
    public IReadOnlyList<KeyId> KeyIds { get; init; } = [];

    /// <summary>What it is for: a licence, a renewal.</summary>
    public ChallengeKind Kind { get; init; }
}

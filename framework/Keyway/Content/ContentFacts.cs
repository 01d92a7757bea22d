using Keyway.Protection;

namespace Keyway.Content;

/// <summary>What can be said about a presentation without a licence: tracks, protection, and which key system would open it.</summary>
public sealed record ContentFacts
{
    /// <summary>Where it is, as the caller named it.</summary>
    public required Uri Source { get; init; }

    /// <summary>Its form.</summary>
    public required ContentKind Kind { get; init; }

    /// <summary>Whether it grows while it is played.</summary>
    public bool IsDynamic { get; init; }

    /// <summary>How long it is, where it says so.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Its tracks.</summary>
    public required IReadOnlyList<ContentTrack> Tracks { get; init; }

    /// <summary>Everything that protects it, merged by key.</summary>
    public required ProtectionMap Protection { get; init; }

    /// <summary>Which key system opens it, and why not the others.</summary>
    public required KeySystemSelection KeySystem { get; init; }

    /// <summary>What is not as it should be, and was read all the same.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

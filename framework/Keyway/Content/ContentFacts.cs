using Keyway.Protection;
using Keyway.Timeline;

namespace Keyway.Content;

/// <summary>What can be said about a presentation without a licence: tracks, protection, and which key system would open it.</summary>
public sealed record ContentFacts
{
    /// <summary>Where it is, as the caller named it.</summary>
    public required Uri Source { get; init; }

    /// <summary>Its form.</summary>
    public required ContentKind Kind { get; init; }

    /// <summary>Whether it is live.</summary>
    public bool IsDynamic { get; init; }

    /// <summary>How long it is, where it says so.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Its periods and renditions, as they were when it was read.</summary>
    public required PresentationTimeline Timeline { get; init; }

    /// <summary>Its tracks: every rendition, with why the chosen ones were chosen and the others were not.</summary>
    public required IReadOnlyList<ContentTrack> Tracks { get; init; }

    /// <summary>Everything that protects it, merged by key.</summary>
    public required ProtectionMap Protection { get; init; }

    /// <summary>Which key system opens it, and why not the others.</summary>
    public required KeySystemSelection KeySystem { get; init; }

    /// <summary>What is not as it should be, and was read all the same.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

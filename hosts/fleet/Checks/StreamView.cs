using Keyway.Fleet.Configuration;

namespace Keyway.Fleet.Checks;

/// <summary>All that is known of a stream at one moment.</summary>
internal readonly record struct StreamView
{
    /// <summary>Now, by the clock of this machine.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>How often its manifest is looked at.</summary>
    public required TimeSpan Period { get; init; }

    public Thresholds Thresholds { get; init; }

    public required ManifestView Manifest { get; init; }

    public SegmentView Segment { get; init; }

    public ProtectionView Protection { get; init; }

    /// <summary>The keys of now, and those that are announced.</summary>
    public IReadOnlyList<KeyView> Keys { get; init; }

    /// <summary>By how much the look before was too late; zero: it was on time.</summary>
    public TimeSpan Late { get; init; }

    /// <summary>Whether that was for the sake of a budget.</summary>
    public bool IsOverBudget { get; init; }
}

using Keyway.Mp4;

namespace Keyway;

/// <summary>What came of opening one segment and throwing its samples away.</summary>
public sealed record SegmentCheck
{
    /// <summary>How many samples there are.</summary>
    public required long Samples { get; init; }

    /// <summary>How many of them were protected, and are clear.</summary>
    public required long ProtectedSamples { get; init; }

    /// <summary>How long the segment is, in bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>Whether the keys fit: what the bytes of the clear samples say of them.</summary>
    public required Mp4KeyCheckResult KeyCheck { get; init; }

    /// <summary>The reason for that, in words.</summary>
    public string KeyCheckReason { get; init; } = "";

    /// <summary>The keys that opened samples.</summary>
    public IReadOnlyList<KeyId> KeyIds { get; init; } = [];
}

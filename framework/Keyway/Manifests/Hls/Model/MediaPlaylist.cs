using Keyway.Manifests.Hls.Text;

namespace Keyway.Manifests.Hls.Model;

/// <summary>A playlist of segments (RFC 8216bis, 4.4.3).</summary>
internal sealed record MediaPlaylist : HlsPlaylist
{
    /// <summary>No segment is longer, rounded.</summary>
    public required TimeSpan TargetDuration { get; init; }

    /// <summary>The number of its first segment.</summary>
    public ulong FirstNumber { get; init; }

    /// <summary>The number of discontinuities before its first segment.</summary>
    public ulong FirstDiscontinuity { get; init; }

    /// <summary>Its segments in order.</summary>
    public IReadOnlyList<HlsSegment> Segments { get; init; } = [];

    /// <summary>Whether it is complete: there will be no more segments.</summary>
    public bool IsComplete { get; init; }

    /// <summary>Whether it only grows (<c>EVENT</c>).</summary>
    public bool IsEvent { get; init; }

    /// <summary>Whether it never changes (<c>VOD</c>).</summary>
    public bool IsOnDemand { get; init; }

    /// <summary>Whether its segments are sync samples only.</summary>
    public bool IsIFrames { get; init; }

    /// <summary>Whether its segments are images.</summary>
    public bool IsImages { get; init; }

    /// <summary>How long its parts are; <see langword="null"/>: it has none.</summary>
    public TimeSpan? PartTarget { get; init; }

    /// <summary>The parts of the segment that is not whole yet.</summary>
    public IReadOnlyList<PartTag> OpenParts { get; init; } = [];

    /// <summary>What its server can do.</summary>
    public ServerControl? Control { get; init; }

    /// <summary>What will be wanted next.</summary>
    public IReadOnlyList<PreloadHint> Hints { get; init; } = [];

    /// <summary>How far other playlists are.</summary>
    public IReadOnlyList<RenditionReport> Reports { get; init; } = [];

    /// <summary>Its date ranges.</summary>
    public IReadOnlyList<DateRange> DateRanges { get; init; } = [];

    /// <summary>PlayReady objects that stand beside its keys.</summary>
    public IReadOnlyList<PlayReadyTag> PlayReady { get; init; } = [];

    /// <summary>Every key in the order of coming, also those that nothing stands under.</summary>
    public IReadOnlyList<KeyTag> Keys { get; init; } = [];

    /// <summary>Where its segments are left out that an earlier copy should have, and none was at hand; <see langword="null"/>: it is whole.</summary>
    public PlaylistLine? Unmerged { get; init; }

    /// <summary>How long its segments are together.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>The number that comes after its last segment.</summary>
    public ulong EndNumber => FirstNumber + (ulong)Segments.Count;
}

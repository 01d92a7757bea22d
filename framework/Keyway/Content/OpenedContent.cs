using Keyway.Dash;
using Keyway.Protection;
using Keyway.Sources;

namespace Keyway.Content;

/// <summary>Content that was found and understood, before anybody asked for a key.</summary>
internal sealed record OpenedContent
{
    public required ContentOrigin Origin { get; init; }

    public required ContentKind Kind { get; init; }

    public Manifest? Manifest { get; init; }

    /// <summary>Every track; the chosen ones stand first, in the order in which they are played.</summary>
    public required IReadOnlyList<ContentTrack> Tracks { get; init; }

    /// <summary>Of a manifest: its periods with what is chosen of each.</summary>
    public IReadOnlyList<PeriodRow> Periods { get; init; } = [];

    /// <summary>What was said about protection, to be merged by whoever can decode headers.</summary>
    public required ProtectionMapBuilder Protection { get; init; }

    /// <summary>Of a manifest over http: how far its server's clock was ahead of ours.</summary>
    public TimeSpan? ServerAhead { get; init; }

    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Of a manifest: the representations of a chosen track in the periods that have it.</summary>
    public IReadOnlyList<Representation> RepresentationsOf(int track) =>
        [.. Periods.Select(row => row.Tracks[track]).OfType<TrackPeriod>().Select(static period => period.Representation)];
}

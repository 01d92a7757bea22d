namespace Keyway.Timeline;

/// <summary>A track that was chosen.</summary>
internal sealed record SelectedTrack
{
    /// <summary>What it is for.</summary>
    public required MediaKind Kind { get; init; }

    /// <summary>Its renditions: one a period, in order. A period without such a track has none.</summary>
    public required IReadOnlyList<Rendition> Renditions { get; init; }

    /// <summary>Why these were chosen, for people.</summary>
    public required string Reason { get; init; }
}

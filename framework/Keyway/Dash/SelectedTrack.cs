namespace Keyway.Dash;

/// <summary>A track that was chosen.</summary>
public sealed record SelectedTrack
{
    /// <summary>What it is for.</summary>
    public required MediaKind Kind { get; init; }

    /// <summary>Its representations: one a period, in order. A period without such a track has none.</summary>
    public required IReadOnlyList<Representation> Representations { get; init; }
}

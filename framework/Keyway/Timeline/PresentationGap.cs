namespace Keyway.Timeline;

/// <summary>A range of a track that could not be read.</summary>
public sealed record PresentationGap
{
    /// <summary>The track's index in the presentation's list.</summary>
    public required int Track { get; init; }

    /// <summary>When it begins, from the beginning of the presentation.</summary>
    public required TimeSpan Start { get; init; }

    /// <summary>How long it is, as the manifest says it; zero where that does not say.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>How many segments are missing; 0 where the manifest itself leaves them out.</summary>
    public required int Segments { get; init; }

    /// <summary>Why the first of them could not be read.</summary>
    public required string Reason { get; init; }
}

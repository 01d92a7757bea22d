using Keyway.Timeline;

namespace Keyway.Content;

/// <summary>A chosen track in one period.</summary>
internal sealed record TrackPeriod
{
    public required Rendition Rendition { get; init; }

    /// <summary>What its samples are, as far as one file must not mix it; <see langword="null"/> where its boxes were not read yet.</summary>
    public string? Description { get; init; }
}

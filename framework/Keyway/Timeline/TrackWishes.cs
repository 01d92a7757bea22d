namespace Keyway.Timeline;

/// <summary>Which tracks a caller wants of each kind.</summary>
internal sealed record TrackWishes
{
    /// <summary>Which video; <see langword="null"/>: the highest that is not for trick mode.</summary>
    public TrackQuery? Video { get; init; }

    /// <summary>Which audio; <see langword="null"/>: the first main one.</summary>
    public TrackQuery? Audio { get; init; }

    /// <summary>Which text; <see langword="null"/>: none.</summary>
    public TrackQuery? Text { get; init; }

    /// <summary>Chooses.</summary>
    /// <exception cref="TrackNotFoundException">Nothing fits.</exception>
    public TrackSelection Choose(PresentationTimeline timeline) => TrackSelection.Choose(timeline, Video, Audio, Text);

    /// <summary>Chooses of a presentation that has changed: where nothing fits a wish any more, what would be chosen without it.</summary>
    public TrackSelection ChooseAgain(PresentationTimeline timeline)
    {
        try
        {
            return Choose(timeline);
        }
        catch (TrackNotFoundException)
        {
            return TrackSelection.Choose(timeline, Video is { IsNone: true } ? Video : null, Audio is { IsNone: true } ? Audio : null);
        }
    }
}

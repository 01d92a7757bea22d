namespace Keyway.Timeline;

/// <summary>A range of time, or a segment, lies outside a presentation. The text says what there is.</summary>
public sealed class RangeNotFoundException : KeywayException
{
    internal RangeNotFoundException(string source, TimeRange range, TimeRange? available)
        : base($"{source}: there is nothing from {range}; there is {Words(available)}") => Available = available;

    internal RangeNotFoundException(string source, TimelineSegment segment, TimeRange? available)
        : base($"{source}: {segment.Name} is no segment of the rendition, or no longer; there is {Words(available)}") => Available = available;

    /// <summary>What there is; <see langword="null"/>: nothing, or it cannot be told.</summary>
    public TimeRange? Available { get; }

    private static string Words(TimeRange? available) => available is { } range ? $"{range}" : "nothing yet";
}

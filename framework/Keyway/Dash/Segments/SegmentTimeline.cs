namespace Keyway.Dash.Segments;

/// <summary>A <c>SegmentTimeline</c> as written (ISO/IEC 23009-1, 5.3.9.6): runs stay runs.</summary>
/// <param name="Path">Where in the manifest.</param>
/// <param name="Entries">Its <c>S</c> elements.</param>
internal sealed record SegmentTimeline(string Path, IReadOnlyList<TimelineEntry> Entries);

/// <summary>An <c>S</c> element.</summary>
/// <param name="Time"><c>@t</c>; <see langword="null"/>: where the last one ended.</param>
/// <param name="Number"><c>@n</c>; <see langword="null"/>: the next.</param>
/// <param name="Duration"><c>@d</c>.</param>
/// <param name="Repeat"><c>@r</c>: how many more; negative: until the next entry or the end of the period.</param>
internal readonly record struct TimelineEntry(ulong? Time, ulong? Number, ulong Duration, long Repeat);

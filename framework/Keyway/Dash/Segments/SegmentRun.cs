namespace Keyway.Dash.Segments;

/// <summary>Segments of equal duration, one after the other.</summary>
/// <param name="Time">When the first begins.</param>
/// <param name="Duration">How long each is.</param>
/// <param name="Count">How many.</param>
/// <param name="Number">The number of the first.</param>
internal readonly record struct SegmentRun(ulong Time, ulong Duration, ulong Count, ulong Number);

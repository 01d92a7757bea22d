namespace Keyway.Dash.Segments;

/// <summary>A <c>BaseURL</c> element as written (ISO/IEC 23009-1, 5.6).</summary>
/// <param name="Url">The address, relative to the level above.</param>
/// <param name="Availability">What it says about segments that are there before they are due.</param>
internal readonly record struct BaseReference(string Url, AvailabilityOffset Availability);

/// <summary>How much earlier than computed segments are there (<c>@availabilityTimeOffset</c>, ISO/IEC 23009-1, 5.3.9.2.2).</summary>
/// <param name="Offset">How much; <see cref="TimeSpan.MaxValue"/> for <c>INF</c>.</param>
/// <param name="IsComplete">Whether they are whole by then; <see langword="false"/>: they are still being written, and come in pieces.</param>
internal readonly record struct AvailabilityOffset(TimeSpan? Offset, bool? IsComplete)
{
    /// <summary>This level and the one above: offsets add up, the inner word about completeness counts.</summary>
    public AvailabilityOffset Plus(AvailabilityOffset outer) => new(
        (Offset, outer.Offset) switch
        {
            (null, _) => outer.Offset,
            (_, null) => Offset,
            ({ } own, { } more) => own > TimeSpan.MaxValue - more ? TimeSpan.MaxValue : own + more,
        },
        IsComplete ?? outer.IsComplete);
}

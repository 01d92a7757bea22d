namespace Keyway.MediaUnits;

/// <summary>How the clock of samples leads to the timeline of the presentation: which media time its period begins with, and when that is.</summary>
/// <param name="Period">How the period is called in texts; <see langword="null"/> in a file.</param>
/// <param name="PeriodStart">When the period begins, from the beginning of the presentation.</param>
/// <param name="Offset">The media time that is presented then (<c>@presentationTimeOffset</c>).</param>
/// <param name="Scale">Its units in a second.</param>
internal sealed record MediaClock(string? Period, TimeSpan PeriodStart, ulong Offset, ulong Scale)
{
    /// <summary>The clock of a file.</summary>
    public static readonly MediaClock OfFile = new(null, TimeSpan.Zero, 0, 1);

    /// <summary>How much later than that samples are played that say other times than their manifest.</summary>
    public TimeSpan Late { get; init; }

    /// <summary>The nearest time on the timeline, of units that the file's edits lead to. Each is rounded by itself: errors do not add up.</summary>
    /// <param name="units">The time.</param>
    /// <param name="timescale">Units in a second.</param>
    public TimeSpan TimeOf(long units, uint timescale)
    {
        Int128 scale = Math.Max(1, timescale), per = Math.Max(1, Scale);
        Int128 whole = scale * per;
        Int128 value = (Int128.Clamp(units, -(Int128.One << 62), Int128.One << 62) * per) - (Offset * scale);
        (Int128 seconds, Int128 rest) = Int128.DivRem(value, whole);
        if (rest < 0) (seconds, rest) = (seconds - 1, rest + whole);
        Int128 ticks = (seconds * TimeSpan.TicksPerSecond) + (((rest * TimeSpan.TicksPerSecond) + (whole / 2)) / whole) + PeriodStart.Ticks + Late.Ticks;
        return TimeSpan.FromTicks((long)Int128.Clamp(ticks, TimeSpan.MinValue.Ticks / 4, TimeSpan.MaxValue.Ticks / 4));
    }
}

namespace Keyway.Timeline;

/// <summary>Times of media as units of a timescale, and as times.</summary>
internal static class MediaTime
{
    /// <summary>A time in units of a timescale.</summary>
    public static UInt128 Units(TimeSpan time, ulong scale) => time <= TimeSpan.Zero ? 0 : (UInt128)time.Ticks * scale / TimeSpan.TicksPerSecond;

    /// <summary>Units of a timescale as a time; one that is longer than times are is as long as they are.</summary>
    public static TimeSpan Span(UInt128 units, ulong scale)
    {
        UInt128 ticks = units > UInt128.MaxValue / TimeSpan.TicksPerSecond ? UInt128.MaxValue : units * TimeSpan.TicksPerSecond / scale;
        return ticks > (UInt128)(TimeSpan.MaxValue.Ticks / 4) ? TimeSpan.FromTicks(TimeSpan.MaxValue.Ticks / 4) : TimeSpan.FromTicks((long)ticks);
    }
}

namespace Keyway;

/// <summary>Times to wait.</summary>
internal static class Waits
{
    /// <summary>A wait that does not end before it should: those of the platform are cut to whole milliseconds, and whoever wakes too early finds nothing to do, again and again.</summary>
    public static TimeSpan Whole(TimeSpan wait) => TimeSpan.FromTicks((wait.Ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond * TimeSpan.TicksPerMillisecond);
}

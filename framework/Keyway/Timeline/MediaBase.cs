namespace Keyway.Timeline;

/// <summary>A time on the clock of the media, exact.</summary>
/// <param name="Units">How many units.</param>
/// <param name="Scale">How many of them are a second; at least 1.</param>
internal readonly record struct MediaBase(ulong Units, ulong Scale)
{
    /// <summary>It as a time.</summary>
    public TimeSpan Time => MediaTime.Span(Units, Scale);

    /// <summary>A later time. Where it cannot be exact in 64 bits, it is so to 100 ns.</summary>
    public MediaBase Plus(ulong units, ulong scale)
    {
        if (units == 0) return this;
        UInt128 together = ((UInt128)Units * scale) + ((UInt128)units * Scale), per = (UInt128)Scale * scale;
        return together <= ulong.MaxValue && per <= ulong.MaxValue
            ? new MediaBase((ulong)together, (ulong)per)
            : new MediaBase((ulong)(Time + MediaTime.Span(units, scale)).Ticks, TimeSpan.TicksPerSecond);
    }

    /// <summary>An earlier time, not before the beginning of the clock.</summary>
    public MediaBase Minus(TimeSpan time) => time <= TimeSpan.Zero ? this : Time > time ? new MediaBase((ulong)(Time - time).Ticks, TimeSpan.TicksPerSecond) : new MediaBase(0, Scale);
}

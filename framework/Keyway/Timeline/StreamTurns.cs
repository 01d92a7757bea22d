namespace Keyway.Timeline;

/// <summary>How often the clock of a transport stream has turned over since a rendition began to be read: it has 33 bits of 1/90000 s, a little more than a day (ISO/IEC 13818-1, 2.4.3.7).</summary>
/// <remarks>Threads: one at a time. Segments come in their order; one that lies half a turn before the last begins the next turn.</remarks>
internal sealed class StreamTurns
{
    private const ulong Turn = 1UL << 33;
    private const uint Scale = 90000;

    private long _turns;
    private double? _last;

    /// <summary>Makes a time of a segment one that goes on from those before.</summary>
    /// <param name="time">The time by the clock; it may lie a little before 0, where the clock turned over in the segment.</param>
    /// <param name="timescale">Units in a second.</param>
    public ulong Continue(long time, uint timescale)
    {
        double seconds = (double)time / timescale, half = (double)Turn / Scale / 2;
        if (_last is not { } last) _turns = time < 0 ? 1 : 0;
        else if (seconds + (_turns * 2 * half) < last - half) _turns++;
        else if (_turns > 0 && seconds + (_turns * 2 * half) > last + half) _turns--;
        _last = seconds + (_turns * 2 * half);
        Int128 value = time + ((((Int128)_turns * Turn * timescale) + (Scale / 2)) / Scale);
        return value > 0 ? (ulong)value : 0;
    }
}

namespace Keyway.Cdm.Host;

/// <summary>The timers of a module, the next one first; of those of one moment the one that was set first.</summary>
/// <remarks>Threads: the dispatcher's.</remarks>
/// <param name="time">What tells how much of it is over.</param>
internal sealed class TimerHeap(TimeProvider time)
{
    private readonly PriorityQueue<nint, (long Due, long Order)> _heap = new();
    private long _order;

    /// <summary>How many have not run out.</summary>
    public int Count => _heap.Count;

    /// <summary>Sets one.</summary>
    /// <param name="milliseconds">From now on. What is negative is now.</param>
    /// <param name="context">What the module wants to be told.</param>
    /// <returns><see langword="false"/>: there are too many.</returns>
    public bool TrySet(long milliseconds, nint context)
    {
        if (_heap.Count >= HostLimits.Timers) return false;
        long most = (long)HostLimits.Timer.TotalMilliseconds;
        long ticks = (long)(Math.Clamp(milliseconds, 0, most) * (time.TimestampFrequency / 1000.0));
        _heap.Enqueue(context, (time.GetTimestamp() + ticks, _order++));
        return true;
    }

    /// <summary>Takes a timer that has run out and was set before a mark: one that is set while others are told waits for the next round, whatever its time.</summary>
    /// <param name="mark">What <see cref="Mark"/> said when the round began.</param>
    /// <param name="context">The module's.</param>
    public bool TryTake(long mark, out nint context)
    {
        if (!_heap.TryPeek(out context, out (long Due, long Order) next) || next.Due > time.GetTimestamp() || next.Order >= mark) return false;
        _heap.Dequeue();
        return true;
    }

    /// <summary>Which timers there are now, for <see cref="TryTake"/>.</summary>
    public long Mark => _order;

    /// <summary>How long until the next runs out: nothing where one has, <see cref="Timeout.InfiniteTimeSpan"/> where there is none.</summary>
    public TimeSpan Wait
    {
        get
        {
            if (!_heap.TryPeek(out _, out (long Due, long Order) next)) return Timeout.InfiniteTimeSpan;
            TimeSpan left = time.GetElapsedTime(time.GetTimestamp(), next.Due);
            return left < TimeSpan.Zero ? TimeSpan.Zero : left;
        }
    }
}

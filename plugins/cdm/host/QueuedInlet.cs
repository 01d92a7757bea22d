namespace Keyway.Cdm.Host;

/// <summary>One queue, filled by a thread that reads the pipe. It needs nothing of the platform.</summary>
/// <param name="pipe">The pipe.</param>
internal sealed class QueuedInlet(Stream pipe) : Inlet(pipe)
{
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private readonly object _gate = new();
    private readonly Queue<(Frame Frame, Action? Action)> _items = new();

    /// <inheritdoc/>
    public override void Stay()
    {
        while (true) _ = Add(ReadFrame(), null, int.MaxValue);   // the parent has its own limits
    }

    /// <inheritdoc/>
    public override bool Post(Action action) => Add(default, action, HostLimits.Waiting);

    /// <inheritdoc/>
    public override bool TryTake(TimeSpan wait, out Frame frame, out Action? action)
    {
        lock (_gate)
        {
            // Once, and not until the time is over: whoever waits has timers to look at.
            if (_items.Count == 0) Monitor.Wait(_gate, wait >= TimeSpan.Zero && wait < Longest ? wait : Longest);
            bool some = _items.TryDequeue(out (Frame Frame, Action? Action) item);
            (frame, action) = item;
            return some;
        }
    }

    private bool Add(in Frame frame, Action? action, int limit)
    {
        lock (_gate)
        {
            if (_items.Count >= limit) return false;
            _items.Enqueue((frame, action));
            Monitor.Pulse(_gate);
            return true;
        }
    }
}

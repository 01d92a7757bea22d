namespace Keyway.Cli;

/// <summary>
/// Ctrl-C and its like. A command that goes on until it is told to stop takes the first for itself, and ends well; the next one interrupts the work.
/// </summary>
/// <remarks>Threads: any.</remarks>
internal sealed class Interrupts : IDisposable
{
    private readonly CancellationTokenSource _interrupted = new();
    private readonly Lock _gate = new();
    private Action? _first;

    /// <summary>Says that the work is interrupted: nothing of it is to be left behind.</summary>
    public CancellationToken Token => _interrupted.Token;

    /// <summary>Takes the next signal for something else than an interruption, once.</summary>
    /// <param name="stop">What it does instead.</param>
    /// <returns>Disposed, signals interrupt again.</returns>
    public IDisposable TakeNext(Action stop)
    {
        lock (_gate) _first = stop;
        return new Taken(this, stop);
    }

    /// <summary>A signal has come.</summary>
    /// <returns><see langword="false"/>: the work has been interrupted already, and the process may end as it would.</returns>
    public bool Signal()
    {
        Action? stop;
        lock (_gate) (stop, _first) = (_first, null);
        if (stop is not null)
        {
            stop();
            return true;
        }

        if (_interrupted.IsCancellationRequested) return false;
        _interrupted.Cancel();
        return true;
    }

    public void Dispose() => _interrupted.Dispose();

    private sealed class Taken(Interrupts owner, Action stop) : IDisposable
    {
        public void Dispose()
        {
            lock (owner._gate)
                if (owner._first == stop) owner._first = null;
        }
    }
}

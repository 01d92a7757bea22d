namespace Keyway.Cli;

/// <summary>
/// Ctrl-C and its like. A command that goes on until it is told to stop takes the first for itself, and ends well; the next one interrupts the work, and the one after
/// that ends the process at once.
/// </summary>
/// <remarks>Threads: any.</remarks>
internal sealed class Interrupts : IDisposable
{
    /// <summary>How long interrupted work may take to end. A read from a terminal or a pipe, or the opening of one, cannot be cancelled.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

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

    /// <summary>Does work, and does not wait for its end where it is interrupted and goes on.</summary>
    /// <param name="work">What to do. It begins on another thread: it may wait without end before it first gives this one back.</param>
    /// <param name="leftovers">What it must not leave behind, then.</param>
    /// <param name="cancellationToken">Interrupts it.</param>
    /// <exception cref="OperationCanceledException">It went on.</exception>
    public static async Task<int> RunAsync(Func<Task<int>> work, Leftovers leftovers, CancellationToken cancellationToken)
    {
        TaskCompletionSource<int> isStuck = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<int> running = Task.Run(work, CancellationToken.None);
        using (cancellationToken.Register(() => Task.Delay(Patience, CancellationToken.None).ContinueWith(_ => isStuck.TrySetResult(0), TaskScheduler.Default)))
        {
            if (await Task.WhenAny(running, isStuck.Task).ConfigureAwait(false) == running) return await running.ConfigureAwait(false);
        }

        leftovers.Undo();
        throw new OperationCanceledException(cancellationToken);
    }

    /// <summary>Does work on this thread. Another thread, and what waits for it, would cost a tenth of a short command.</summary>
    /// <param name="work">What to do.</param>
    /// <param name="end">Ends the process, where the work is interrupted and goes on: it may wait without end.</param>
    /// <param name="cancellationToken">Interrupts it.</param>
    public static int Run(Func<Task<int>> work, Action end, CancellationToken cancellationToken)
    {
        int isOver = 0;
        using (cancellationToken.Register(() => Task.Delay(Patience, CancellationToken.None).ContinueWith(_ => End(), TaskScheduler.Default)))
        {
            try
            {
                return work().GetAwaiter().GetResult();
            }
            finally
            {
                // The first one counts: what is reported and tidied up is that of one of the two.
                if (Interlocked.Exchange(ref isOver, 1) != 0) Thread.Sleep(Timeout.Infinite);
            }
        }

        void End()
        {
            if (Interlocked.Exchange(ref isOver, 1) == 0) end();
        }
    }

    /// <summary>A signal has come.</summary>
    /// <returns><see langword="false"/>: the work has been interrupted already, and the process is to end at once.</returns>
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

namespace Keyway.Sessions;

/// <summary>The end of what a session was asked to do with a stored licence, for the caller that waits for it.</summary>
/// <remarks>Threads: any; a new one is begun by the mailbox.</remarks>
internal sealed class Conclusion
{
    private TaskCompletionSource? _end;

    /// <summary>Ends when it is done; fails with the reason.</summary>
    public Task Task => (Volatile.Read(ref _end) ?? Interlocked.CompareExchange(ref _end, New(), null) ?? _end).Task;

    /// <summary>Begins anew, unless it has not ended yet.</summary>
    public Task Begin()
    {
        if (_end is null or { Task.IsCompleted: true }) Volatile.Write(ref _end, New());
        return _end!.Task;
    }

    /// <summary>Ends it, if anybody has asked for it.</summary>
    /// <param name="failure">Why it is not done; <see langword="null"/>: it is.</param>
    public void End(Exception? failure)
    {
        if (Volatile.Read(ref _end) is not { } end) return;
        if (failure is null) end.TrySetResult();
        else if (failure is OperationCanceledException) end.TrySetCanceled();
        else end.TrySetException(failure);
        // A caller that does not look at it is not to get it from the collector.
        _ = end.Task.Exception;
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

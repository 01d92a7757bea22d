namespace Keyway.MediaUnits;

/// <summary>Room for a number of bytes. What is larger than all of it may come in alone.</summary>
/// <remarks>Threads: one waits, any gives back.</remarks>
internal sealed class ByteRoom(long limit)
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _waits;
    private long _taken;

    /// <summary>Waits for room, and takes it.</summary>
    public async ValueTask TakeAsync(long bytes, CancellationToken cancellationToken)
    {
        while (true)
        {
            TaskCompletionSource waits;
            lock (_lock)
            {
                if (_taken == 0 || _taken + bytes <= limit)
                {
                    _taken += bytes;
                    return;
                }

                waits = _waits = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            await waits.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Gives room back.</summary>
    public void Give(long bytes)
    {
        TaskCompletionSource? waits;
        lock (_lock)
        {
            _taken -= bytes;
            (waits, _waits) = (_waits, null);
        }

        waits?.TrySetResult();
    }
}

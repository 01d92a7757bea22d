namespace Keyway.Mp4.Reading;

/// <content>The reader alone, and the one thread that writes beside it where that is faster.</content>
internal sealed partial class BatchPipeline
{
    /// <summary>What may be read and not yet written while a thread of its own writes: it is in the processor's cache.</summary>
    private const int BesideBytes = 2 << 20;

    /// <summary>So many batches pass before it is looked at what takes the time, in as many again: in the first of them code is still being compiled.</summary>
    private const int Unwatched = 8;

    private bool _isAlone;
    private int _passed;
    private long _since;
    private long _opening;
    private long _alone;
    private volatile int _besideThread;
    private bool _leaves;
    private ManualResetEventSlim? _ready;
    private ManualResetEventSlim? _room;

    /// <summary>Decrypts and writes the batch at hand, here.</summary>
    private async ValueTask PassAsync(Batch batch)
    {
        _pending = null;
        batch.Begin(Task.CompletedTask);
        try
        {
            long begun = Clock.GetTimestamp();
            await batch.OpenAsync(Token).ConfigureAwait(false);
            _opening += Clock.GetTimestamp() - begun;
            batch.Close(_tables);
            await _write!(batch).ConfigureAwait(false);
        }
        finally
        {
            Release(batch);
        }

        _passed++;
        if (_workers is null || _passed < Unwatched) return;
        long now = Clock.GetTimestamp();
        if (_passed == Unwatched) (_since, _opening) = (now, 0);
        if (_passed != 2 * Unwatched) return;
        _isAlone = false;
        _alone = now - _since;
        if (_opening < _alone / 2) WriteBeside();
    }

    /// <summary>Looks whether the other thread is worth it: a tenth less time. Else the reader goes on alone, until the end.</summary>
    private async ValueTask ReconsiderAsync()
    {
        _passed++;
        if (_passed == 4 * Unwatched) _since = Clock.GetTimestamp();
        if (_passed != 5 * Unwatched || (Clock.GetTimestamp() - _since) * 10 < _alone * 9) return;
        lock (_lock) _leaves = true;
        _ready!.Set();
        await _writing!.ConfigureAwait(false);
        (_writing, _isAlone, _leaves) = (null, true, false);
    }

    /// <summary>Has a thread of its own write from now on. Where it meets what has to be waited for, whoever goes on is one of the pool's.</summary>
    private void WriteBeside()
    {
        _limit = BesideBytes;
        // Whoever waits has nothing else to do, and the other one takes longer than a moment.
        (_ready, _room) = (new ManualResetEventSlim(false, spinCount: 0), new ManualResetEventSlim(false, spinCount: 0));
        TaskCompletionSource written = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _writing = written.Task;
        Thread thread = new(() =>
        {
            Task writing = WriteAllAsync();
            LeaveThread();
            _ = ReportAsync(writing);
        })
        { IsBackground = true, Name = "Keyway writer" };
        _besideThread = thread.ManagedThreadId;
        thread.Start();

        async Task ReportAsync(Task writing)
        {
            try
            {
                await writing.ConfigureAwait(false);
                written.SetResult();
            }
            catch (Exception exception)
            {
                written.SetException(exception);
            }
        }
    }

    private void LeaveThread()
    {
        lock (_lock)
        {
            _besideThread = 0;
            _limit = Math.Max(_limit, InFlightBytes);
        }

        _room!.Set();
    }
}

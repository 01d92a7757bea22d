using System.Diagnostics.CodeAnalysis;
using Keyway.Mp4.Samples;

namespace Keyway.Mp4.Reading;

/// <summary>Lets reading, decrypting and taking of one file overlap, and keeps the order of the file.</summary>
/// <remarks>
/// <code>
/// reader ──► batch ──► batch ──► batch ──► … ──► taker, in the order of the file
///              │         │         │
///           decrypts  decrypts  decrypts        batches of one fragment one after the other, those of several beside each other
/// </code>
/// Of a file that is written as it is, a batch is half a megabyte: small fragments together, or a part of a large one. Of samples, it is a fragment. What is read and
/// not yet taken is bounded, whatever the file is. Keys go back, in the order of the file, when a batch is taken.
/// Threads: one reader, one taker. Where something is written it begins with the reader alone, which decrypts and writes each batch itself: with AES instructions decrypting is a tenth of
/// the work. What turns out to be longer than a few megabytes gets one thread that writes, which nothing is compiled for and nobody spins on, and keeps it while that is faster: on a busy
/// machine it is not. Where decrypting is what takes the time, where what is read has to be waited for, or what is written, the pool's threads come in.
/// </remarks>
internal sealed partial class BatchPipeline : IAsyncDisposable
{
    /// <summary>One batch: large enough for a disk, small enough for a processor's cache. A larger sample gets a batch of its size.</summary>
    public const int BatchBytes = 1 << 19;

    /// <summary>What may be read and not yet written, while decrypting keeps up.</summary>
    public const int InFlightBytes = 4 << 20;

    /// <summary>The same while decrypting is what takes the time: only with several fragments at hand can several be worked on.</summary>
    public const int MostInFlightBytes = 16 << 20;

    /// <summary>What may be read of a file's samples and not yet taken: several fragments of most presentations.</summary>
    public const int AheadBytes = 16 << 20;

    /// <summary>So many decrypted batches before the writer are enough for now: the reader has time to decrypt by itself.</summary>
    private const int EnoughReady = 2;

    private readonly SampleTablePool _tables;
    private readonly Func<Batch, ValueTask>? _write;
    private readonly CancellationTokenSource _stop;
    private readonly SemaphoreSlim? _workers;
    private readonly Lock _lock = new();
    private readonly Queue<Batch> _queue = new();
    private readonly Stack<Batch> _free = new();
    private readonly List<Task> _works = [];
    private TaskCompletionSource? _readerWaits;
    private TaskCompletionSource? _writerWaits;
    private Batch? _pending;
    private Task? _writing;
    private int _inFlight;
    private int _limit = InFlightBytes;
    private bool _starves;
    private bool _complete;

    /// <param name="tables">Where the tables of fragments go when these are written.</param>
    /// <param name="parallel">How many fragments are decrypted at once; 0 for as many as there are processors.</param>
    /// <param name="write">What takes the batches, one after the other, on another thread; <see langword="null"/>: somebody calls <see cref="TakeAsync"/>.</param>
    /// <param name="cancellationToken">Stops everything.</param>
    public BatchPipeline(SampleTablePool tables, int parallel, Func<Batch, ValueTask>? write, CancellationToken cancellationToken)
    {
        if (parallel <= 0) parallel = Environment.ProcessorCount;
        (_tables, _write) = (tables, write);
        if (write is null) _limit = AheadBytes;
        _isAlone = write is not null;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (parallel > 1) _workers = new SemaphoreSlim(parallel);
    }

    /// <summary>What tells what takes the time.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Cancelled when the work is, and when writing has failed.</summary>
    public CancellationToken Token => _stop.Token;

    /// <summary>How much of the batch at hand is free.</summary>
    public int Room => _pending?.Room ?? BatchBytes;

    /// <summary>Gives a batch that has room.</summary>
    /// <param name="room">How much is wanted in one piece.</param>
    /// <returns>The batch at hand, or the next when it has not so much.</returns>
    public ValueTask<Batch> BatchAsync(int room) => _pending is { } batch && batch.Room >= room ? new(batch) : NextAsync(room);

    /// <summary>Hands the batch at hand on.</summary>
    public void Flush()
    {
        if (_pending is not { } batch) return;
        _pending = null;
        _isAlone = false;
        Begin(batch);
        if (_write is not null) _writing ??= Task.Run(WriteAllAsync);
        TaskCompletionSource? waits;
        lock (_lock)
        {
            _queue.Enqueue(batch);
            waits = _writerWaits;
            _writerWaits = null;
        }

        _ready?.Set();
        waits?.SetResult();
    }

    /// <summary>Hands on a fragment whose samples are in memory of their own, once there is room for it.</summary>
    /// <param name="fragment">The fragment.</param>
    public async ValueTask AddAsync(SourceFragment fragment)
    {
        Batch batch = new(fragment.Bytes) { Size = fragment.Size, Fragment = fragment };
        try
        {
            while (!TryEnter(batch.Size, out TaskCompletionSource? waits)) await waits.Task.WaitAsync(Token).ConfigureAwait(false);
        }
        catch
        {
            fragment.Dispose();
            throw;
        }

        batch.Take(fragment.Bytes.Length);
        if (fragment.Opener is { } opener)
        {
            batch.Add(opener, opener.Table.Count, 0);
            batch.End(opener);
        }

        _pending = batch;
        Flush();
    }

    /// <summary>Says that no more comes.</summary>
    public void End()
    {
        TaskCompletionSource? waits;
        lock (_lock)
        {
            _complete = true;
            waits = _writerWaits;
            _writerWaits = null;
        }

        _ready?.Set();
        waits?.SetResult();
    }

    /// <summary>Has reading and decrypting stopped, whatever is left.</summary>
    public Task StopAsync() => _stop.CancelAsync();

    /// <summary>Waits for the next batch, decrypted.</summary>
    /// <returns>It, which the caller gives back with <see cref="Release"/>; <see langword="null"/>: there are no more.</returns>
    /// <exception cref="SampleDecryptionException">A sample of it could not be decrypted.</exception>
    public async ValueTask<Batch?> TakeAsync()
    {
        if (await DequeueAsync().ConfigureAwait(false) is not { } batch) return null;
        try
        {
            await OpenedAsync(batch).ConfigureAwait(false);
            return batch;
        }
        catch
        {
            Release(batch);
            throw;
        }
    }

    /// <summary>Waits until everything is written.</summary>
    /// <exception cref="SampleDecryptionException">A sample could not be decrypted.</exception>
    public async ValueTask CompleteAsync()
    {
        if (_writing is null)
        {
            if (_pending is { } last) await PassAsync(last).ConfigureAwait(false);
            return;
        }

        Flush();
        End();
        await _writing.ConfigureAwait(false);
    }

    /// <summary>Stops what is still going on, and gives every key back.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        End();
        foreach (Task? task in (IEnumerable<Task?>)[_writing, .. _works])
            if (task is not null) await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _pending?.Close(_tables);
        foreach (Batch batch in _queue)
        {
            batch.Close(_tables);
            batch.Fragment?.Dispose();
        }

        _workers?.Dispose();
        _ready?.Dispose();
        _room?.Dispose();
        _stop.Dispose();
    }

    private async ValueTask<Batch> NextAsync(int room)
    {
        if (_isAlone && _pending is { } batch) await PassAsync(batch).ConfigureAwait(false);
        else Flush();
        if (_besideThread != 0) await ReconsiderAsync().ConfigureAwait(false);
        int size = Math.Max(BatchBytes, room);
        while (!TryEnter(size, out TaskCompletionSource? waits))
        {
            // Until there is room, or the other thread has met something that has to be waited for and is no more.
            if (_besideThread != 0) _room!.Wait(Token);
            else await waits.Task.WaitAsync(Token).ConfigureAwait(false);
        }

        lock (_lock)
            if (size == BatchBytes && _free.TryPop(out Batch? free)) return _pending = free;
        return _pending = new Batch(GC.AllocateUninitializedArray<byte>(size)) { Size = size };
    }

    /// <summary>Takes room for what is to be read.</summary>
    /// <param name="size">How much.</param>
    /// <param name="waits">Done when there may be room, where there is none now.</param>
    private bool TryEnter(int size, [NotNullWhen(false)] out TaskCompletionSource? waits)
    {
        waits = null;
        lock (_lock)
        {
            while (_starves && _inFlight + size > _limit && TryWiden())
            {
            }

            if (_inFlight > 0 && _inFlight + size > _limit)
            {
                _room?.Reset();
                waits = _readerWaits = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                return false;
            }

            _inFlight += size;
            return true;
        }
    }

    /// <summary>Has a batch decrypted: by somebody else, or here where the writer has enough to do.</summary>
    private void Begin(Batch batch)
    {
        if (!batch.IsProtected) return;
        List<Task> before = batch.Before();
        if (before.Count > 0 || batch.MayWait || (_workers is not null && _besideThread == 0 && !HasEnoughReady()))
        {
            Task work = Task.Run(() => OpenAsync(batch, before), CancellationToken.None);
            batch.Begin(work);
            _works.RemoveAll(static each => each.IsCompleted);
            _works.Add(work);
            return;
        }

        try
        {
            batch.Open();
            batch.Begin(Task.CompletedTask);
        }
        catch (SampleDecryptionException exception)
        {
            // Its turn comes when everything before it is written.
            batch.Begin(Task.FromException(exception));
        }
    }

    private async Task OpenAsync(Batch batch, List<Task> before)
    {
        foreach (Task each in before) await each.ConfigureAwait(false);
        if (_workers is null)
        {
            await batch.OpenAsync(Token).ConfigureAwait(false);
            return;
        }

        await _workers.WaitAsync(Token).ConfigureAwait(false);
        try
        {
            await batch.OpenAsync(Token).ConfigureAwait(false);
        }
        finally
        {
            _workers.Release();
        }
    }

    /// <summary>Whether the writer can go on for a while with what is decrypted.</summary>
    private bool HasEnoughReady()
    {
        int ready = 0;
        lock (_lock)
        {
            if (_starves) return false;
            foreach (Batch batch in _queue)
            {
                if (batch.Work is { IsCompleted: false }) return false;
                if (++ready >= EnoughReady) return true;
            }
        }

        return false;
    }

    private async Task WriteAllAsync()
    {
        try
        {
            while (await TakeAsync().ConfigureAwait(false) is { } batch)
            {
                try
                {
                    await _write!(batch).ConfigureAwait(false);
                }
                finally
                {
                    Release(batch);
                }
            }
        }
        catch
        {
            // The reader works for nobody.
            await _stop.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Waits until a batch is decrypted. Its keys go back.</summary>
    private async ValueTask OpenedAsync(Batch batch)
    {
        if (batch.Work is { } work)
        {
            if (!work.IsCompleted) Starve(true);
            await work.ConfigureAwait(false);
            if (_starves) Starve(false);
        }

        batch.Close(_tables);
    }

    /// <summary>Says whether the writer waits for a decryptor. If the reader waits too, then for want of room, and gets more.</summary>
    private void Starve(bool starves)
    {
        TaskCompletionSource? waits = null;
        lock (_lock)
        {
            _starves = starves;
            if (starves && _readerWaits is not null && TryWiden()) (waits, _readerWaits) = (_readerWaits, null);
        }

        waits?.SetResult();
    }

    private bool TryWiden()
    {
        if (_workers is null || _limit >= MostInFlightBytes) return false;
        _limit *= 2;
        return true;
    }

    private async ValueTask<Batch?> DequeueAsync()
    {
        while (true)
        {
            TaskCompletionSource waits;
            lock (_lock)
            {
                if (_queue.TryDequeue(out Batch? batch)) return batch;
                if (_complete || _leaves) return null;
                waits = _writerWaits = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _ready?.Reset();
            }

            if (_besideThread == Environment.CurrentManagedThreadId) _ready!.Wait(Token);
            else await waits.Task.ConfigureAwait(false);
        }
    }

    /// <summary>Gives back a batch that was taken.</summary>
    public void Release(Batch batch)
    {
        batch.Close(_tables);
        int size = batch.Size;
        batch.Fragment?.Dispose();
        batch.Reset();
        TaskCompletionSource? waits = null;
        lock (_lock)
        {
            _inFlight -= size;
            if (batch.Fragment is null && size == BatchBytes) _free.Push(batch);

            // Not for every batch: waking somebody costs more than a batch's worth of reading.
            if (_inFlight <= _limit / 2) (waits, _readerWaits) = (_readerWaits, null);
        }

        if (waits is null) return;
        _room?.Set();
        waits.SetResult();
    }
}

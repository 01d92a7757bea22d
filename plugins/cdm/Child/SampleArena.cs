using System.Runtime.CompilerServices;
using Keyway.Cdm.Wire;
using Keyway.Decryption;

namespace Keyway.Cdm.Child;

/// <summary>The memory that samples go through, and the batches that are under way in it: one half is decrypted while the other is filled.</summary>
/// <param name="memory">The memory. Ownership: the arena's.</param>
/// <param name="machine">The machine's time.</param>
/// <remarks>
/// What the child writes is copied out before it is looked at, and only the samples that it says are clear: the others stay as they are where they came from.
/// Threads: any.
/// </remarks>
internal sealed class SampleArena(SharedMemory memory, TimeProvider machine) : IChildBatches, IDisposable
{
    private readonly BatchTurn[] _turns = [new BatchTurn(0), new BatchTurn(1)];
    private readonly Stack<BatchTurn> _free = new();
    private readonly SemaphoreSlim _room = new(0);
    private readonly SemaphoreSlim _growing = new(1);
    private readonly Lock _gate = new();
    private readonly Lock _control = new();
    private readonly long[] _since = new long[ArenaLayout.Halves];
    private int _region = ArenaLayout.FirstRegion;
    private ChildEnd? _end;
    private ulong _moduleTime;
    private bool _disposed;
    private int _using;

    /// <summary>The bytes of a region.</summary>
    public int Region => Volatile.Read(ref _region);

    /// <summary>How long the module has been inside Decrypt, in nanoseconds, as the child says: for measurements alone.</summary>
    public ulong ModuleTime => Volatile.Read(ref _moduleTime);

    /// <summary>Whether a batch has been under way for longer than that.</summary>
    public bool IsOverdue(TimeSpan patience)
    {
        foreach (ref long since in _since.AsSpan())
            if (Volatile.Read(ref since) is not 0 and long began && machine.GetElapsedTime(began) > patience) return true;
        return false;
    }

    /// <summary>Opens it for batches. Before, and after the end, none begins.</summary>
    public void Open()
    {
        lock (_gate)
        {
            foreach (BatchTurn turn in _turns) _free.Push(turn);
        }

        _room.Release(_turns.Length);
    }

    /// <summary>What the child says that it is in the middle of.</summary>
    public CdmStage Stage
    {
        get
        {
            if (!TryEnter()) return CdmStage.Idle;
            try
            {
                Span<byte> word = stackalloc byte[4];
                lock (_control) memory.Read(0, word);
                return (CdmStage)System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(word);
            }
            catch (IOException)
            {
                return CdmStage.Idle;
            }
            finally
            {
                Leave();
            }
        }
    }

    /// <summary>Decrypts samples in place, in as many batches as they need.</summary>
    /// <param name="batch">The samples.</param>
    /// <param name="key">The key as the module calls it.</param>
    /// <param name="everyBlock">Whether a pattern of 0:0 is written as 1:0.</param>
    /// <param name="line">Sends to the child.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>How far it came; <see cref="DecryptStatus.NotNow"/> where the child is gone.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<BatchResult> DecryptAsync(SampleBatch batch, byte[] key, bool everyBlock, IChildLine line, CancellationToken cancellationToken)
    {
        for (int done = 0; done < batch.Count;)
        {
            BatchTurn turn;
            try
            {
                turn = await RentAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (ChildLostException)
            {
                return new BatchResult { Status = DecryptStatus.NotNow, Done = done };
            }

            bool isMine = true;
            try
            {
                DecryptStatus taken = turn.Slots.Take(batch, done, Region);
                if (taken == DecryptStatus.Failed && batch.Samples.Span[done].Length is int length && length > Region && length <= ArenaLayout.MaxRegion)
                {
                    isMine = false;
                    Return(turn);
                    await GrowAsync(length, line, cancellationToken).ConfigureAwait(false);
                    continue;
                }

                if (taken != DecryptStatus.Decrypted) return new BatchResult { Status = taken, Done = done };
                Fill(turn, batch, done, key, everyBlock, line.NextId(), out uint id);
                ValueTask<BatchAnswer> wait = turn.Begin(id, cancellationToken);
                // From here on the half is busy until the answer comes, whoever waits for it.
                isMine = false;
                Since(turn) = Math.Max(1, machine.GetTimestamp());
                BatchAnswer answer;
                try
                {
                    line.Send(turn.Frame.End());
                    answer = await wait.ConfigureAwait(false);
                }
                catch (IOException)
                {
                    line.Broken();
                    answer = await wait.ConfigureAwait(false);
                }

                isMine = true;
                Since(turn) = 0;
                Volatile.Write(ref _moduleTime, _moduleTime + answer.Nanoseconds);
                int clear = (int)answer.Done;
                CopyOut(turn, batch, done, clear);
                done += clear;
                if (answer.Status != CdmStatus.Success) return new BatchResult { Status = StatusOf(answer.Status), Done = done };
            }
            catch (ChildLostException)
            {
                return new BatchResult { Status = DecryptStatus.NotNow, Done = done };
            }
            finally
            {
                if (isMine) Return(turn);
            }
        }

        return new BatchResult { Status = DecryptStatus.Decrypted, Done = batch.Count };
    }

    public bool TryAnswer(uint id, CdmStatus status, uint done, ulong nanoseconds)
    {
        foreach (BatchTurn turn in _turns)
        {
            if (!turn.TryAnswer(id, new BatchAnswer(status, done, nanoseconds), out bool isFree)) continue;
            if (!isFree) return true;
            Since(turn) = 0;
            Return(turn);
            return true;
        }

        return false;
    }

    /// <summary>Says that the child is gone.</summary>
    public void End(ChildEnd end)
    {
        lock (_gate)
        {
            if (_end is not null) return;
            _end = end;
        }

        foreach (BatchTurn turn in _turns) turn.End(end);
        _room.Release(1 << 16);   // whoever waits for a half sees that there is none
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            if (_using > 0) return;   // the last one out does it
        }

        memory.Dispose();
    }

    private static DecryptStatus StatusOf(CdmStatus status) => status switch
    {
        CdmStatus.NoKey => DecryptStatus.KeyNotFound,
        CdmStatus.NeedMoreData => DecryptStatus.MalformedSample,
        _ => DecryptStatus.Failed,
    };

    private ref long Since(BatchTurn turn) => ref _since[turn.Half];

    private void Fill(BatchTurn turn, in SampleBatch batch, int first, byte[] key, bool everyBlock, uint number, out uint id)
    {
        id = number;
        FrameWriter frame = turn.Frame;
        bool isPattern = batch.Scheme == ProtectionScheme.Cbcs;
        bool isEvery = isPattern && everyBlock && batch is { CryptBlocks: 0, SkipBlocks: 0 };
        frame.Begin(FrameType.Decrypt, id);
        frame.U8((byte)turn.Half);
        frame.U32((uint)(isPattern ? CdmScheme.Cbcs : CdmScheme.Cenc));
        frame.U32(isPattern ? isEvery ? 1u : batch.CryptBlocks : 0);
        frame.U32(isPattern ? batch.SkipBlocks : 0u);
        frame.Bytes(key);
        turn.Slots.Write(frame, batch, first);
        if (!TryEnter()) throw new ChildLostException(_end!);
        try
        {
            long at = ArenaLayout.Input(Region, turn.Half);
            ForEachRun(batch, first, turn.Slots.Count, (memory, at), static (to, offset, run) => to.memory.Write(to.at + offset, run));
        }
        finally
        {
            Leave();
        }
    }

    private void CopyOut(BatchTurn turn, in SampleBatch batch, int first, int count)
    {
        if (count == 0) return;
        if (!TryEnter()) throw new ChildLostException(_end!);
        try
        {
            long at = ArenaLayout.Output(Region, turn.Half);
            ForEachRun(batch, first, count, (memory, at), static (from, offset, run) => from.memory.Read(from.at + offset, run));
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Samples that lie beside each other are copied at once.</summary>
    private static void ForEachRun<T>(in SampleBatch batch, int first, int count, T state, Action<T, long, Span<byte>> copy)
    {
        ReadOnlySpan<BatchSample> samples = batch.Samples.Span.Slice(first, count);
        long offset = 0;
        for (int i = 0; i < samples.Length;)
        {
            (int begin, int length) = (samples[i].Offset, samples[i].Length);
            for (i++; i < samples.Length && samples[i].Offset == begin + length; i++) length += samples[i].Length;
            copy(state, offset, batch.Bytes.Span.Slice(begin, length));
            offset += length;
        }
    }

    private async ValueTask<BatchTurn> RentAsync(CancellationToken cancellationToken)
    {
        await _room.WaitAsync(cancellationToken).ConfigureAwait(false);
        lock (_gate)
        {
            return _end is { } end ? throw new ChildLostException(end) : _free.Pop();
        }
    }

    private void Return(BatchTurn turn)
    {
        lock (_gate)
        {
            if (_end is not null) return;
            _free.Push(turn);
        }

        _room.Release();
    }

    /// <summary>Makes room for a sample that is larger than a region, while no batch is under way.</summary>
    private async ValueTask GrowAsync(int length, IChildLine line, CancellationToken cancellationToken)
    {
        await _growing.WaitAsync(cancellationToken).ConfigureAwait(false);
        BatchTurn? first = null, second = null;
        try
        {
            first = await RentAsync(cancellationToken).ConfigureAwait(false);
            second = await RentAsync(cancellationToken).ConfigureAwait(false);
            if (length <= Region) return;
            int region = ArenaLayout.FirstRegion;
            while (region < length) region *= 2;
            if (!TryEnter()) throw new ChildLostException(_end!);
            try
            {
                lock (_control) memory.Grow(ArenaLayout.Length(region));
            }
            finally
            {
                Leave();
            }

            // What has begun is brought to its end: a child that maps the one and a parent that maps the other understand each other no more.
            using ChildAnswer answer = await line.CallAsync(FrameType.Grow, FrameType.Grown, CdmStage.Idle, frame => frame.U32((uint)region), CancellationToken.None).ConfigureAwait(false);
            if (answer.Type != FrameType.Grown) throw new ChildLostException(line.Kill("it has not mapped the memory that samples go through"));
            Volatile.Write(ref _region, region);
        }
        catch (TimeoutException)
        {
            throw new ChildLostException(line.Kill("it has not mapped the memory that samples go through"));
        }
        finally
        {
            if (first is not null) Return(first);
            if (second is not null) Return(second);
            _growing.Release();
        }
    }

    /// <summary>Keeps the memory from being given back while it is used.</summary>
    private bool TryEnter()
    {
        lock (_gate)
        {
            if (_disposed) return false;
            _using++;
            return true;
        }
    }

    private void Leave()
    {
        lock (_gate)
        {
            if (--_using > 0 || !_disposed) return;
        }

        memory.Dispose();
    }
}

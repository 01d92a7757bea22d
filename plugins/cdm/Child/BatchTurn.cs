using System.Threading.Tasks.Sources;
using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Child;

/// <summary>One half of the arena: a batch that is under way in it, and whoever waits for it. Used again and again.</summary>
/// <remarks>Threads: one waits, one answers, and the wait may be given up: then the half is busy until its answer comes all the same.</remarks>
internal sealed class BatchTurn(int half) : IValueTaskSource<BatchAnswer>
{
    private readonly Lock _gate = new();
    private ManualResetValueTaskSourceCore<BatchAnswer> _source = new() { RunContinuationsAsynchronously = true };
    private State _state;
    private uint _id;
    private uint _slots;
    private CancellationTokenRegistration _registration;

    private enum State
    {
        Idle = 0,
        Running,
        GivenUp,
    }

    /// <summary>Which half.</summary>
    public int Half => half;

    /// <summary>Which slots are in it.</summary>
    public BatchSlots Slots { get; } = new();

    /// <summary>The frame that asks for it.</summary>
    public FrameWriter Frame { get; } = new();

    /// <summary>Begins a batch.</summary>
    /// <param name="id">Its number.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Ends with the answer.</returns>
    public ValueTask<BatchAnswer> Begin(uint id, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _source.Reset();
            (_state, _id, _slots) = (State.Running, id, (uint)Slots.Count);
        }

        if (cancellationToken.CanBeCanceled) _registration = cancellationToken.UnsafeRegister(static (turn, token) => ((BatchTurn)turn!).GiveUp(token), this);
        return new ValueTask<BatchAnswer>(this, _source.Version);
    }

    /// <summary>Takes the child's answer.</summary>
    /// <param name="id">The number.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="isFree">Whether nobody waits, and the half is free.</param>
    /// <returns><see langword="false"/>: no such batch is under way here, or the answer cannot be true.</returns>
    public bool TryAnswer(uint id, in BatchAnswer answer, out bool isFree)
    {
        lock (_gate)
        {
            isFree = false;
            if (_state == State.Idle || id != _id) return false;
            if (answer.Status == CdmStatus.Success ? answer.Done != _slots : answer.Done >= _slots) return false;
            isFree = _state == State.GivenUp;
            bool waits = _state == State.Running;
            _state = State.Idle;
            if (!waits) return true;
            _source.SetResult(answer);
            return true;
        }
    }

    /// <summary>Says that no answer will come.</summary>
    public void End(ChildEnd end)
    {
        lock (_gate)
        {
            bool waits = _state == State.Running;
            _state = State.Idle;
            if (waits) _source.SetException(new ChildLostException(end));
        }
    }

    public BatchAnswer GetResult(short token)
    {
        try
        {
            return _source.GetResult(token);
        }
        finally
        {
            _registration.Dispose();
            _registration = default;
        }
    }

    public ValueTaskSourceStatus GetStatus(short token) => _source.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) => _source.OnCompleted(continuation, state, token, flags);

    private void GiveUp(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_state != State.Running) return;
            _state = State.GivenUp;
            _source.SetException(new OperationCanceledException(cancellationToken));
        }
    }
}

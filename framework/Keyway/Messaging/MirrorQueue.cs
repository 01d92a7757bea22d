using System.Threading.Channels;

namespace Keyway.Messaging;

/// <summary>What all queues of a mirror have in common.</summary>
internal interface IMirrorQueue : IDisposable;

/// <summary>
/// One subscription of a mirror: a bounded queue of facts, which forgets the oldest, and the thread that delivers them. A thread and not a work item of the pool, because a few handlers
/// that sleep would take every thread of the pool from the engine. It starts with a fact and ends when none has come for a while.
/// </summary>
/// <typeparam name="T">The kind of fact.</typeparam>
internal sealed class MirrorQueue<T> : IMirrorQueue, IMessageHandler<T>
    where T : IKeywayEvent
{
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(5);

    private readonly object _gate = new();
    private readonly Channel<T> _facts;
    private readonly BusFaults _faults;
    private readonly Action<bool> _dropped;
    private readonly Action<IMirrorQueue> _ended;
    private int _forgotten;
    private bool _running;
    private bool _behind;
    private Action<T>? _chain;
    private IDisposable? _subscription;

    /// <param name="chain">What is told a fact.</param>
    /// <param name="capacity">How many facts wait at most.</param>
    /// <param name="faults">Called with what it throws.</param>
    /// <param name="dropped">Called for a fact that was dropped, and whether it is the first since it was not behind.</param>
    /// <param name="ended">Called at the end.</param>
    public MirrorQueue(Action<T> chain, int capacity, BusFaults faults, Action<bool> dropped, Action<IMirrorQueue> ended)
    {
        (_chain, _faults, _dropped, _ended) = (chain, faults, dropped, ended);
        // Called while a fact is written, and so under the gate.
        _facts = Channel.CreateBounded<T>(new BoundedChannelOptions(capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true }, _ => _forgotten++);
    }

    /// <summary>Subscribes to the engine.</summary>
    /// <param name="engine">Where.</param>
    public void Listen(ISubscriber<T> engine)
    {
        IDisposable subscription = engine.Subscribe(this);
        lock (_gate)
        {
            if (_chain is not null)
            {
                _subscription = subscription;
                return;
            }
        }

        subscription.Dispose();
    }

    /// <summary>Called by the engine: puts the fact into the queue and returns.</summary>
    /// <param name="message">The fact.</param>
    public void Handle(T message)
    {
        bool drop = false;
        bool first = false;
        lock (_gate)
        {
            if (_chain is null) return;
            int forgotten = _forgotten;
            _facts.Writer.TryWrite(message);
            if (_forgotten != forgotten)
            {
                drop = true;
                first = !_behind;
                _behind = true;
            }

            if (_running) Monitor.Pulse(_gate);
            else
            {
                _running = true;
                new Thread(Run) { IsBackground = true, Name = "Keyway.Messaging" }.UnsafeStart();
            }
        }

        if (drop) _dropped(first);
    }

    /// <summary>Ends the subscription. Facts that still wait are not delivered.</summary>
    public void Dispose()
    {
        IDisposable? subscription;
        lock (_gate)
        {
            if (_chain is null) return;
            _chain = null;
            (subscription, _subscription) = (_subscription, null);
            while (_facts.Reader.TryRead(out _))
            {
                // They are not told, and not kept.
            }

            Monitor.Pulse(_gate);
        }

        subscription?.Dispose();
        _ended(this);
    }

    private void Run()
    {
        while (Next(out T message, out Action<T>? call))
        {
            try
            {
                call!(message);
            }
            catch (Exception exception)
            {
                _faults.Report<T>(exception);
            }
        }
    }

    // The channel's own wait would need a thread of the pool to end it, which is what handlers that sleep may have taken.
    private bool Next(out T message, out Action<T>? call)
    {
        lock (_gate)
        {
            while (_facts.Reader.Count == 0 && _chain is not null && Monitor.Wait(_gate, Idle))
            {
            }

            call = _chain;
            message = default!;
            if (call is null || !_facts.Reader.TryRead(out T? next)) return _running = false;
            message = next;
            if (_facts.Reader.Count == 0) _behind = false;
            return true;
        }
    }
}

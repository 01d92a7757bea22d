namespace Keyway.Messaging;

/// <summary>What all queues of a mirror have in common.</summary>
internal interface IMirrorQueue : IDisposable;

/// <summary>
/// One subscription of a mirror: a ring of facts and the thread that tells them. A thread and not a work item of the pool, because a few handlers
/// that sleep would take every thread of the pool from the engine. It starts with a fact and ends when none has come for a while.
/// </summary>
/// <typeparam name="T">The kind of fact.</typeparam>
internal sealed class MirrorQueue<T>(Action<T> chain, int capacity, BusFaults faults, Action<bool> dropped, Action<IMirrorQueue> ended)
    : IMirrorQueue, IMessageHandler<T>
    where T : IKeywayEvent
{
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(5);

    private readonly object _gate = new();
    private T[] _ring = new T[Math.Min(capacity, 16)];
    private int _head;
    private int _count;
    private bool _running;
    private bool _behind;
    private Action<T>? _chain = chain;
    private IDisposable? _subscription;

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

    /// <summary>Called by the engine: puts the fact into the ring and returns.</summary>
    /// <param name="message">The fact.</param>
    public void Handle(T message)
    {
        bool drop = false;
        bool first = false;
        lock (_gate)
        {
            if (_chain is null) return;
            if (_count == capacity)
            {
                drop = true;
                first = !_behind;
                _behind = true;
                _head = (_head + 1) % _ring.Length;
                _count--;
            }
            else if (_count == _ring.Length) Grow();

            _ring[(_head + _count) % _ring.Length] = message;
            _count++;
            if (_running) Monitor.Pulse(_gate);
            else
            {
                _running = true;
                new Thread(Run) { IsBackground = true, Name = "Keyway.Messaging" }.UnsafeStart();
            }
        }

        if (drop) dropped(first);
    }

    /// <summary>Ends the subscription. Facts that still wait are not told.</summary>
    public void Dispose()
    {
        IDisposable? subscription;
        lock (_gate)
        {
            if (_chain is null) return;
            _chain = null;
            (subscription, _subscription) = (_subscription, null);
            _count = 0;
            _ring = [];
            Monitor.Pulse(_gate);
        }

        subscription?.Dispose();
        ended(this);
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
                faults.Report<T>(exception);
            }
        }
    }

    private bool Next(out T message, out Action<T>? call)
    {
        lock (_gate)
        {
            while (_count == 0 && _chain is not null && Monitor.Wait(_gate, Idle))
            {
            }

            call = _chain;
            message = default!;
            if (call is null || _count == 0) return _running = false;
            message = _ring[_head];
            _head = (_head + 1) % _ring.Length;
            _count--;
            if (_count == 0) _behind = false;
            return true;
        }
    }

    private void Grow()
    {
        T[] larger = new T[Math.Min(capacity, _ring.Length * 2)];
        for (int i = 0; i < _count; i++) larger[i] = _ring[(_head + i) % _ring.Length];
        (_ring, _head) = (larger, 0);
    }
}

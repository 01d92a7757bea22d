using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Keyway.Messaging;

/// <summary>
/// The bus as plugins and applications see it: they get facts afterwards, each from a bounded queue and on a thread of its own, so that a handler
/// that sleeps stalls neither the engine nor its neighbours. When a queue is full its oldest fact is dropped and counted.
/// </summary>
/// <remarks>
/// Threads: any. It is no <see cref="IMessageBus"/> and nothing that it hands out is a publisher: nobody outside the engine can publish a fact.
/// A handler sees facts of one kind in the order in which they were published; between two subscriptions no order is promised.
/// </remarks>
public sealed class MirrorBus : IEventSource, IDisposable
{
    // By hand: what the generator makes of several classes has an order of its own in each build, and the same source would not be the same bytes.
    private static readonly Action<ILogger, string, int, Exception?> TellDropped = LoggerMessage.Define<string, int>(LogLevel.Warning, new EventId(102, "Dropped"), "a subscriber of {Fact} is more than {Capacity} facts behind; the oldest are dropped");

    /// <summary>How many facts wait for one subscriber before the oldest is dropped.</summary>
    public const int DefaultCapacity = 1024;

    private readonly ConcurrentDictionary<IMirrorQueue, byte> _queues = new();
    private readonly IEventSource _engine;
    private readonly int _capacity;
    private readonly ILogger _logger;
    private readonly BusFaults _faults;
    private volatile bool _disposed;
    private long _dropped;

    /// <summary>Makes a mirror without subscribers.</summary>
    /// <param name="engine">The engine's bus.</param>
    /// <param name="logging">Where failures of subscribers are logged; <see langword="null"/>: nowhere.</param>
    /// <param name="capacity">How many facts wait for one subscriber before the oldest is dropped.</param>
    public MirrorBus(IEventSource engine, ILoggerFactory? logging = null, int capacity = DefaultCapacity)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _engine = engine;
        _capacity = capacity;
        _logger = (logging ?? NullLoggerFactory.Instance).CreateLogger("Keyway.Messaging");
        _faults = new BusFaults(_logger);
    }

    /// <summary>How many calls of a subscriber have failed.</summary>
    public long Faults => _faults.Count;

    /// <summary>How many facts were dropped because a subscriber was too slow.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <inheritdoc/>
    public ISubscriber<T> Subscriber<T>()
        where T : IKeywayEvent
    {
        FactTypes.Check<T>();
        return new MirrorSubscriber<T>(this);
    }

    /// <inheritdoc/>
    public IAsyncSubscriber<T> AsyncSubscriber<T>()
        where T : IKeywayEvent
    {
        FactTypes.Check<T>();
        return new MirrorAsyncSubscriber<T>(this);
    }

    /// <summary>Ends every subscription. Facts that still wait are not delivered.</summary>
    public void Dispose()
    {
        _disposed = true;
        foreach (IMirrorQueue queue in _queues.Keys) queue.Dispose();
    }

    private MirrorQueue<T> Attach<T>(Action<T> chain)
        where T : IKeywayEvent
    {
        MirrorQueue<T> queue = new(chain, _capacity, _faults, OnDropped<T>, ended => _queues.TryRemove(ended, out _));
        _queues.TryAdd(queue, 0);
        queue.Listen(_engine.Subscriber<T>());
        if (_disposed)
        {
            queue.Dispose();
            throw new ObjectDisposedException(nameof(MirrorBus));
        }

        return queue;
    }

    private void OnDropped<T>(bool first)
    {
        Interlocked.Increment(ref _dropped);
        if (first) TellDropped(_logger, typeof(T).Name, _capacity, null);
    }

    private sealed class MirrorSubscriber<T>(MirrorBus mirror) : ISubscriber<T>
        where T : IKeywayEvent
    {
        public IDisposable Subscribe(IMessageHandler<T> handler, params MessageHandlerFilter<T>[] filters) =>
            mirror.Attach(HandlerChain.Compose(handler, filters));
    }

    private sealed class MirrorAsyncSubscriber<T>(MirrorBus mirror) : IAsyncSubscriber<T>
        where T : IKeywayEvent
    {
        public IDisposable Subscribe(IAsyncMessageHandler<T> handler, params AsyncMessageHandlerFilter<T>[] filters)
        {
            // The queue's thread is its own, so waiting on it stalls nobody, and the next fact waits its turn.
            Func<T, CancellationToken, ValueTask> chain = HandlerChain.Compose(handler, filters);
            return mirror.Attach<T>(message => chain(message, CancellationToken.None).AsTask().GetAwaiter().GetResult());
        }
    }
}

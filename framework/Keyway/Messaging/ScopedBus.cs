namespace Keyway.Messaging;

/// <summary>
/// A bus as one subscriber sees it: it remembers each subscription and ends them all when the subscriber leaves. One live subscription
/// would keep a plugin's load context in memory for ever.
/// </summary>
/// <param name="source">Whom it passes subscriptions on to.</param>
/// <remarks>Threads: any. What it hands out can subscribe and nothing else, whatever the source's own objects can.</remarks>
public sealed class ScopedBus(IEventSource source) : IEventSource, IDisposable
{
    private readonly Lock _gate = new();
    private HashSet<Subscription>? _live = [];

    /// <inheritdoc/>
    public ISubscriber<T> Subscriber<T>()
        where T : IKeywayEvent
        => new ScopedSubscriber<T>(this, source.Subscriber<T>());

    /// <inheritdoc/>
    public IAsyncSubscriber<T> AsyncSubscriber<T>()
        where T : IKeywayEvent
        => new ScopedAsyncSubscriber<T>(this, source.AsyncSubscriber<T>());

    /// <summary>Ends every subscription. Subscribing afterwards throws an <see cref="ObjectDisposedException"/>.</summary>
    public void Dispose()
    {
        HashSet<Subscription>? live;
        lock (_gate) (live, _live) = (_live, null);
        foreach (Subscription subscription in live ?? []) subscription.End();
    }

    private Subscription Remember(IDisposable inner)
    {
        Subscription subscription = new(this, inner);
        lock (_gate)
            if (_live?.Add(subscription) == true) return subscription;
        subscription.End();
        throw new ObjectDisposedException(nameof(ScopedBus));
    }

    private sealed class ScopedSubscriber<T>(ScopedBus scope, ISubscriber<T> inner) : ISubscriber<T>
        where T : IKeywayEvent
    {
        public IDisposable Subscribe(IMessageHandler<T> handler, params MessageHandlerFilter<T>[] filters) => scope.Remember(inner.Subscribe(handler, filters));
    }

    private sealed class ScopedAsyncSubscriber<T>(ScopedBus scope, IAsyncSubscriber<T> inner) : IAsyncSubscriber<T>
        where T : IKeywayEvent
    {
        public IDisposable Subscribe(IAsyncMessageHandler<T> handler, params AsyncMessageHandlerFilter<T>[] filters) => scope.Remember(inner.Subscribe(handler, filters));
    }

    private sealed class Subscription(ScopedBus scope, IDisposable inner) : IDisposable
    {
        private IDisposable? _inner = inner;

        public void End() => Interlocked.Exchange(ref _inner, null)?.Dispose();

        public void Dispose()
        {
            lock (scope._gate) scope._live?.Remove(this);
            End();
        }
    }
}

namespace Keyway.Messaging;

/// <summary>The subscribers of one kind of fact, in two copy-on-write arrays: publishing reads them without a lock.</summary>
/// <typeparam name="T">The kind of fact.</typeparam>
internal sealed class Topic<T>(BusFaults faults) : IPublisher<T>, IAsyncPublisher<T>, ISubscriber<T>, IAsyncSubscriber<T>
    where T : IKeywayEvent
{
    private readonly Lock _gate = new();
    private volatile Subscription[] _handlers = [];
    private volatile AsyncSubscription[] _asyncHandlers = [];

    public void Publish(T message)
    {
        Tell(message);
        _ = TellAsync(message, CancellationToken.None);
    }

    public ValueTask PublishAsync(T message, CancellationToken cancellationToken = default)
    {
        Tell(message);
        return new ValueTask(TellAsync(message, cancellationToken));
    }

    /// <summary>Calls the synchronous handlers.</summary>
    public void Tell(T message)
    {
        foreach (Subscription subscription in _handlers)
        {
            try
            {
                subscription.Chain?.Invoke(message);
            }
            catch (Exception exception)
            {
                faults.Report<T>(exception);
            }
        }
    }

    /// <summary>Starts the asynchronous handlers. The task ends with the last of them and never fails.</summary>
    public Task TellAsync(T message, CancellationToken cancellationToken)
    {
        // The usual handler ends at once; only those that really wait cost a list.
        List<Task>? waiting = null;
        foreach (AsyncSubscription subscription in _asyncHandlers)
        {
            ValueTask pending = Start(subscription, message, cancellationToken);
            if (!pending.IsCompletedSuccessfully) (waiting ??= []).Add(faults.WatchAsync<T>(pending, cancellationToken));
        }

        return waiting is null ? Task.CompletedTask : Task.WhenAll(waiting);
    }

    public IDisposable Subscribe(IMessageHandler<T> handler, params MessageHandlerFilter<T>[] filters)
    {
        Subscription subscription = new(this, HandlerChain.Compose(handler, filters));
        lock (_gate) _handlers = [.. _handlers, subscription];
        return subscription;
    }

    public IDisposable Subscribe(IAsyncMessageHandler<T> handler, params AsyncMessageHandlerFilter<T>[] filters)
    {
        AsyncSubscription subscription = new(this, HandlerChain.Compose(handler, filters));
        lock (_gate) _asyncHandlers = [.. _asyncHandlers, subscription];
        return subscription;
    }

    private ValueTask Start(AsyncSubscription subscription, T message, CancellationToken cancellationToken)
    {
        try
        {
            return subscription.Chain?.Invoke(message, cancellationToken) ?? ValueTask.CompletedTask;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.CompletedTask;
        }
        catch (Exception exception)
        {
            faults.Report<T>(exception);
            return ValueTask.CompletedTask;
        }
    }

    // A subscription forgets its handler when it ends: a publish under way on another array no longer calls it,
    // and whoever keeps the subscription does not keep the handler.
    private sealed class Subscription(Topic<T> topic, Action<T> chain) : IDisposable
    {
        private volatile Action<T>? _chain = chain;

        public Action<T>? Chain => _chain;

        public void Dispose()
        {
            _chain = null;
            lock (topic._gate) topic._handlers = [.. topic._handlers.Where(other => other != this)];
        }
    }

    private sealed class AsyncSubscription(Topic<T> topic, Func<T, CancellationToken, ValueTask> chain) : IDisposable
    {
        private volatile Func<T, CancellationToken, ValueTask>? _chain = chain;

        public Func<T, CancellationToken, ValueTask>? Chain => _chain;

        public void Dispose()
        {
            _chain = null;
            lock (topic._gate) topic._asyncHandlers = [.. topic._asyncHandlers.Where(other => other != this)];
        }
    }
}

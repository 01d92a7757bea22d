namespace Keyway.Messaging;

/// <summary>Subscribing with a delegate.</summary>
public static class SubscriberExtensions
{
    /// <summary>Subscribes a delegate.</summary>
    /// <typeparam name="T">The kind of fact.</typeparam>
    /// <param name="subscriber">Where to subscribe.</param>
    /// <param name="handler">What to call.</param>
    /// <param name="filters">Its filters.</param>
    /// <returns>The subscription; disposing it ends it.</returns>
    public static IDisposable Subscribe<T>(this ISubscriber<T> subscriber, Action<T> handler, params MessageHandlerFilter<T>[] filters)
        where T : IKeywayEvent
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        ArgumentNullException.ThrowIfNull(handler);
        return subscriber.Subscribe(new Handler<T>(handler), filters);
    }

    /// <summary>Subscribes an asynchronous delegate.</summary>
    /// <typeparam name="T">The kind of fact.</typeparam>
    /// <param name="subscriber">Where to subscribe.</param>
    /// <param name="handler">What to call.</param>
    /// <param name="filters">Its filters.</param>
    /// <returns>The subscription; disposing it ends it.</returns>
    public static IDisposable Subscribe<T>(
        this IAsyncSubscriber<T> subscriber, Func<T, CancellationToken, ValueTask> handler, params AsyncMessageHandlerFilter<T>[] filters)
        where T : IKeywayEvent
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        ArgumentNullException.ThrowIfNull(handler);
        return subscriber.Subscribe(new AsyncHandler<T>(handler), filters);
    }

    private sealed class Handler<T>(Action<T> handle) : IMessageHandler<T>
    {
        public void Handle(T message) => handle(message);
    }

    private sealed class AsyncHandler<T>(Func<T, CancellationToken, ValueTask> handle) : IAsyncMessageHandler<T>
    {
        public ValueTask HandleAsync(T message, CancellationToken cancellationToken) => handle(message, cancellationToken);
    }
}

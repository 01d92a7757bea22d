namespace Keyway.Messaging;

/// <summary>Composes a handler and its filters into one delegate, once, when it subscribes.</summary>
internal static class HandlerChain
{
    /// <summary>Composes a synchronous handler.</summary>
    /// <typeparam name="T">The kind of fact.</typeparam>
    /// <param name="handler">The handler: the innermost.</param>
    /// <param name="filters">The filters; the lowest order is outermost, and equals keep the order in which they are given.</param>
    /// <returns>The whole chain.</returns>
    public static Action<T> Compose<T>(IMessageHandler<T> handler, MessageHandlerFilter<T>[] filters)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentNullException.ThrowIfNull(filters);
        Action<T> chain = handler.Handle;
        foreach (MessageHandlerFilter<T> filter in filters.OrderBy(static filter => filter.Order).Reverse())
        {
            Action<T> next = chain;
            chain = message => filter.Handle(message, next);
        }

        return chain;
    }

    /// <summary>Composes an asynchronous handler.</summary>
    /// <typeparam name="T">The kind of fact.</typeparam>
    /// <param name="handler">The handler: the innermost.</param>
    /// <param name="filters">The filters; the lowest order is outermost, and equals keep the order in which they are given.</param>
    /// <returns>The whole chain.</returns>
    public static Func<T, CancellationToken, ValueTask> Compose<T>(IAsyncMessageHandler<T> handler, AsyncMessageHandlerFilter<T>[] filters)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentNullException.ThrowIfNull(filters);
        Func<T, CancellationToken, ValueTask> chain = handler.HandleAsync;
        foreach (AsyncMessageHandlerFilter<T> filter in filters.OrderBy(static filter => filter.Order).Reverse())
        {
            Func<T, CancellationToken, ValueTask> next = chain;
            chain = (message, cancellationToken) => filter.HandleAsync(message, cancellationToken, next);
        }

        return chain;
    }
}

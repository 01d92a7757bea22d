namespace Keyway.Messaging;

/// <summary>
/// Marks a fact: something that has happened, named in the past tense, with identifiers and numbers and never with bytes.
/// Only types declared in this assembly may travel on a bus.
/// </summary>
public interface IKeywayEvent;

/// <summary>Receives messages.</summary>
/// <typeparam name="TMessage">The kind of message.</typeparam>
public interface IMessageHandler<TMessage>
{
    /// <summary>Receives one message. An exception is logged and counted by the bus; it stops no other handler.</summary>
    /// <param name="message">The message.</param>
    void Handle(TMessage message);
}

/// <summary>Receives messages and may wait.</summary>
/// <typeparam name="TMessage">The kind of message.</typeparam>
public interface IAsyncMessageHandler<TMessage>
{
    /// <summary>Receives one message. An exception is logged and counted by the bus; it stops no other handler.</summary>
    /// <param name="message">The message.</param>
    /// <param name="cancellationToken">The publisher's token.</param>
    /// <returns>A task that ends when the message has been dealt with.</returns>
    ValueTask HandleAsync(TMessage message, CancellationToken cancellationToken);
}

/// <summary>Wraps a handler. Filters of one subscription are composed once, in ascending <see cref="Order"/>, outermost first.</summary>
/// <typeparam name="TMessage">The kind of message.</typeparam>
public abstract class MessageHandlerFilter<TMessage>
{
    /// <summary>Where this filter stands among its subscription's filters.</summary>
    /// <value>0; lower is further out.</value>
    public int Order { get; set; }

    /// <summary>Receives a message before the handler does, and hands it on or not.</summary>
    /// <param name="message">The message.</param>
    /// <param name="next">The rest of the chain.</param>
    public abstract void Handle(TMessage message, Action<TMessage> next);
}

/// <summary>Wraps an asynchronous handler. Filters of one subscription are composed once, in ascending <see cref="Order"/>, outermost first.</summary>
/// <typeparam name="TMessage">The kind of message.</typeparam>
public abstract class AsyncMessageHandlerFilter<TMessage>
{
    /// <summary>Where this filter stands among its subscription's filters.</summary>
    /// <value>0; lower is further out.</value>
    public int Order { get; set; }

    /// <summary>Receives a message before the handler does, and hands it on or not.</summary>
    /// <param name="message">The message.</param>
    /// <param name="cancellationToken">The publisher's token.</param>
    /// <param name="next">The rest of the chain.</param>
    /// <returns>A task that ends when the message has been dealt with.</returns>
    public abstract ValueTask HandleAsync(TMessage message, CancellationToken cancellationToken, Func<TMessage, CancellationToken, ValueTask> next);
}

/// <summary>Where to subscribe to facts of one kind.</summary>
/// <typeparam name="TMessage">The kind of fact.</typeparam>
public interface ISubscriber<TMessage>
    where TMessage : IKeywayEvent
{
    /// <summary>Subscribes a handler, wrapped in its filters. Handlers of this kind are called in the order in which they subscribed.</summary>
    /// <param name="handler">The handler.</param>
    /// <param name="filters">Its filters.</param>
    /// <returns>The subscription; disposing it ends it.</returns>
    IDisposable Subscribe(IMessageHandler<TMessage> handler, params MessageHandlerFilter<TMessage>[] filters);
}

/// <summary>Where to subscribe asynchronously to facts of one kind.</summary>
/// <typeparam name="TMessage">The kind of fact.</typeparam>
public interface IAsyncSubscriber<TMessage>
    where TMessage : IKeywayEvent
{
    /// <summary>Subscribes a handler, wrapped in its filters. Handlers of this kind are started in the order in which they subscribed.</summary>
    /// <param name="handler">The handler.</param>
    /// <param name="filters">Its filters.</param>
    /// <returns>The subscription; disposing it ends it.</returns>
    IDisposable Subscribe(IAsyncMessageHandler<TMessage> handler, params AsyncMessageHandlerFilter<TMessage>[] filters);
}

/// <summary>The subscribing half of a bus: all that a plugin or an application gets.</summary>
public interface IEventSource
{
    /// <summary>Where to subscribe to facts of one kind.</summary>
    /// <typeparam name="T">The kind of fact, declared in this assembly.</typeparam>
    /// <returns>The subscriber.</returns>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> is not declared in this assembly.</exception>
    ISubscriber<T> Subscriber<T>()
        where T : IKeywayEvent;

    /// <summary>Where to subscribe asynchronously to facts of one kind.</summary>
    /// <typeparam name="T">The kind of fact, declared in this assembly.</typeparam>
    /// <returns>The subscriber.</returns>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> is not declared in this assembly.</exception>
    IAsyncSubscriber<T> AsyncSubscriber<T>()
        where T : IKeywayEvent;
}

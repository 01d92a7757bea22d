namespace MessagePipe;

// The public types of MessagePipe 1.8 that MessagePipeBus.cs uses, declared again by us with no more members than are used.
// The bodies in Brokers.cs behave as MessagePipe is known to behave where it matters to a bus: an exception ends a publish,
// the slot of a handler that left is used again, and the two kinds of handler know nothing of each other.

public interface IMessageHandler<TMessage>
{
    void Handle(TMessage message);
}

public interface IAsyncMessageHandler<TMessage>
{
    ValueTask HandleAsync(TMessage message, CancellationToken cancellationToken);
}

public interface IPublisher<TMessage>
{
    void Publish(TMessage message);
}

public interface IAsyncPublisher<TMessage>
{
    void Publish(TMessage message, CancellationToken cancellationToken = default);

    ValueTask PublishAsync(TMessage message, CancellationToken cancellationToken = default);
}

public interface ISubscriber<TMessage>
{
    IDisposable Subscribe(IMessageHandler<TMessage> handler, params MessageHandlerFilter<TMessage>[] filters);
}

public interface IAsyncSubscriber<TMessage>
{
    IDisposable Subscribe(IAsyncMessageHandler<TMessage> handler, params AsyncMessageHandlerFilter<TMessage>[] filters);
}

public abstract class MessageHandlerFilter<TMessage>
{
    public int Order { get; set; }

    public abstract void Handle(TMessage message, Action<TMessage> next);
}

public abstract class AsyncMessageHandlerFilter<TMessage>
{
    public int Order { get; set; }

    public abstract ValueTask HandleAsync(TMessage message, CancellationToken cancellationToken, Func<TMessage, CancellationToken, ValueTask> next);
}

public sealed class MessagePipeOptions
{
    public bool EnableAutoRegistration { get; set; } = true;
}

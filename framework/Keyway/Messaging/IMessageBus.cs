namespace Keyway.Messaging;

/// <summary>A message bus of MessagePipe's shape, with one object to reach everything without a container.</summary>
public interface IMessageBus : IEventSource
{
    /// <summary>The publisher of facts of one kind.</summary>
    /// <typeparam name="T">The kind of fact, declared in the contract.</typeparam>
    /// <returns>The publisher; it may be kept.</returns>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> is not declared in the contract.</exception>
    IPublisher<T> Publisher<T>()
        where T : IKeywayEvent;

    /// <summary>The publisher of facts of one kind that waits for their handlers.</summary>
    /// <typeparam name="T">The kind of fact, declared in the contract.</typeparam>
    /// <returns>The publisher; it may be kept.</returns>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> is not declared in the contract.</exception>
    IAsyncPublisher<T> AsyncPublisher<T>()
        where T : IKeywayEvent;
}

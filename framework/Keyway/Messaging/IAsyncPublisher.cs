namespace Keyway.Messaging;

/// <summary>Publishes facts of one kind and waits until they have been handled.</summary>
/// <typeparam name="TMessage">The kind of fact.</typeparam>
public interface IAsyncPublisher<TMessage>
    where TMessage : IKeywayEvent
{
    /// <summary>Publishes to every subscriber of either kind. Never throws what a handler throws.</summary>
    /// <param name="message">The fact.</param>
    /// <param name="cancellationToken">Handed to the handlers.</param>
    /// <returns>A task that ends when every handler has ended.</returns>
    ValueTask PublishAsync(TMessage message, CancellationToken cancellationToken = default);
}

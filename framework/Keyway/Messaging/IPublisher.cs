namespace Keyway.Messaging;

/// <summary>Publishes facts of one kind.</summary>
/// <typeparam name="TMessage">The kind of fact.</typeparam>
public interface IPublisher<TMessage>
    where TMessage : IKeywayEvent
{
    /// <summary>
    /// Publishes to every subscriber. Synchronous handlers have run when this returns; asynchronous ones have been started and are not waited for.
    /// Never throws what a handler throws, and allocates nothing.
    /// </summary>
    /// <param name="message">The fact.</param>
    void Publish(TMessage message);
}

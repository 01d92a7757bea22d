using Keyway.Testing;

namespace Keyway.Messaging;

/// <summary>The suite itself: a bus that breaks its promises must be found out.</summary>
public sealed class BusConformanceTests
{
    [Theory]
    [InlineData("Every subscriber is called even if another throws, and the failures are counted")]
    [InlineData("Synchronous and asynchronous publishes both reach both kinds of subscriber")]
    [InlineData("Handlers of one kind hear in the order in which they subscribed, also after one has left")]
    [InlineData("Only types declared in the contract may travel")]
    [InlineData("Publishing allocates nothing")]
    public async Task Naive_bus_is_found_out(string promise)
    {
        BusConformance suite = new(static () => new BusUnderTest { Bus = new NaiveBus(), Faults = static () => 0 });
        Func<Task> check = () => suite.CheckAsync(promise);
        (await check.Should().ThrowAsync<BusConformanceException>()).Which.Message.Should().StartWith(promise);
    }

    /// <summary>What one writes in five minutes: kinds apart, no guard, slots used again, a copy made for each publish.</summary>
    private sealed class NaiveBus : IMessageBus
    {
        private readonly Dictionary<Type, object> _topics = [];

        public IPublisher<T> Publisher<T>()
            where T : IKeywayEvent
            => TopicOf<T>();

        public IAsyncPublisher<T> AsyncPublisher<T>()
            where T : IKeywayEvent
            => TopicOf<T>();

        public ISubscriber<T> Subscriber<T>()
            where T : IKeywayEvent
            => TopicOf<T>();

        public IAsyncSubscriber<T> AsyncSubscriber<T>()
            where T : IKeywayEvent
            => TopicOf<T>();

        private NaiveTopic<T> TopicOf<T>()
            where T : IKeywayEvent
        {
            if (!_topics.TryGetValue(typeof(T), out object? topic)) _topics.Add(typeof(T), topic = new NaiveTopic<T>());
            return (NaiveTopic<T>)topic;
        }
    }

    private sealed class NaiveTopic<T> : IPublisher<T>, IAsyncPublisher<T>, ISubscriber<T>, IAsyncSubscriber<T>
        where T : IKeywayEvent
    {
        private readonly List<IMessageHandler<T>?> _handlers = [];
        private readonly List<IAsyncMessageHandler<T>> _asyncHandlers = [];

        public void Publish(T message)
        {
            foreach (IMessageHandler<T>? handler in _handlers.ToArray()) handler?.Handle(message);
        }

        public async ValueTask PublishAsync(T message, CancellationToken cancellationToken)
        {
            foreach (IAsyncMessageHandler<T> handler in _asyncHandlers.ToArray()) await handler.HandleAsync(message, cancellationToken);
        }

        public IDisposable Subscribe(IMessageHandler<T> handler, params MessageHandlerFilter<T>[] filters)
        {
            int free = _handlers.IndexOf(null);
            if (free < 0)
            {
                free = _handlers.Count;
                _handlers.Add(handler);
            }
            else _handlers[free] = handler;

            return new Ending(() => _handlers[free] = null);
        }

        public IDisposable Subscribe(IAsyncMessageHandler<T> handler, params AsyncMessageHandlerFilter<T>[] filters)
        {
            _asyncHandlers.Add(handler);
            return new Ending(() => _asyncHandlers.Remove(handler));
        }
    }

    private sealed class Ending(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}

using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Pipe = MessagePipe;

namespace Keyway.Messaging;

/// <summary>Keyway's facts on MessagePipe: who subscribes to MessagePipe receives them, and every promise of <see cref="IMessageBus"/> holds for who listens here.</summary>
/// <remarks>
/// MessagePipe keeps two brokers for a type, one for each kind of handler; this bus publishes to both. It uses the slots of handlers that left
/// again and lets an exception end a publish, so one listener of ours stands in each broker, and it keeps order and guards the rest.
/// What handlers that subscribed to MessagePipe itself throw ends the publish for those that come after them; it is logged and counted here.
/// </remarks>
public sealed class MessagePipeBus : IMessageBus
{
    private readonly ConcurrentDictionary<Type, Lazy<object>> _topics = new();
    private readonly IServiceProvider _services;
    private readonly BusFaults _faults;

    /// <summary>Makes a bus without subscribers.</summary>
    /// <param name="services">Services with MessagePipe among them: <see cref="MessagePipeRegistration.AddKeywayMessagePipe"/>.</param>
    /// <param name="logging">Where failures of subscribers are logged; <see langword="null"/>: nowhere.</param>
    public MessagePipeBus(IServiceProvider services, ILoggerFactory? logging = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        _services = services;
        _faults = new BusFaults((logging ?? NullLoggerFactory.Instance).CreateLogger("Keyway.Messaging"));
    }

    /// <summary>How many calls of a subscriber have failed.</summary>
    public long Faults => _faults.Count;

    /// <inheritdoc/>
    public IPublisher<T> Publisher<T>()
        where T : IKeywayEvent
        => TopicOf<T>();

    /// <inheritdoc/>
    public IAsyncPublisher<T> AsyncPublisher<T>()
        where T : IKeywayEvent
        => TopicOf<T>();

    /// <inheritdoc/>
    public ISubscriber<T> Subscriber<T>()
        where T : IKeywayEvent
        => TopicOf<T>().Listeners;

    /// <inheritdoc/>
    public IAsyncSubscriber<T> AsyncSubscriber<T>()
        where T : IKeywayEvent
        => TopicOf<T>().Listeners;

    private PipeTopic<T> TopicOf<T>()
        where T : IKeywayEvent
    {
        FactTypes.Check<T>();

        // Lazy, because a topic subscribes when it is made: two askers at once must not make two.
        return (PipeTopic<T>)_topics.GetOrAdd(typeof(T), static (_, bus) => new Lazy<object>(() => new PipeTopic<T>(bus._services, bus._faults)), this).Value;
    }

    private sealed class PipeTopic<T> : IPublisher<T>, IAsyncPublisher<T>, Pipe.IMessageHandler<T>, Pipe.IAsyncMessageHandler<T>
        where T : IKeywayEvent
    {
        private readonly Pipe.IPublisher<T> _publisher;
        private readonly Pipe.IAsyncPublisher<T> _asyncPublisher;
        private readonly BusFaults _faults;

        public PipeTopic(IServiceProvider services, BusFaults faults)
        {
            _faults = faults;
            Listeners = new Topic<T>(faults);
            _publisher = services.GetRequiredService<Pipe.IPublisher<T>>();
            _asyncPublisher = services.GetRequiredService<Pipe.IAsyncPublisher<T>>();
            services.GetRequiredService<Pipe.ISubscriber<T>>().Subscribe(this);
            services.GetRequiredService<Pipe.IAsyncSubscriber<T>>().Subscribe(this);
        }

        public Topic<T> Listeners { get; }

        public void Publish(T message)
        {
            Tell(message);
            try
            {
                _asyncPublisher.Publish(message, CancellationToken.None);
            }
            catch (Exception exception)
            {
                _faults.Report<T>(exception);
            }
        }

        public async ValueTask PublishAsync(T message, CancellationToken cancellationToken)
        {
            Tell(message);
            try
            {
                await _faults.WatchAsync<T>(_asyncPublisher.PublishAsync(message, cancellationToken), cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                _faults.Report<T>(exception);
            }
        }

        public void Handle(T message) => Listeners.Tell(message);

        public ValueTask HandleAsync(T message, CancellationToken cancellationToken) => new(Listeners.TellAsync(message, cancellationToken));

        private void Tell(T message)
        {
            try
            {
                _publisher.Publish(message);
            }
            catch (Exception exception)
            {
                _faults.Report<T>(exception);
            }
        }
    }
}

/// <summary>Registers MessagePipe as Keyway wants it.</summary>
public static class MessagePipeRegistration
{
    /// <summary>
    /// Adds MessagePipe and <see cref="MessagePipeBus"/> as <see cref="IMessageBus"/>. MessagePipe's automatic registration is off: it would look for
    /// handlers in every loaded assembly, those of plugins included, and keep what it finds.
    /// </summary>
    /// <param name="services">Where to add them.</param>
    /// <returns><paramref name="services"/>.</returns>
    public static IServiceCollection AddKeywayMessagePipe(this IServiceCollection services)
    {
        services.AddMessagePipe(static options => options.EnableAutoRegistration = false);
        services.TryAddSingleton(static provider => new MessagePipeBus(provider, provider.GetService<ILoggerFactory>()));
        services.AddSingleton<IMessageBus>(static provider => provider.GetRequiredService<MessagePipeBus>());
        return services;
    }
}

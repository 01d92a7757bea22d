using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Keyway.Messaging;

/// <summary>
/// The bus of one process: a table from the kind of a fact to its subscribers. Publishing takes no lock and allocates nothing.
/// </summary>
/// <remarks>
/// Threads: any. A subscriber that joins during a publish receives the next fact; one that leaves during a publish is not called after its
/// subscription's <c>Dispose</c> has returned on the same thread. Its topics are publishers too, so it is for the engine only:
/// others get a <see cref="MirrorBus"/>.
/// </remarks>
public sealed class InProcessBus : IMessageBus
{
    private readonly ConcurrentDictionary<Type, object> _topics = new();
    private readonly BusFaults _faults;

    /// <summary>Makes a bus without subscribers.</summary>
    /// <param name="logging">Where failures of subscribers are logged; <see langword="null"/>: nowhere.</param>
    public InProcessBus(ILoggerFactory? logging = null) =>
        _faults = new BusFaults((logging ?? NullLoggerFactory.Instance).CreateLogger("Keyway.Messaging"));

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
        => TopicOf<T>();

    /// <inheritdoc/>
    public IAsyncSubscriber<T> AsyncSubscriber<T>()
        where T : IKeywayEvent
        => TopicOf<T>();

    private Topic<T> TopicOf<T>()
        where T : IKeywayEvent
    {
        FactTypes.Check<T>();
        return (Topic<T>)_topics.GetOrAdd(typeof(T), static (_, faults) => new Topic<T>(faults), _faults);
    }
}

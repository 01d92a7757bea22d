namespace MessagePipe;

internal sealed class Slots<THandler>
    where THandler : class
{
    private readonly Lock _gate = new();
    private readonly Queue<int> _free = [];

    public THandler?[] Items { get; private set; } = [];

    public IDisposable Add(THandler handler)
    {
        lock (_gate)
        {
            if (!_free.TryDequeue(out int slot))
            {
                slot = Items.Length;
                Items = [.. Items, null];
            }

            Items[slot] = handler;
            return new Subscription(this, slot);
        }
    }

    private sealed class Subscription(Slots<THandler> slots, int slot) : IDisposable
    {
        private bool _ended;

        public void Dispose()
        {
            lock (slots._gate)
            {
                if (_ended) return;
                _ended = true;
                slots.Items[slot] = null;
                slots._free.Enqueue(slot);
            }
        }
    }
}

internal sealed class Broker<TMessage> : IPublisher<TMessage>, ISubscriber<TMessage>
{
    private readonly Slots<IMessageHandler<TMessage>> _slots = new();

    public void Publish(TMessage message)
    {
        foreach (IMessageHandler<TMessage>? handler in _slots.Items) handler?.Handle(message);
    }

    public IDisposable Subscribe(IMessageHandler<TMessage> handler, params MessageHandlerFilter<TMessage>[] filters) =>
        filters.Length == 0 ? _slots.Add(handler) : throw new NotSupportedException("the adapter composes filters itself");
}

internal sealed class AsyncBroker<TMessage> : IAsyncPublisher<TMessage>, IAsyncSubscriber<TMessage>
{
    private readonly Slots<IAsyncMessageHandler<TMessage>> _slots = new();

    public void Publish(TMessage message, CancellationToken cancellationToken = default)
    {
        foreach (IAsyncMessageHandler<TMessage>? handler in _slots.Items)
        {
            if (handler is null) continue;
            ValueTask pending = handler.HandleAsync(message, cancellationToken);
            if (!pending.IsCompletedSuccessfully) _ = pending.AsTask();
        }
    }

    public async ValueTask PublishAsync(TMessage message, CancellationToken cancellationToken = default)
    {
        List<Task> pending = [];
        foreach (IAsyncMessageHandler<TMessage>? handler in _slots.Items)
            if (handler is not null) pending.Add(handler.HandleAsync(message, cancellationToken).AsTask());
        await Task.WhenAll(pending).ConfigureAwait(false);
    }

    public IDisposable Subscribe(IAsyncMessageHandler<TMessage> handler, params AsyncMessageHandlerFilter<TMessage>[] filters) =>
        filters.Length == 0 ? _slots.Add(handler) : throw new NotSupportedException("the adapter composes filters itself");
}

// An open generic registration cannot forward to another; these do, so that both interfaces reach one broker.
internal sealed class SharedBroker<TMessage>(Broker<TMessage> broker) : IPublisher<TMessage>, ISubscriber<TMessage>
{
    public void Publish(TMessage message) => broker.Publish(message);

    public IDisposable Subscribe(IMessageHandler<TMessage> handler, params MessageHandlerFilter<TMessage>[] filters) => broker.Subscribe(handler, filters);
}

internal sealed class SharedAsyncBroker<TMessage>(AsyncBroker<TMessage> broker) : IAsyncPublisher<TMessage>, IAsyncSubscriber<TMessage>
{
    public void Publish(TMessage message, CancellationToken cancellationToken = default) => broker.Publish(message, cancellationToken);

    public ValueTask PublishAsync(TMessage message, CancellationToken cancellationToken = default) => broker.PublishAsync(message, cancellationToken);

    public IDisposable Subscribe(IAsyncMessageHandler<TMessage> handler, params AsyncMessageHandlerFilter<TMessage>[] filters) => broker.Subscribe(handler, filters);
}

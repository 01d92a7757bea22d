using System.Threading.Channels;

namespace Keyway.MediaUnits;

/// <summary>One track on its way from its fetcher to its reader: units in order, as many as a number of bytes allows. The reader waits where the next has yet to come.</summary>
/// <remarks>
/// <code>
/// fetcher ──► │ unit │ unit │ unit │ ──► reader      bytes of what waits and of what is being read: at most so many, or one unit
/// </code>
/// Threads: one writer, one reader.
/// </remarks>
internal sealed class MediaQueue : IMediaUnits, IAsyncDisposable
{
    /// <summary>Units that wait at most, however small they are.</summary>
    private const int MostUnits = 256;

    private readonly Channel<MediaUnit> _channel = Channel.CreateBounded<MediaUnit>(new BoundedChannelOptions(MostUnits) { SingleReader = true, SingleWriter = true });
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource<bool> _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ByteRoom _room;
    private Task<bool>? _writing;

    /// <param name="readAhead">How many bytes may be in memory before the fetcher waits.</param>
    public MediaQueue(long readAhead) => _room = new ByteRoom(readAhead);

    /// <summary>Whether the fetcher waits until there is room.</summary>
    public bool IsFull { get; private set; }

    /// <summary>Whether the reader waits for the next unit.</summary>
    public bool IsAwaited { get; private set; }

    /// <summary>Called when one of the two begins to wait.</summary>
    public Action? Changed { private get; set; }

    /// <summary>Begins to fetch. The queue ends when that ends, and fails when that fails.</summary>
    /// <param name="write">What puts units into it. It says whether more of the track follows, in another file.</param>
    public void Begin(Func<MediaQueue, CancellationToken, Task<bool>> write) => _writing = Task.Run(async () =>
    {
        try
        {
            bool more = await write(this, _end.Token).ConfigureAwait(false);
            _begun.TrySetResult(false);
            _channel.Writer.Complete();
            return more;
        }
        catch (Exception exception)
        {
            // Whatever it was, it is reported to the reader.
            _begun.TrySetResult(true);
            _channel.Writer.Complete(exception);
            return false;
        }
    });

    /// <summary>Puts a unit into it. Ownership: the queue's, however it ends.</summary>
    /// <param name="unit">The unit.</param>
    /// <param name="cancellationToken">Cancels the wait for room.</param>
    public async ValueTask PutAsync(MediaUnit unit, CancellationToken cancellationToken)
    {
        bool put = false;
        try
        {
            int size = unit.Bytes.Length;
            if (size > 0)
            {
                await WaitAsync(_room.TakeAsync(size, cancellationToken)).ConfigureAwait(false);
                unit.OnReleased(() => _room.Give(size));
            }

            _begun.TrySetResult(true);
            await WaitAsync(_channel.Writer.WriteAsync(unit, cancellationToken)).ConfigureAwait(false);
            put = true;
        }
        finally
        {
            if (!put) await unit.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Waits for the first unit.</summary>
    /// <returns><see langword="false"/>: it ended without any.</returns>
    public Task<bool> HasBegunAsync(CancellationToken cancellationToken) => _begun.Task.WaitAsync(cancellationToken);

    /// <summary>Whether more of the track follows, in another file. Known when the queue has ended.</summary>
    public async ValueTask<bool> HasMoreAsync(CancellationToken cancellationToken)
    {
        if (_writing is null) return false;
        return await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<MediaUnit?> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_channel.Reader.TryRead(out MediaUnit? unit)) return unit;
            IsAwaited = true;
            Changed?.Invoke();
            bool isMore = await _channel.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false);
            IsAwaited = false;
            if (!isMore) return null;
        }
    }

    private async ValueTask WaitAsync(ValueTask room)
    {
        if (room.IsCompletedSuccessfully) return;
        IsFull = true;
        Changed?.Invoke();
        try
        {
            await room.ConfigureAwait(false);
        }
        finally
        {
            IsFull = false;
        }
    }

    /// <summary>Stops the fetcher, and releases what nobody has taken.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        if (_writing is not null) await _writing.ConfigureAwait(false);
        while (_channel.Reader.TryRead(out MediaUnit? unit)) await unit.DisposeAsync().ConfigureAwait(false);
    }
}
